/** The options of the queues, each with what it bounds. */
import { describe, expect, it } from 'vitest';
import { eventually, inWorld, marksAt, pause } from './support.js';

describe('delivery.tenants', () => {
  it('has its own bound of records: the oldest go, in batches, and the rest is delivered', () =>
    inWorld(
      {
        receivers: ['acme', 'globex'],
        configure: (to) => ({
          tenants: { acme: to('acme'), globex: to('globex') },
          delivery: { tenants: { maxItems: 100 } },
        }),
      },
      async (world) => {
        world.at('acme').answerWith({ status: 503, times: 1, signal: 'logs' });
        for (let mark = 0; mark < 1_000; mark++) {
          world.send('acme', mark);
          const logs = world.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
          expect(logs?.buffered).toBeLessThanOrEqual(100);
        }
        const logs = world.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
        expect(logs?.accepted).toBe(1_000);
        expect(logs?.dropped.queue_full).toBeGreaterThanOrEqual(900);
        await world.flushUntilLogs('acme', logs?.buffered ?? 0);
        expect(marksAt(world.at('acme')).at(-1)).toBe('999');
        // The operator has bounds of its own.
        await world.flushUntilLogs('operator', 1_000);
      },
    ));

  it('has at least one record in a queue of one', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme') }, delivery: { tenants: { maxItems: 1 } } }),
      },
      async (world) => {
        for (let mark = 0; mark < 5; mark++) world.send('acme', mark);
        await world.flushUntilLogs('acme', 1);
        expect(marksAt(world.at('acme'))).toContain('4');
      },
    ));

  it('sends so many at once', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenants: { acme: to('acme') },
          delivery: { tenants: { maxInFlight: 3, maxBatchItems: 10 } },
        }),
      },
      async (world) => {
        world.at('acme').answerWith({ hang: true, signal: 'logs' });
        for (let mark = 0; mark < 100; mark++) world.send('acme', mark);
        void world.telemetry.flush({ timeoutMs: 300 });
        const requests = () => world.at('acme').requests.filter(({ signal }) => signal === 'logs');
        await eventually(() => expect(requests()).toHaveLength(3));
        await pause(200);
        expect(requests()).toHaveLength(3);
      },
    ));
});

describe('delivery.operator', () => {
  it('sends batches of at most so many records', () =>
    inWorld(
      { receivers: [], configure: () => ({ delivery: { operator: { maxBatchItems: 7 } } }) },
      async (world) => {
        for (let mark = 0; mark < 50; mark++) world.send(undefined, mark);
        await world.flushUntilLogs('operator', 50);
        const requests = world.at('operator').requests.filter(({ signal }) => signal === 'logs');
        expect(requests.length).toBeGreaterThanOrEqual(Math.ceil(50 / 7));
      },
    ));

  it('sends as often as it says, without a flush', () =>
    inWorld(
      { receivers: [], configure: () => ({ delivery: { operator: { flushIntervalMs: 50 } } }) },
      async (world) => {
        const start = performance.now();
        world.send(undefined, 'soon');
        await world.at('operator').waitFor({ logs: 1 });
        // The default is a second.
        expect(performance.now() - start).toBeLessThan(700);
      },
    ));

  it('waits for company as long as it says', () =>
    inWorld(
      { receivers: [], configure: () => ({ delivery: { operator: { flushIntervalMs: 60_000 } } }) },
      async (world) => {
        world.send(undefined, 'late');
        await pause(1_600);
        expect(world.at('operator').requests).toHaveLength(0);
        await world.flushUntilLogs('operator', 1);
      },
    ));

  it('drops what is older than it says', () =>
    inWorld(
      {
        receivers: [],
        configure: () => ({
          delivery: {
            operator: {
              flushIntervalMs: 50,
              maxAgeMs: 1_000,
              initialRetryDelayMs: 100,
              maxRetryDelayMs: 200,
            },
          },
        }),
      },
      async (world) => {
        world.at('operator').answerWith({ status: 503 });
        world.send(undefined, 'old');
        await eventually(() => {
          const { logs, traces } = world.telemetry.status().operator[0]?.signals ?? {};
          expect(logs?.ledger.dropped.expired).toBe(1);
          expect(traces?.ledger.dropped.expired).toBe(1);
        }, 8_000);
        // Tried again more often than the default wait of a second would let it.
        expect(
          world.at('operator').requests.filter(({ signal }) => signal === 'logs').length,
        ).toBeGreaterThan(1);
      },
    ));
});
