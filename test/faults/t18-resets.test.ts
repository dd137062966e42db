/** T18: the connection is reset at each of twelve phases of an exchange, on a new connection and on one that is reused. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canaryOf, eventually, expectLaw, inWorld, pause } from '../delivery/support.js';
import {
  figure,
  ledgerOf,
  logsOf,
  OK,
  startCollector,
  VICTIM,
  withVictim,
  type Collector,
  type Connection,
} from './support.js';
import { watchUnhandled } from '../support/unhandled.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const ANSWERED = `${HEAD}content-length: 10\r\n\r\n`;

/** Until here the batch has not been taken; after it the status has arrived. */
type Phase =
  | { readonly when: 'start' | 'start-later' | 'first-bytes' | 'head' | 'half-body' | 'whole' }
  | { readonly when: 'answering'; readonly bytes: string; readonly isAnswered?: true };

const PHASES: readonly (readonly [name: string, phase: Phase])[] = [
  ['01-accepted', { when: 'start' }],
  ['02-a-moment-later', { when: 'start-later' }],
  ['03-first-bytes', { when: 'first-bytes' }],
  ['04-request-head', { when: 'head' }],
  ['05-half-of-the-body', { when: 'half-body' }],
  ['06-whole-request', { when: 'whole' }],
  ['07-one-byte-back', { when: 'answering', bytes: 'H' }],
  ['08-half-a-status', { when: 'answering', bytes: 'HTTP/1.1 2' }],
  ['09-status-line', { when: 'answering', bytes: HEAD }],
  ['10-half-a-header', { when: 'answering', bytes: `${HEAD}content-le` }],
  ['11-answer-head', { when: 'answering', bytes: ANSWERED, isAnswered: true }],
  ['12-half-the-answer', { when: 'answering', bytes: `${ANSWERED}12345`, isAnswered: true }],
];

/** Resets once: the first exchange of the first connection, or its second one when that is to be a reused one. */
function startResetting(phase: Phase, isReused: boolean): Promise<Collector> {
  let isDone = false;
  const doomedTurn = isReused ? 1 : 0;
  const reset = ({ socket }: Pick<Connection, 'socket'>): void => {
    if (isDone) return;
    isDone = true;
    socket.resetAndDestroy();
  };
  return startCollector({
    onConnection(connection) {
      if (isReused) return;
      if (phase.when === 'start') reset(connection);
      if (phase.when === 'start-later') setTimeout(() => reset(connection), 3);
    },
    onBytes(connection, soFar, turn) {
      if (isDone || turn !== doomedTurn) return;
      const headEnd = soFar.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(soFar.toString('latin1'))?.[1] ?? Infinity);
      if (
        (phase.when === 'first-bytes' && soFar.length > 0) ||
        (phase.when === 'head' && headEnd >= 0) ||
        (phase.when === 'half-body' && headEnd >= 0 && soFar.length - headEnd > length / 2) ||
        (phase.when === 'whole' && headEnd >= 0 && soFar.length - headEnd - 4 >= length)
      ) {
        reset(connection);
      }
    },
    onCall({ socket, turn }) {
      if (isDone || turn !== doomedTurn) {
        socket.write(OK);
        // Idle, and then gone: at once, or just when the next request may be on its way.
        if (isReused && !isDone && phase.when === 'start') setImmediate(() => reset({ socket }));
        if (isReused && !isDone && phase.when === 'start-later') setTimeout(() => reset({ socket }), 25);
        return;
      }
      if (phase.when !== 'answering') return;
      socket.write(phase.bytes);
      setTimeout(() => reset({ socket }), 20);
    },
  });
}

/** Too much for one segment, and nothing that could be packed small. */
const bulk = (): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: 14 }, (_unused, index) => [`k${index}`, randomBytes(3_000).toString('base64')]),
  );

describe('T18: a reset at each phase ends in a delivery, and in no error of the process', () => {
  it.each([
    ['new', false],
    ['reused', true],
  ])('on a %s connection', async (kind, isReused) => {
    const unhandled = watchUnhandled();
    const collectors = new Map<string, Collector>();
    for (const [name, phase] of PHASES) collectors.set(name, await startResetting(phase, isReused));
    const ids = [...collectors.keys()];
    try {
      await inWorld(
        {
          receivers: ['globex'],
          configure: (to) => ({
            metrics: { intervalMs: 86_400_000 },
            tenants: {
              globex: to('globex'),
              ...Object.fromEntries(
                [...collectors].map(([id, { url }]) => [id, { endpoint: url, signals: { metrics: false } }]),
              ),
            },
          }),
        },
        async (world) => {
          let expected = 0;
          if (isReused) {
            expected++;
            for (const id of ids) world.send(id, 'warm-up');
            await world.telemetry.flush();
            await pause(10);
          }
          for (let mark = 0; mark < 3; mark++) {
            expected++;
            for (const id of [...ids, 'globex']) world.send(id, mark, bulk());
          }
          const total = () => world.telemetry.status().tenants.totals.logs;
          await eventually(async () => {
            await world.telemetry.flush({ timeoutMs: 1_000 });
            expect(total()).toMatchObject({ buffered: 0 });
          }, 12_000);
          for (const [id, phase] of PHASES) {
            const logs = world.telemetry.status(id).destinations[0]?.signals.logs;
            expect(logs?.ledger, id).toEqual({
              accepted: expected,
              delivered: expected,
              rejected: 0,
              dropped: {},
              buffered: 0,
            });
            // Once the status has arrived, nothing is sent twice.
            if (phase.when === 'answering' && phase.isAnswered === true)
              expect(logs?.lastError, id).toBeUndefined();
            else if (!isReused) expect(logs?.lastError, id).toBe('reset');
          }
          expectLaw(world.telemetry, [...ids, 'globex']);
          figure('T18', `${kind}: ${PHASES.length} phases, crashes 0, lost 0`);
        },
      );
      for (const [id, collector] of collectors) {
        const received = collector.received();
        for (const other of [...ids, 'globex'])
          expect(received.includes(canaryOf(other)), `${other} at ${id}`).toBe(other === id);
      }
      expect(unhandled.seen).toEqual([]);
    } finally {
      unhandled.stop();
      for (const collector of collectors.values()) await collector.close();
    }
  });
});

describe('T18: a socket that was dead before its request', () => {
  it.each([
    ['reset', (socket: Connection['socket']) => socket.resetAndDestroy()],
    ['closed', (socket: Connection['socket']) => socket.destroy()],
  ])('%s before any answer costs no attempt: the batch goes on a new one at once', async (_how, end) => {
    const collector = await startCollector({
      onCall({ socket, turn, connection }) {
        if (connection === 0 && turn === 1) end(socket);
        else socket.write(OK);
      },
    });
    await withVictim(collector, async (world) => {
      for (const mark of [1, 2]) {
        world.send(VICTIM, mark);
        await world.telemetry.flush();
      }
      expect(collector.connections).toHaveLength(2);
      expect(collector.calls.map(({ connection }) => connection)).toEqual([0, 0, 1]);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 2, delivered: 2, buffered: 0 });
      expect(logsOf(world, VICTIM)?.lastError).toBeUndefined();
    });
  });

  it.each([
    ['is new', OK, 0],
    ['has begun to answer', 'HTTP/1.1 2', 1],
  ])('it does cost one where the socket %s', async (_what, bytes, doomedTurn) => {
    let isDone = false;
    const collector = await startCollector({
      onCall({ socket, turn }) {
        if (isDone || turn !== doomedTurn) return void socket.write(OK);
        isDone = true;
        if (doomedTurn > 0) socket.write(bytes);
        setTimeout(() => socket.resetAndDestroy(), 20);
      },
    });
    await withVictim(collector, async (world) => {
      for (let mark = 0; mark <= doomedTurn; mark++) {
        world.send(VICTIM, mark);
        await world.telemetry.flush({ timeoutMs: 500 });
      }
      expect(isDone).toBe(true);
      expect(logsOf(world, VICTIM)?.lastError).toBe('reset');
      await eventually(async () => {
        await world.telemetry.flush({ timeoutMs: 500 });
        expect(ledgerOf(world, VICTIM)).toMatchObject({ delivered: doomedTurn + 1, buffered: 0 });
      });
    });
  });

  it('is tried again once, not for ever', async () => {
    const collector = await startCollector({
      onCall({ socket, turn, connection }) {
        if (connection === 0 && turn === 0) socket.write(OK);
        else socket.resetAndDestroy();
      },
    });
    await withVictim(collector, async (world) => {
      world.send(VICTIM, 1);
      await world.telemetry.flush();
      world.send(VICTIM, 2);
      await eventually(() => expect(logsOf(world, VICTIM)?.lastError).toBe('reset'));
      expect(collector.calls.filter(({ index }) => index > 0)).toHaveLength(2);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ delivered: 1, buffered: 1 });
    });
  });
});
