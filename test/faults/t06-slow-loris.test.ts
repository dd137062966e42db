/** T6: collectors that keep a connection busy without ever finishing. In real time: test/transport/deadlines.test.ts. */
import { expect, it } from 'vitest';
import { expectLaw, inWorld } from '../delivery/support.js';
import { figure, inVirtualTime, OK, startCollector, type Collector } from './support.js';
import { watchUnhandled } from '../support/unhandled.js';
import type { Connection } from './support.js';

const DEADLINE_MS = 10_000;

/** Begins to drip on the first connection; later ones are answered. */
const WAYS: readonly (readonly [name: string, begin: string, drop: string, everyMs: number])[] = [
  ['body', 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n', 'x', 300],
  ['headers', 'HTTP/1.1 200 OK\r\n', 'x-y: z\r\n', 300],
  ['early-hints', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 50],
  ['unread', '', '', 300],
];

function startSlow(begin: string, drop: string, everyMs: number): Promise<Collector> {
  const loris = ({ socket }: Pick<Connection, 'socket'>): void => {
    if (begin !== '') socket.write(begin);
    const timer = setInterval(() => drop !== '' && socket.write(drop), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
  return startCollector({
    onConnection({ socket, index }) {
      if (index === 0 && begin === '' && drop === '') socket.pause();
    },
    onCall(call) {
      if (call.connection === 0) loris(call);
      else call.socket.write(OK);
    },
  });
}

it('T6: slow bodies, slow headers, 103 without end and a peer that never reads all end at the deadline, and the next batch goes on', async () => {
  const unhandled = watchUnhandled();
  const collectors = new Map<string, Collector>();
  for (const [name, begin, drop, everyMs] of WAYS)
    collectors.set(name, await startSlow(begin, drop, everyMs));
  try {
    await inVirtualTime((started) =>
      inWorld(
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
        (world) =>
          started(async (time) => {
            const ledgers = () =>
              [...collectors.keys()].map(
                (id) => world.telemetry.status(id).destinations[0]?.signals.logs?.ledger,
              );
            const firsts = () => [...collectors.values()].flatMap(({ connections }) => connections[0] ?? []);
            for (const name of collectors.keys()) world.send(name, 'first');
            world.send('globex', 1);
            await time.until(() => firsts().length === WAYS.length, 3_000);
            const start = time.now();
            await time.until(() => world.at('globex').logs.length === 1, 3_000);
            for (const name of collectors.keys()) world.send(name, 'second');
            await time.pass(start + DEADLINE_MS - 400 - time.now());
            // A flood of interim answers may be cut short; the others have all of their time.
            const patient = WAYS.flatMap(([name], index) => (name === 'early-hints' ? [] : ledgers()[index]));
            expect(patient).toHaveLength(WAYS.length - 1);
            for (const ledger of patient) expect(ledger).toMatchObject({ delivered: 0, buffered: 2 });
            await time.pass(800);
            // A paused socket notices its end only when it reads again.
            for (const { socket } of firsts()) socket.resume();
            await time.until(() => firsts().every(({ closedMs }) => closedMs !== undefined), 500);
            await time.until(() => ledgers().every((ledger) => ledger?.buffered === 0), 5_000);
            for (const ledger of ledgers()) {
              expect(ledger).toEqual({ accepted: 2, delivered: 2, rejected: 0, dropped: {}, buffered: 0 });
            }
            expectLaw(world.telemetry, [...collectors.keys(), 'globex']);
            const held = firsts().map(({ openedMs, closedMs = Number.NaN }) => closedMs - openedMs);
            for (const ms of held) expect(ms).toBeLessThanOrEqual(DEADLINE_MS + 600);
            figure(
              'T6',
              `slots held ${held.map((ms) => Math.round(ms)).join(', ')} ms; held at 15 s: ` +
                `${firsts().filter(({ closedMs }) => closedMs === undefined).length} of ${WAYS.length}`,
            );
          }),
      ),
    );
    for (const [name, collector] of collectors) {
      const received = collector.received();
      for (const other of [...collectors.keys(), 'globex'])
        expect(received.includes(`canary<${other}>`), `${other} at ${name}`).toBe(other === name);
    }
    expect(unhandled.seen).toEqual([]);
  } finally {
    unhandled.stop();
    for (const collector of collectors.values()) await collector.close();
  }
});
