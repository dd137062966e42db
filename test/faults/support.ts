/** Hostile collectors on real sockets, healthy neighbours beside them, and what every scenario ends with. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect, vi } from 'vitest';
import type { Destination, GatewayOptions, Ledger } from '../../src/index.js';
import { canaryOf, expectLaw, inWorld, type World } from '../delivery/support.js';
import { watchUnhandled } from '../support/unhandled.js';

/** The tenant with the hostile collector, and the one beside it. */
export const VICTIM = 'acme';
export const NEIGHBOUR = 'globex';

/** Prints a scenario's figure for the closing note: `FAULT_FIGURES=1 npx vitest run --project source test/faults`. */
export function figure(scenario: string, text: string): void {
  if (process.env['FAULT_FIGURES'] !== undefined) console.log(`${scenario}: ${text}`);
}

export interface Connection {
  readonly socket: Socket;
  /** Its place among all connections, from 0. */
  readonly index: number;
  readonly openedMs: number;
  closedMs: number | undefined;
}

export interface Call {
  readonly socket: Socket;
  /** Its place among all requests, from 0. */
  readonly index: number;
  /** Of its connection, from 0. */
  readonly connection: number;
  /** Of its connection's requests, from 0. */
  readonly turn: number;
  readonly path: string;
  /** Unpacked, where it came packed. */
  readonly body: Buffer;
  readonly atMs: number;
}

export interface Collector {
  readonly url: string;
  readonly port: number;
  readonly connections: readonly Connection[];
  /** Requests that arrived whole. */
  readonly calls: readonly Call[];
  /** Everything that any connection has sent, as it came and unpacked. */
  received(): Buffer;
  openSockets(): number;
  /** Stops listening and ends all connections; the port is free afterwards. */
  close(): Promise<void>;
}

export interface CollectorOptions {
  readonly port?: number;
  readonly onConnection?: (connection: Connection) => void;
  /** Each piece of a request, with what its connection has sent of this request so far. */
  readonly onBytes?: (connection: Connection, sentSoFar: Buffer, turn: number) => void;
  /** A request that has arrived whole. Default: 200. */
  readonly onCall?: (call: Call) => void;
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

/** A TCP server that reads requests by itself and answers with whatever bytes the test wants. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const connections: Connection[] = [];
  const calls: Call[] = [];
  const everything: Buffer[] = [];
  const open = new Set<Socket>();
  const onCall = options.onCall ?? (({ socket }) => void socket.write(OK));
  const server = createServer((socket) => {
    const connection: Connection = {
      socket,
      index: connections.length,
      openedMs: performance.now(),
      closedMs: undefined,
    };
    connections.push(connection);
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      connection.closedMs = performance.now();
    });
    let pending = Buffer.alloc(0);
    let turn = 0;
    socket.on('data', (chunk: Buffer) => {
      everything.push(chunk);
      pending = Buffer.concat([pending, chunk]);
      options.onBytes?.(connection, pending, turn);
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = pending.subarray(0, headEnd).toString('latin1');
      const bodyEnd = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < bodyEnd) return;
      const sent = pending.subarray(headEnd + 4, bodyEnd);
      const body = /content-encoding: gzip/i.test(head) ? gunzipSync(sent) : sent;
      if (body !== sent) everything.push(body);
      const call: Call = {
        socket,
        index: calls.length,
        connection: connection.index,
        turn: turn++,
        path: head.split(' ')[1] ?? '',
        body,
        atMs: performance.now(),
      };
      pending = pending.subarray(bodyEnd);
      calls.push(call);
      onCall(call);
    });
    options.onConnection?.(connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections,
    calls,
    received: () => Buffer.concat(everything),
    openSockets: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Every client socket that this process opens while it watches. */
export function watchClientSockets(): { readonly sockets: readonly Socket[]; stop(): void } {
  const sockets: Socket[] = [];
  const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', note);
  return { sockets, stop: () => void unsubscribe('net.client.socket', note) };
}

export const logsOf = (world: World, tenantId: string) =>
  world.telemetry.status(tenantId).destinations[0]?.signals.logs;

export const ledgerOf = (world: World, tenantId: string): Ledger | undefined =>
  logsOf(world, tenantId)?.ledger;

export interface FaultOptions {
  /** Beside the endpoint, in the victim's destination. Default: logs alone. */
  readonly victim?: Partial<Destination>;
  readonly options?: GatewayOptions;
  /** What the neighbour is expected to have lost. Default: nothing. */
  readonly neighbourMayLose?: boolean;
}

/**
 * The victim's collector is the hostile one, the neighbour's and the operator's are healthy. Whatever the scenario does, at
 * its end the law holds for all three, the neighbour has lost nothing, nobody has seen foreign data (`inWorld` looks at
 * the healthy ones, this at the hostile one), and no error has reached the process.
 */
export async function withVictim(
  collector: Collector | string,
  scenario: (world: World) => Promise<void>,
  { victim, options, neighbourMayLose = false }: FaultOptions = {},
): Promise<void> {
  const unhandled = watchUnhandled();
  const endpoint = typeof collector === 'string' ? collector : collector.url;
  try {
    await inWorld(
      {
        receivers: [NEIGHBOUR],
        configure: (to) => ({
          metrics: { intervalMs: 86_400_000 },
          ...options,
          tenants: {
            [VICTIM]: { endpoint, signals: { metrics: false }, ...victim },
            [NEIGHBOUR]: to(NEIGHBOUR),
          },
        }),
      },
      async (world) => {
        for (const mark of ['n-1', 'n-2']) world.send(NEIGHBOUR, mark);
        await scenario(world);
        world.send(NEIGHBOUR, 'n-3');
        await world.flushUntilLogs(NEIGHBOUR, 3);
        expectLaw(world.telemetry, [VICTIM, NEIGHBOUR]);
        const ledger = ledgerOf(world, NEIGHBOUR);
        if (!neighbourMayLose) expect(ledger).toMatchObject({ dropped: {}, rejected: 0 });
      },
    );
    if (typeof collector !== 'string') {
      const received = collector.received();
      for (const foreign of [canaryOf(NEIGHBOUR), '/r/n-']) expect(received.includes(foreign)).toBe(false);
    }
    expect(unhandled.seen).toEqual([]);
  } finally {
    unhandled.stop();
    if (typeof collector !== 'string') await collector.close();
  }
}

export interface VirtualTime {
  /** Lets this much time pass, in small steps; real sockets go on in between. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until it is true; fails after so much of it. */
  until(isTrue: () => boolean, limitMs: number): Promise<void>;
  /** Monotonic. */
  now(): number;
  /** Time passes and nothing runs, as in a process that was stopped. */
  standStill(ms: number): void;
  /** Steps the wall clock; the monotonic one does not notice. */
  stepWallClock(ms: number): void;
}

const STEP_MS = 50;
/** So many turns of the event loop per step: a request and its answer on loopback need about ten. */
const TURNS = 24;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Runs with a clock of the test's own: global timers, `performance.now` and `Date` move only when told to, and together.
 * Sockets stay real. The real clock is back before whatever comes after the scenario.
 */
export async function inVirtualTime(
  run: (started: (work: (time: VirtualTime) => Promise<void>) => Promise<void>) => Promise<void>,
): Promise<void> {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      vi.advanceTimersByTime(Math.min(left, STEP_MS));
      for (let count = 0; count < TURNS; count++) await turn();
    }
  };
  const time: VirtualTime = {
    pass,
    async until(isTrue, limitMs) {
      const end = performance.now() + limitMs;
      while (!isTrue()) {
        expect(performance.now(), 'it happens in time').toBeLessThan(end);
        await pass(STEP_MS);
      }
    },
    now: () => performance.now(),
    standStill: (ms) => void vi.advanceTimersByTime(ms),
    stepWallClock: (ms) => void vi.setSystemTime(Date.now() + ms),
  };
  try {
    await run(async (work) => {
      try {
        await work(time);
      } finally {
        vi.useRealTimers();
      }
    });
  } finally {
    vi.useRealTimers();
  }
}

/** `withVictim` in virtual time. */
export const withVictimInVirtualTime = (
  collector: Collector | string,
  scenario: (world: World, time: VirtualTime) => Promise<void>,
  options?: FaultOptions,
): Promise<void> =>
  inVirtualTime((started) =>
    withVictim(collector, (world) => started((time) => scenario(world, time)), options),
  );

/** mulberry32: seeded, so that a failure can be run again. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
