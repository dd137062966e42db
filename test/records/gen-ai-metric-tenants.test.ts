/** The metrics of a tenant's own calls to models: where its readings begin, what they hold, and when they are given up. */
import { describe, expect, it } from 'vitest';
import type { MetricReading } from '../../src/model/delivery.js';
import type { GatewayMetricsOptions } from '../../src/signals/gateway-metrics.js';
import { createTenantCalls } from '../../src/signals/gen-ai-metrics.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { genAiNames } from '../../src/model/gen-ai-names.js';
import { namesFor } from '../../src/model/names.js';
import { createEncoders } from '../../src/otlp/encoders.js';
import { AT_MS, costing, failedCall, finishedCall, metricsOfCalls } from '../support/gen-ai-calls.js';
import { createRandom } from '../faults/support.js';
import { takenPoints } from '../support/taken-points.js';

const OVERFLOW = 'otel.metric.overflow';

function setUp(options: Partial<GatewayMetricsOptions> = {}) {
  const made = metricsOfCalls(options);
  const { metrics, clock } = made;
  return {
    ...made,
    call: (parts: Parameters<typeof finishedCall>[0] = {}) =>
      metrics.recordCall(finishedCall({ endMs: clock.nowMs, startMs: clock.nowMs - 250, ...parts }), false),
    open: (tenantId: string, temporality: 'cumulative' | 'delta' = 'cumulative'): MetricReading => {
      const [reading] = metrics.openCallReadings(tenantId, temporality, undefined);
      if (reading === undefined) throw new Error('It has none.');
      return reading;
    },
    /** One take, and what becomes of it. */
    read(reading: MetricReading, result: 'accepted' | 'lost' = 'accepted'): readonly ReceivedMetricPoint[] {
      clock.nowMs += 10;
      const parts = [...reading.take(clock.nowMs)];
      const points = takenPoints(parts);
      for (const part of parts) part.settle(result);
      return points;
    },
  };
}

const countsOf = (points: readonly ReceivedMetricPoint[]): unknown[] => points.map(({ count }) => count);

describe("a tenant's calls", () => {
  it('are none where the option does not ask for them', () => {
    const { metrics } = setUp({ genAiToTenants: false });
    expect(metrics.openCallReadings('acme', 'delta', undefined)).toEqual([]);
  });

  it('have neither its id nor a trace, and are nobody else’s', () => {
    const { call, open, read } = setUp({ exemplarFilter: 'always_on' });
    const acme = open('acme');
    const globex = open('globex');
    call({ tenantId: 'acme', requestModel: 'acme-secret', traceId: '1'.repeat(32), spanId: '2'.repeat(16) });
    call({ tenantId: undefined });
    expect(globex.hasNews()).toBe(false);
    const [point, ...others] = read(acme);
    expect(others).toEqual([]);
    expect(point).toMatchObject({ name: 'gen_ai.client.operation.duration', count: 1 });
    expect({ ...point?.attributes }).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'acme-secret',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
    });
    expect(point?.exemplars ?? []).toEqual([]);
    // What acme has made known is not known to globex.
    call({ ...failedCall(), tenantId: 'globex', requestModel: 'acme-secret' });
    expect(read(globex).map(({ attributes }) => attributes['gen_ai.request.model'])).toEqual(['_OTHER']);
  });

  it('have their costs only where the host says so, and nobody’s work in them', () => {
    const governance = { ...costing(0.25, 'gpt-4o'), attribution: { team: 'search' } };
    for (const genAiToTenants of [true, 'with_cost'] as const) {
      const { call, open, read } = setUp({ genAiToTenants, attribution: ['team'] });
      const acme = open('acme');
      call({ governance });
      const costs = read(acme).filter(({ name }) => name === 'knoxcall.cost');
      expect(costs.map(({ value, unit, attributes }) => [value, unit, { ...attributes }])).toEqual(
        genAiToTenants === true
          ? []
          : [[0.25, 'USD', { 'knoxcall.cost.currency': 'USD', 'knoxcall.cost.model': 'gpt-4o' }]],
      );
    }
  });

  it('have series up to its own cap, over all of its metrics', () => {
    const { call, open, read } = setUp({ maxSeriesPerTenant: 6 });
    const acme = open('acme');
    for (let number = 0; number < 50; number++)
      call({ requestModel: `m-${number}`, usage: { inputTokens: 1, outputTokens: 1 } });
    const points = read(acme);
    expect(points.filter(({ attributes }) => attributes[OVERFLOW] === undefined)).toHaveLength(6);
    expect(points.filter(({ attributes }) => attributes[OVERFLOW] === true)).toHaveLength(2);
    expect(countsOf(points).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(150);
  });
});

describe('a reading of them', () => {
  it.each(['cumulative', 'delta'] as const)('loses nothing in an outage: %s', (temporality) => {
    const { call, open, read, clock } = setUp();
    const acme = open('acme', temporality);
    call();
    const [first] = read(acme);
    clock.nowMs += 1_000;
    call();
    expect(countsOf(read(acme, 'lost'))).toEqual([temporality === 'delta' ? 1 : 2]);
    clock.nowMs += 1_000;
    call();
    const [last] = read(acme);
    expect(last?.count).toBe(temporality === 'delta' ? 2 : 3);
    expect(last?.startTimeUnixNano).toBe(
      temporality === 'delta' ? first?.timeUnixNano : first?.startTimeUnixNano,
    );
    expect(acme.hasNews()).toBe(false);
  });

  it('begins when its destination opens, each for itself', () => {
    const { call, open, read } = setUp();
    const early = open('acme', 'delta');
    call();
    const late = open('acme');
    call();
    expect(countsOf(read(early))).toEqual([2]);
    // The series began before this reading did.
    const [point] = read(late);
    expect(point?.count).toBe(1);
    early.close();
    call();
    expect(early.hasNews()).toBe(false);
    expect(countsOf(read(late))).toEqual([2]);
  });

  it('begins with the lookup that brought its destination', () => {
    const { call, metrics, read, clock, sweep } = setUp();
    const mark = metrics.mark('acme');
    call();
    clock.nowMs += 60_000;
    // The lookup takes its time: nothing may be forgotten meanwhile.
    sweep();
    call();
    const [reading] = metrics.openCallReadings('acme', 'delta', mark);
    mark.release();
    expect(countsOf(reading === undefined ? [] : read(reading))).toEqual([2]);
  });

  it('goes on after the series were forgotten, without an overlap', () => {
    const { call, open, read, clock, sweep } = setUp();
    const cumulative = open('acme');
    const delta = open('acme', 'delta');
    const points: ReceivedMetricPoint[] = [];
    for (let round = 0; round < 3; round++) {
      // Begun long before.
      call({ startMs: clock.nowMs - 60_000 });
      read(delta);
      points.push(...read(cumulative));
      clock.nowMs += 2_000;
      sweep();
    }
    expect(countsOf(points)).toEqual([1, 1, 1]);
    points.forEach((point, index) => {
      const before = points[index - 1];
      if (before !== undefined) expect(point.startTimeUnixNano).toBeGreaterThan(before.timeUnixNano);
    });
  });

  it('is waited for before anything is forgotten', () => {
    const { call, open, read, clock, sweep } = setUp();
    const acme = open('acme');
    call();
    for (let round = 0; round < 3; round++) {
      clock.nowMs += 10_000;
      sweep();
      expect(countsOf(read(acme, 'lost'))).toEqual([1]);
    }
  });
});

describe('the table of a tenant', () => {
  function tenantCalls(maxSeriesPerTenant = 5) {
    const clock = { nowMs: AT_MS };
    const calls = createTenantCalls({
      names: namesFor('knoxcall'),
      genAiNames: genAiNames('1.41'),
      genAiModels: [],
      genAiToTenants: true,
      scope: { name: 's', version: '1', bytes: new Uint8Array() },
      encoders: createEncoders(),
      maxSeriesPerTenant,
      forgetAfterMs: 1_000,
      nowMs: () => clock.nowMs,
      report: () => undefined,
    });
    if (calls === undefined) throw new Error('There are none.');
    return { calls, clock };
  }

  it('is made with the first call, and only where somebody reads it', () => {
    const { calls } = tenantCalls();
    calls.record(finishedCall({ tenantId: 'acme' }));
    expect(calls.tables).toBe(0);
    const reading = calls.openReading('acme', 'delta', undefined);
    const mark = calls.mark('globex');
    expect(calls.tables).toBe(0);
    for (const tenantId of ['acme', 'globex', 'initech']) calls.record(finishedCall({ tenantId }));
    expect(calls.tables).toBe(2);
    mark.release();
    mark.release();
    expect(calls.tables).toBe(1);
    reading.close();
    reading.close();
    expect(calls.tables).toBe(0);
  });

  it('is given up once everything in it has been told and it was idle, its overflow too', () => {
    const { calls, clock } = tenantCalls();
    const reading = calls.openReading('acme', 'delta', undefined);
    for (let number = 0; number < 20; number++) calls.record(finishedCall({ requestModel: `m-${number}` }));
    const sweep = (): void => {
      for (const step of calls.sweep()) expect(step).toBeUndefined();
    };
    clock.nowMs += 5_000;
    sweep();
    expect(calls.tables).toBe(1);
    for (const part of reading.take(clock.nowMs)) part.settle('accepted');
    sweep();
    expect(calls.tables).toBe(0);
    expect(reading.hasNews()).toBe(false);
    calls.record(finishedCall({ endMs: clock.nowMs + 10 }));
    expect(calls.tables).toBe(1);
    expect(takenPoints(reading.take(clock.nowMs + 20)).map(({ count }) => count)).toEqual([1]);
  });
});

describe('whatever happens in whatever order', () => {
  interface Reader {
    readonly reading: MetricReading;
    readonly isDelta: boolean;
    /** Calls since it opened, and those that have reached its destination. */
    due: number;
    told: number;
    lastEnd: bigint;
  }

  it.each(Array.from({ length: 60 }, (_unused, seed) => seed))(
    'every reading tells every call of its time once: seed %i',
    (seed) => {
      const random = createRandom(seed);
      const { call, open, clock, sweep } = setUp();
      const readers: Reader[] = [];
      const count = (of: readonly ReceivedMetricPoint[]): number =>
        of.reduce((sum, point) => sum + Number(point.count), 0);
      const read = (reader: Reader, result: 'accepted' | 'lost'): void => {
        clock.nowMs += 5;
        if (!reader.reading.hasNews()) return;
        const parts = [...reader.reading.take(clock.nowMs)];
        const points = takenPoints(parts);
        for (const part of parts) part.settle(result);
        if (result === 'lost') return;
        if (reader.isDelta) {
          reader.told += count(points);
          for (const { startTimeUnixNano, timeUnixNano } of points)
            expect(timeUnixNano).toBeGreaterThanOrEqual(startTimeUnixNano);
        } else for (const { timeUnixNano } of points) expect(timeUnixNano).toBeGreaterThan(reader.lastEnd);
        reader.lastEnd = BigInt(clock.nowMs) * 1_000_000n;
      };
      for (let step = 0; step < 120; step++) {
        const dice = random();
        const reader = readers[Math.floor(random() * readers.length)];
        if (dice < 0.4) {
          call({ requestModel: `m-${Math.floor(random() * 3)}` });
          for (const one of readers) one.due++;
        } else if (dice < 0.5 && readers.length < 4) {
          const isDelta = random() < 0.7;
          readers.push({
            reading: open('acme', isDelta ? 'delta' : 'cumulative'),
            isDelta,
            due: 0,
            told: 0,
            lastEnd: 0n,
          });
        } else if (dice < 0.75 && reader !== undefined) read(reader, random() < 0.7 ? 'accepted' : 'lost');
        else if (dice < 0.8 && reader !== undefined) {
          reader.reading.close();
          readers.splice(readers.indexOf(reader), 1);
        } else if (dice < 0.9) clock.nowMs += Math.floor(random() * 3_000);
        else sweep();
      }
      for (const reader of readers) {
        read(reader, 'accepted');
        expect(reader.reading.hasNews()).toBe(false);
        if (reader.isDelta) expect(reader.told).toBe(reader.due);
      }
    },
  );
});
