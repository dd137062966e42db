/** Starts an instance with receivers for its owners, sends finished requests through it, and checks what must always hold. */
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { expect, vi } from 'vitest';
import {
  createGatewayTelemetry,
  type Destination,
  type Destinations,
  type Diagnostic,
  type GatewayOptions,
  type GatewayTelemetry,
  type Ledger,
} from '../../src/index.js';
import { startOtlpReceiver, type OtlpReceiver } from '../../src/testing/index.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';

export const CANARY_KEY = 'canary';

/** What no one but this tenant (and the operator) may ever see. */
export const canaryOf = (tenantId: string): string => `canary<${tenantId}>`;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the check stops throwing. */
export async function eventually(check: () => void | Promise<void>, timeoutMs = 6_000): Promise<void> {
  await vi.waitFor(check, { timeout: timeoutMs, interval: 15 });
}

export async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await work;
  return { value, ms: performance.now() - start };
}

/** One request from begin to end: path `/r/<mark>`, its tenant's canary on the tenant's own record. */
export function send(
  telemetry: GatewayTelemetry,
  tenantId: string | undefined,
  mark: string | number,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const exchange = telemetry.begin({ method: 'GET', url: `/r/${mark}`, headers: { host: 'gateway.test' } });
  if (tenantId !== undefined) {
    exchange.setTenant(tenantId);
    exchange.setTenantAttribute(CANARY_KEY, canaryOf(tenantId));
    exchange.setRoute(`route ${canaryOf(tenantId)}`);
  }
  for (const [key, value] of Object.entries(attributes)) exchange.setTenantAttribute(key, value);
  exchange.end({ statusCode: 200 });
}

/** The marks of the log records that arrived, in order. */
export const marksAt = (receiver: OtlpReceiver): string[] =>
  receiver.logs.map((log) => String(log.attributes['url.path']).replace('/r/', ''));

export const spanMarksAt = (receiver: OtlpReceiver): string[] =>
  receiver.spans.map((span) => String(span.attributes['url.path']).replace('/r/', ''));

/** The final value of the request counter, added up over series and senders. */
export function requestsCounted(receiver: OtlpReceiver, tenantId?: string): number {
  const last = new Map<string, number>();
  for (const point of receiver.metricPoints) {
    if (point.name !== 'knoxcall.proxy.requests') continue;
    if (tenantId !== undefined && point.attributes['knoxcall.tenant_id'] !== tenantId) continue;
    const series = JSON.stringify([
      point.attributes,
      point.resource['service.instance.id'],
      String(point.startTimeUnixNano),
    ]);
    const value = Number(point.value);
    last.set(series, point.temporality === 'delta' ? (last.get(series) ?? 0) + value : value);
  }
  return [...last.values()].reduce((sum, value) => sum + value, 0);
}

export const droppedOf = (ledger: Ledger | undefined): number =>
  Object.values(ledger?.dropped ?? {}).reduce((sum, items) => sum + items, 0);

function expectBalanced(where: string, ledger: Ledger): void {
  const { accepted, delivered, rejected, buffered } = ledger;
  expect(accepted, `ledger law: ${where} ${JSON.stringify(ledger)}`).toBe(
    delivered + rejected + droppedOf(ledger) + buffered,
  );
  for (const items of [accepted, delivered, rejected, buffered, ...Object.values(ledger.dropped)]) {
    expect(items, `${where} ${JSON.stringify(ledger)}`).toBeGreaterThanOrEqual(0);
  }
}

/** The law, for every destination and signal, and for the totals that outlive them. */
export function expectLaw(telemetry: GatewayTelemetry, tenantIds: readonly string[] = []): void {
  const status = telemetry.status();
  const places = [
    ...status.operator.map((destination) => ({ where: `operator/${destination.name}`, destination })),
    ...tenantIds.flatMap((id) =>
      telemetry
        .status(id)
        .destinations.map((destination) => ({ where: `${id}/${destination.name}`, destination })),
    ),
  ];
  for (const { where, destination } of places) {
    for (const [signal, { ledger }] of Object.entries(destination.signals))
      expectBalanced(`${where}/${signal}`, ledger);
  }
  for (const [signal, ledger] of Object.entries(status.tenants.totals))
    expectBalanced(`all tenants/${signal}`, ledger);
}

/** Nothing of another tenant's: not in the decoded records, not in the bytes, not in the headers. */
export function expectNoForeignCanaries(owners: ReadonlyMap<string, readonly OtlpReceiver[]>): void {
  for (const [owner, receivers] of owners) {
    for (const other of owners.keys()) {
      if (other === owner) continue;
      const canary = canaryOf(other);
      for (const receiver of receivers) {
        expect(receiver.spans, `${owner} received spans`).toHaveLength(0);
        const texts = [
          ...receiver.logs.map((log) => JSON.stringify([log.attributes, log.resource, log.body])),
          ...receiver.metricPoints.map((point) => JSON.stringify([point.attributes, point.resource])),
        ];
        expect(
          texts.filter((text) => text.includes(canary)),
          `${other}'s records at ${owner}'s`,
        ).toEqual([]);
        for (const request of receiver.requests) {
          expect(Buffer.from(request.bytes).includes(canary), `${other}'s bytes at ${owner}'s`).toBe(false);
          expect(JSON.stringify(request.headers)).not.toContain(canary);
        }
      }
    }
  }
}

/** Every payload that arrived whole is read the same by the official decoder. */
export function expectOfficialPayloads(receivers: Iterable<OtlpReceiver>): void {
  for (const receiver of receivers) {
    for (const { signal, bytes, error } of receiver.requests) {
      if (signal !== undefined && error === undefined && bytes.length > 0)
        assertSameAsOfficial(signal, bytes);
    }
  }
}

export interface World {
  readonly telemetry: GatewayTelemetry;
  readonly diagnostics: readonly Diagnostic[];
  /** The receiver of this name, such as `operator`, `acme`, `acme-2`. */
  at(name: string): OtlpReceiver;
  /** A destination at the receiver of this name. */
  to(name: string, more?: Partial<Destination>): Destination;
  /** A request of this tenant's, or of nobody's. */
  send(tenantId: string | undefined, mark: string | number, attributes?: Record<string, string>): void;
  /** Flushes until this many log records have arrived; the receivers may answer with failures before. */
  flushUntilLogs(name: string, count: number, timeoutMs?: number): Promise<void>;
}

export interface WorldOptions {
  /** Names of receivers; up to the first `-` it is the owner's. `operator` is always there. */
  readonly receivers: readonly string[];
  /** The instance, given where the receivers are. The operator's destination is filled in unless it is set. */
  configure?(to: World['to']): GatewayOptions;
}

/**
 * Runs a scenario and then checks the law, the canaries and every payload; then shuts down and checks the law again.
 */
export async function inWorld(
  options: WorldOptions,
  scenario: (world: World) => Promise<void>,
): Promise<void> {
  const names = [...new Set(['operator', ...options.receivers])];
  const receivers = new Map<string, OtlpReceiver>();
  const closers: (() => Promise<unknown>)[] = [];
  try {
    for (const name of names) {
      const receiver = await startOtlpReceiver();
      receivers.set(name, receiver);
      closers.push(() => receiver.close());
    }
    const at = (name: string): OtlpReceiver => {
      const found = receivers.get(name);
      if (found === undefined) throw new Error(`There is no receiver ${name}.`);
      return found;
    };
    const to = (name: string, more: Partial<Destination> = {}): Destination => ({
      endpoint: at(name).url,
      ...more,
    });
    const diagnostics: Diagnostic[] = [];
    const telemetry = createGatewayTelemetry({
      operator: to('operator'),
      tenantEgress: 'open',
      env: false,
      onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
      ...options.configure?.(to),
    });
    closers.unshift(() => telemetry.shutdown({ timeoutMs: 0 }));
    const world: World = {
      telemetry,
      diagnostics,
      at,
      to,
      send: (tenantId, mark, attributes) => send(telemetry, tenantId, mark, attributes),
      async flushUntilLogs(name, count, timeoutMs = 6_000) {
        await eventually(async () => {
          if (at(name).logs.length < count) await telemetry.flush({ timeoutMs: 500 });
          expect(at(name).logs.length).toBeGreaterThanOrEqual(count);
        }, timeoutMs);
      },
    };
    await scenario(world);
    const tenants = new Map<string, OtlpReceiver[]>();
    for (const [name, receiver] of receivers) {
      const owner = name.split('-', 1).join('');
      if (owner !== 'operator') tenants.set(owner, [...(tenants.get(owner) ?? []), receiver]);
    }
    expectLaw(telemetry, [...tenants.keys()]);
    const result = await telemetry.shutdown({ timeoutMs: 300 });
    for (const [signal, ledger] of Object.entries(result.operator))
      expectBalanced(`operator/${signal}`, ledger);
    for (const [signal, ledger] of Object.entries(result.tenants))
      expectBalanced(`tenants/${signal}`, ledger);
    expect(result.complete, 'nothing is buffered after shutdown').toBe(true);
    expectNoForeignCanaries(tenants);
    expectOfficialPayloads(receivers.values());
  } finally {
    for (const close of closers) await close();
  }
}

/** A server that treats every request as the function says, and knows its open sockets. */
export interface RawServer {
  readonly url: string;
  readonly openSockets: () => number;
  /** All that ever connected. */
  readonly connections: () => number;
  close(): Promise<void>;
}

async function listening(
  server: Server | ReturnType<typeof createTcpServer>,
  sockets: Set<Socket>,
): Promise<RawServer> {
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openSockets: () => sockets.size,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** An HTTP server whose listener does what it likes. */
export async function startHttp(listener: Parameters<typeof createServer>[1]): Promise<RawServer> {
  return listening(createServer(listener), new Set());
}

/** A TCP server that is told when a connection has sent the end of a request's headers. */
export async function startTcp(onRequest: (socket: Socket) => void): Promise<RawServer> {
  const server = createTcpServer((socket) => {
    let seen = '';
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      if (!seen.includes('\r\n\r\n')) return;
      seen = '';
      onRequest(socket);
    });
  });
  return listening(server, new Set());
}

/** A receiver behind a proxy of its own that counts connections. */
export async function countConnections(receiver: OtlpReceiver): Promise<RawServer> {
  const target = new URL(receiver.url);
  const server = createTcpServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    socket.pipe(onward).pipe(socket);
    for (const side of [socket, onward]) {
      side.on('error', () => undefined);
      side.on('close', () => {
        socket.destroy();
        onward.destroy();
      });
    }
  });
  return listening(server, new Set());
}

/** An address that refuses connections. Not the one that receivers listen at: a test beside this one may get the free port. */
export async function refusingUrl(): Promise<string> {
  const server = await startTcp(() => undefined);
  await server.close();
  return server.url.replace('127.0.0.1', '127.0.0.2');
}

/** One instance without receivers of its own; shut down after the scenario. */
export async function withTelemetry(
  options: GatewayOptions & { readonly operator?: Destinations },
  scenario: (telemetry: GatewayTelemetry, diagnostics: readonly Diagnostic[]) => Promise<void>,
): Promise<void> {
  const diagnostics: Diagnostic[] = [];
  const telemetry = createGatewayTelemetry({
    tenantEgress: 'open',
    env: false,
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
    ...options,
  });
  try {
    await scenario(telemetry, diagnostics);
    expectLaw(telemetry);
  } finally {
    await telemetry.shutdown({ timeoutMs: 0 });
  }
}
