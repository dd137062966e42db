/** The registry of tenants under invented ids and late answers. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Destinations } from '../../src/index.js';
import { eventually, inWorld, marksAt, pause, requestsCounted } from '../delivery/support.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MEGABYTE = 1024 * 1024;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it('a lookup that throws for 20,000 invented ids locks no tenant out that the lookup knows', () =>
  inWorld(
    {
      receivers: ['acme'],
      configure: (to) => ({
        operator: null,
        tenants: (id) => {
          if (id === 'acme') return to('acme');
          throw new Error('unknown');
        },
      }),
    },
    async (world) => {
      for (let number = 0; number < 20_000; number++) {
        world.send(`invented-${number}`, number);
        if (number % 1_000 === 0) await turn();
      }
      await eventually(() => expect(world.diagnostics.length).toBeGreaterThanOrEqual(1));
      await pause(50);
      world.send('acme', 'by-lookup');
      await eventually(() => expect(world.telemetry.status('acme').destinations).toHaveLength(1));
      await world.flushUntilLogs('acme', 1);
      expect(marksAt(world.at('acme'))).toEqual(['by-lookup']);
    },
  ));

it('invented ids that the lookup answers with nothing leave the tables bounded', () =>
  inWorld(
    {
      receivers: [],
      configure: (to) => ({
        operator: to('operator', { signals: { traces: false, logs: false } }),
        tenants: () => null,
        metrics: { intervalMs: 86_400_000 },
      }),
    },
    async (world) => {
      const sendMany = async (from: number, to: number): Promise<void> => {
        for (let number = from; number < to; number++) {
          world.send(`invented-${number}`, 'x');
          if (number % 200 === 0) await turn();
        }
        await eventually(() => expect(world.telemetry.status().tenants.count).toBe(0));
      };
      // Beyond every bound: 10,000 ids known to have nothing, 5,000 series.
      await sendMany(0, 20_000);
      const before = heapBytes();
      await sendMany(20_000, 50_000);
      expect(heapBytes() - before).toBeLessThan(20 * MEGABYTE);
      await world.telemetry.flush();
      expect(requestsCounted(world.at('operator'))).toBe(50_000);
      expect(world.at('operator').metricPoints.length).toBeLessThanOrEqual(2 * 5_001);
    },
  ));

it('a late empty answer for a tenant that was removed does not remove the one that came after it', async () => {
  let answerLate: (answer: Destinations) => void = () => undefined;
  let asked = 0;
  await inWorld(
    {
      receivers: ['acme'],
      configure: (to) => ({
        tenants: (id) =>
          asked++ === 0 ? new Promise<Destinations>((resolve) => (answerLate = resolve)) : to(id),
      }),
    },
    async (world) => {
      world.send('acme', 'removed');
      await eventually(() => expect(asked).toBe(1));
      world.telemetry.setTenants({}, { force: true });
      world.send('acme', 'live');
      await eventually(() => expect(world.telemetry.status('acme').destinations).toHaveLength(1));
      answerLate(null);
      await pause(20);
      expect(world.telemetry.status('acme').destinations).toHaveLength(1);
      world.send('acme', 'later');
      await world.telemetry.flush();
      expect(marksAt(world.at('acme'))).toEqual(['live', 'later']);
      expect(asked).toBe(2);
    },
  );
});

it('requests from before the first good answer of a lookup are counted although their series were quiet', () => {
  let failsUntil = Number.POSITIVE_INFINITY;
  return inWorld(
    {
      receivers: ['acme'],
      configure: (to) => ({
        metrics: { intervalMs: 100, forgetAfterMs: 1_000 },
        tenants: (id) => {
          if (performance.now() < failsUntil) throw new Error('down');
          return to(id);
        },
      }),
    },
    async (world) => {
      failsUntil = performance.now() + 1_500;
      for (const mark of [1, 2, 3]) world.send('acme', mark);
      await world.telemetry.flush();
      // Long enough for the operator's reading to be taken and the series to be swept, were it not for the mark.
      await eventually(() => expect(world.telemetry.status('acme').destinations).toHaveLength(1), 12_000);
      await eventually(() => expect(requestsCounted(world.at('acme'))).toBe(3));
      world.send('acme', 4);
      await world.telemetry.flush();
      await eventually(() => expect(requestsCounted(world.at('acme'))).toBe(4));
      expect(requestsCounted(world.at('operator'))).toBe(4);
    },
  );
});
