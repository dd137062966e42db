/** The gateway under test: sends finished requests through the library, and measures its own memory, loop and pool. */
// First of all: it counts calls of a function that the library takes when it is loaded.
import './count-compressing.js';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTelemetry } from '../../../../src/adapters/http.js';
import {
  createGatewayTelemetry,
  type Destination,
  type FlushResult,
  type GatewayOptions,
  type GatewayTelemetry,
  type TelemetryStatus,
  type TenantStatus,
} from '../../../../src/index.js';
import { ownerMark, paced, sendMarked } from '../traffic.js';
import { answerCalls } from './commands.js';
import { probePool, type PoolFigures, type PoolProbe } from './pool-probe.js';
import { watchLoop, type LoopFigures, type LoopWatch } from './loop-watch.js';
import { watchResources, type Resources, type ResourceWatch } from './resource-watch.js';

const MEMORY_SAMPLE_MS = 50;
/** Pieces of what `holdHeap` holds: so large that V8 gives each a page of its own, and nothing is lost between them. */
const HELD_BYTES = 256 * 1024;
const POINTER_BYTES = 8;

let telemetry: GatewayTelemetry | undefined;
let sent = 0;
let peakRssBytes = 0;
let loop: LoopWatch | undefined;
let pool: PoolProbe | undefined;
let watched: ResourceWatch | undefined;
let held: (readonly number[])[] = [];
let errors = 0;
process.on('uncaughtExceptionMonitor', () => void errors++);
process.on('unhandledRejection', () => void errors++);

const gateway = (): GatewayTelemetry => {
  if (telemetry === undefined) throw new Error('open comes first');
  return telemetry;
};

export interface Traffic {
  readonly perSecond: number;
  readonly durationMs: number;
  /** In turn; none: requests of nobody. */
  readonly tenantIds: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
}

const commands = {
  open(options: GatewayOptions): void {
    telemetry = createGatewayTelemetry({ env: false, tenantEgress: 'open', ...options });
  },

  /** Serves `ok` over HTTP, under telemetry where it was opened. The tenant is the header `x-tenant`. */
  serve(): Promise<number> {
    const server = createServer(
      telemetry === undefined
        ? (_request, response) => void response.end('ok')
        : httpTelemetry(
            telemetry,
            (request, response, exchange) => {
              exchange.setTenantAttribute('owner', ownerMark(String(request.headers['x-tenant'])));
              response.end('ok');
            },
            {
              tenant: (request) => request.headers['x-tenant'],
              route: (request) => ownerMark(String(request.headers['x-tenant'])),
            },
          ),
    );
    // One that closed idle connections first would reset requests that are about to use them.
    server.keepAliveTimeout = 120_000;
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
  },

  /** Resolves when all are sent, with the number of all that were ever sent. */
  async traffic({ perSecond, durationMs, tenantIds, attributes }: Traffic): Promise<number> {
    await paced(perSecond, durationMs, (number) => {
      sendMarked(gateway(), tenantIds[number % Math.max(1, tenantIds.length)], sent++, attributes);
    });
    return sent;
  },

  /** All at once. */
  burst({
    count,
    tenantIds,
    attributes,
  }: Omit<Traffic, 'perSecond' | 'durationMs'> & { count: number }): number {
    for (let number = 0; number < count; number++)
      sendMarked(gateway(), tenantIds[number % Math.max(1, tenantIds.length)], sent++, attributes);
    return sent;
  },

  setTenant({ id, destination }: { readonly id: string; readonly destination: Destination | null }): void {
    gateway().setTenant(id, destination);
  },

  /** The host's own use of the heap; replaces what it held before. */
  holdHeap(bytes: number): void {
    held = [];
    for (let left = bytes; left > 0; left -= HELD_BYTES)
      held.push(new Array<number>(HELD_BYTES / POINTER_BYTES).fill(0));
  },

  status: (): TelemetryStatus => gateway().status(),
  tenants: (ids: readonly string[]): TenantStatus[] => ids.map((id) => gateway().status(id)),
  flush: (timeoutMs: number): Promise<FlushResult> => gateway().flush({ timeoutMs }),
  shutdown: (timeoutMs: number): Promise<FlushResult> => gateway().shutdown({ timeoutMs }),

  /** From now on the peak is watched. Answers what the process has now. */
  watchMemory(): number {
    globalThis.gc?.();
    peakRssBytes = process.memoryUsage.rss();
    setInterval(() => (peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())), MEMORY_SAMPLE_MS);
    return peakRssBytes;
  },
  peakRssBytes: (): number => peakRssBytes,

  /** Before `open`: what is there already is not counted. */
  watchResources(countTimers: boolean): void {
    watched = watchResources(countTimers);
  },
  resources(): Resources {
    if (watched === undefined) throw new Error('watchResources comes first');
    return watched.now();
  },

  watchLoop(): void {
    loop = watchLoop();
  },
  loopFigures(): LoopFigures {
    if (loop === undefined) throw new Error('watchLoop comes first');
    return loop.stop();
  },

  probePool(): void {
    pool = probePool();
  },
  poolFigures(): Promise<PoolFigures> {
    if (pool === undefined) throw new Error('probePool comes first');
    return pool.stop();
  },

  /** Errors that reached the process: there must never be one. */
  unhandled: (): number => errors,
};

export type Gateway = typeof commands;

answerCalls(commands);
