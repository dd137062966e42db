/** T39: the end, with collectors that are well, dead and dripping at once. One by one: test/delivery/flush-and-shutdown.test.ts. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createChildRunner, type ChildRunner } from '../delivery/child.js';
import { canaryOf, eventually, inWorld, marksAt, pause, refusingUrl, timed } from '../delivery/support.js';
import { figure, startCollector, type Collector } from './support.js';

vi.setConfig({ testTimeout: 30_000 });

const TIME_MS = 2_000;
/** A tenth of a second is the promise; the rest is for a busy machine. */
const LATE_MS = 100 + 1_000;

let children: ChildRunner;
beforeAll(() => {
  children = createChildRunner();
});
afterAll(() => children.close());

/** Answers a byte at a time, without end. */
const startDripping = (): Promise<Collector> =>
  startCollector({
    onCall({ socket }) {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      const timer = setInterval(() => socket.write('y'), 100);
      socket.on('close', () => clearInterval(timer));
    },
  });

it('T39: shutdown with healthy, dead and dripping collectors ends in its time, twice, during a flush, and counts exactly', async () => {
  const dripping = await startDripping();
  const dead = await refusingUrl();
  const RECORDS = 20;
  try {
    await inWorld(
      {
        receivers: ['healthy'],
        configure: (to) => ({
          tenants: {
            healthy: to('healthy'),
            dead: { endpoint: dead },
            dripping: { endpoint: dripping.url },
          },
        }),
      },
      async (world) => {
        const { telemetry } = world;
        for (let mark = 0; mark < RECORDS; mark++)
          for (const id of ['healthy', 'dead', 'dripping']) world.send(id, mark);
        const open = telemetry.begin({ method: 'GET', url: '/r/open', headers: {} });
        open.setTenant('healthy');
        const flushing = timed(telemetry.flush({ timeoutMs: 60_000 }));
        await pause(50);
        const [first, second] = await Promise.all([
          timed(telemetry.shutdown({ timeoutMs: TIME_MS })),
          timed(telemetry.shutdown({ timeoutMs: TIME_MS })),
        ]);
        expect(first.ms).toBeGreaterThan(TIME_MS - 200);
        expect(first.ms).toBeLessThan(TIME_MS + LATE_MS);
        expect(second.ms).toBeLessThan(TIME_MS + LATE_MS);
        expect(second.value).toEqual(first.value);
        // The flush that was under way does not hang on.
        expect((await flushing).ms).toBeLessThan(TIME_MS + LATE_MS + 500);
        const { operator, tenants, complete } = first.value;
        expect(complete).toBe(true);
        // With the one that was open, which is healthy's.
        const ALL = 3 * RECORDS + 1;
        expect(operator.logs).toMatchObject({ accepted: ALL, delivered: ALL, dropped: {} });
        expect(operator.traces).toMatchObject({ accepted: ALL, delivered: ALL });
        const accounts = {
          accepted: ALL,
          delivered: RECORDS + 1,
          rejected: 0,
          dropped: { shutdown: 2 * RECORDS },
          buffered: 0,
        };
        expect(tenants.logs).toEqual(accounts);
        // It has ended, and what comes after the end goes nowhere.
        open.end({ statusCode: 200 });
        world.send('healthy', 'after');
        expect(telemetry.status().tenants.totals.logs).toEqual(accounts);
        await eventually(() => expect(dripping.openSockets()).toBe(0));
        await pause(100);
        expect(marksAt(world.at('healthy'))).toHaveLength(RECORDS + 1);
        expect(marksAt(world.at('operator'))).toHaveLength(ALL);
        figure(
          'T39',
          `${Math.round(first.ms)} ms of ${TIME_MS}; lost: shutdown ${2 * RECORDS}, of two dead tenants`,
        );
      },
    );
    const received = dripping.received();
    for (const other of ['healthy', 'dead']) expect(received.includes(canaryOf(other))).toBe(false);
  } finally {
    await dripping.close();
  }
});

it('T39: a process with a dripping and a dead collector ends by itself after shutdown', async () => {
  const dripping = await startDripping();
  try {
    const options = {
      env: false,
      tenantEgress: 'open',
      operator: { endpoint: dripping.url },
      tenants: { dead: { endpoint: await refusingUrl() }, dripping: { endpoint: dripping.url } },
    };
    const program = `
      const telemetry = gateway.createGatewayTelemetry(argument.options);
      for (const id of ['dead', 'dripping']) {
        const exchange = telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
        exchange.setTenant(id);
        exchange.end({ statusCode: 200 });
      }
      const start = performance.now();
      telemetry.shutdown({ timeoutMs: 500 }).then((result) => {
        console.log(JSON.stringify({ ...result, ms: performance.now() - start }));
      });`;
    const { code, errors, output, ms } = await children.run(program, { options });
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const result = JSON.parse(output) as { ms: number };
    expect(result.ms).toBeLessThan(500 + LATE_MS);
    expect(result).toMatchObject({
      complete: true,
      operator: { logs: { accepted: 2, dropped: { shutdown: 2 }, buffered: 0 } },
      tenants: { logs: { accepted: 2, dropped: { shutdown: 2 }, buffered: 0 } },
    });
    expect(ms).toBeLessThan(8_000);
  } finally {
    await dripping.close();
  }
});
