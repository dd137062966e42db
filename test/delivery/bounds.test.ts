import { describe, expect, it, vi } from 'vitest';
import { eventually, inWorld, marksAt, pause, requestsCounted } from './support.js';

vi.setConfig({ maxConcurrency: 40 });

const KIB = 1024;
const PAD = { pad: 'x'.repeat(3_000) };

describe('a tenant whose collector does not answer', () => {
  it('keeps 1 MiB, loses its oldest first, and delivers the newest when the collector is back', () =>
    inWorld(
      {
        receivers: ['acme', 'globex'],
        configure: (to) => ({ tenants: { acme: to('acme'), globex: to('globex') } }),
      },
      async (world) => {
        world.at('acme').answerWith({ hangUp: 'after', delayMs: 3_000, signal: 'logs', times: 1 });
        world.send('acme', 'in flight');
        void world.telemetry.flush({ timeoutMs: 10 });
        await eventually(() => expect(world.at('acme').requests.length).toBeGreaterThan(0));
        for (let mark = 0; mark < 1_000; mark++) {
          world.send('acme', mark, PAD);
          const bytes = world.telemetry.status('acme').destinations[0]?.signals.logs?.bufferedBytes ?? 0;
          expect(bytes).toBeLessThanOrEqual(KIB * KIB);
        }
        world.send('globex', 'neighbour');
        const logs = world.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
        expect(logs?.accepted).toBe(1_001);
        expect(logs?.dropped.queue_full).toBeGreaterThan(600);
        expect(logs?.buffered).toBe(1_001 - (logs?.dropped.queue_full ?? 0));
        await world.at('globex').waitFor({ logs: 1 });
        expect(world.telemetry.status('globex').destinations[0]?.signals.logs?.ledger.dropped).toEqual({});
        await eventually(() => expect(marksAt(world.at('acme'))).toContain('999'), 9_000);
        const numbers = marksAt(world.at('acme'))
          .filter((mark) => mark !== 'in flight')
          .map(Number)
          .sort((a, b) => a - b);
        expect(numbers).toEqual(numbers.map((_, index) => 1_000 - numbers.length + index));
        expect(world.diagnostics).toContainEqual(
          expect.objectContaining({ code: 'dropped', tenantId: 'acme' }),
        );
        await world.telemetry.flush({ timeoutMs: 15_000 });
        expect(requestsCounted(world.at('operator'), 'acme')).toBe(1_001);
        expect(requestsCounted(world.at('acme'))).toBe(1_001);
      },
    ));

  it('has one request in flight per signal', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.at('acme').answerWith({ hang: true });
        for (let mark = 0; mark < 1_500; mark++) world.send('acme', mark);
        void world.telemetry.flush({ timeoutMs: 500 });
        await pause(600);
        expect(
          world
            .at('acme')
            .requests.map(({ signal }) => signal)
            .sort(),
        ).toEqual(['logs', 'metrics']);
      },
    ));
});

describe('an export request', () => {
  it('has at most 512 items', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        for (let mark = 0; mark < 1_300; mark++) world.send('acme', mark);
        await world.telemetry.flush({ timeoutMs: 15_000 });
        expect(world.at('acme').logs).toHaveLength(1_300);
        const { decodeOtlpRequest } = await import('../../src/testing/index.js');
        const counts = world
          .at('acme')
          .requests.filter(({ signal }) => signal === 'logs')
          .map(({ bytes }) => {
            const tree = decodeOtlpRequest('logs', bytes) as never as {
              resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[];
            };
            return tree.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap((s) => s.logRecords))
              .length;
          });
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_300);
        for (const count of counts) expect(count).toBeLessThanOrEqual(512);
        expect(counts.length, 'records travel together').toBeLessThan(15);
      },
    ));

  it('has at most 512 KiB', () =>
    inWorld({ receivers: [] }, async (world) => {
      const big = Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [`pad-${index}`, 'x'.repeat(4_000)]),
      );
      for (let mark = 0; mark < 60; mark++) world.send('acme', mark, big);
      await world.telemetry.flush({ timeoutMs: 15_000 });
      expect(world.at('operator').logs).toHaveLength(60);
      for (const { encodedBytes } of world.at('operator').requests)
        expect(encodedBytes).toBeLessThanOrEqual(512 * KIB);
    }));
});

describe('the operator', () => {
  it('has a bound of its own, sixteen times larger', () =>
    inWorld({ receivers: [] }, async (world) => {
      world.at('operator').answerWith({ hang: true });
      for (let mark = 0; mark < 6_500; mark++) world.send('acme', mark, PAD);
      const logs = world.telemetry.status().operator[0]?.signals.logs;
      expect(logs?.bufferedBytes).toBeLessThanOrEqual(16 * KIB * KIB);
      expect(logs?.bufferedBytes).toBeGreaterThan(14 * KIB * KIB);
      expect(logs?.ledger.dropped.queue_full).toBeGreaterThan(0);
    }));

  it('has at most one metric reading that waits', () =>
    inWorld({ receivers: [], configure: () => ({ metrics: { intervalMs: 100 } }) }, async (world) => {
      world.at('operator').answerWith({ status: 503, signal: 'metrics' });
      for (let mark = 0; mark < 12; mark++) {
        world.send(undefined, mark);
        await pause(100);
      }
      expect(world.telemetry.status().operator[0]?.signals.metrics?.ledger.buffered).toBe(2);
      world.at('operator').answerWith({ status: 200, signal: 'metrics' });
      await eventually(() => expect(requestsCounted(world.at('operator'))).toBe(12));
    }));
});
