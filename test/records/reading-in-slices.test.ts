/** A large reading is taken a part at a time, while its destination may be configured anew. */
import { expect, it } from 'vitest';
import type { Lane } from '../../src/delivery/lane.js';
import { Readings } from '../../src/delivery/readings.js';
import type { MetricRecord } from '../../src/model/metric-record.js';
import type { TakenReading } from '../../src/model/delivery.js';
import { METRIC_ATTRIBUTES } from '../../src/model/metric-choices.js';
import { namesFor } from '../../src/model/names.js';
import { createEncoders } from '../../src/otlp/encoders.js';
import { Exemplars } from '../../src/signals/exemplars.js';
import { createRequestMetrics } from '../../src/signals/request-metrics.js';

const ROUTES = 600;
const REQUESTS_BEFORE = 5;

/** The counts that a part tells. */
function countsIn(part: TakenReading): readonly number[] {
  const { metrics } = part.readable() as { readonly metrics: readonly MetricRecord[] };
  return (metrics[0]?.dataPoints ?? []).map(({ value }) => value as number);
}

interface Sliced {
  readonly readings: Readings;
  /** What the lane has been given. */
  readonly parts: TakenReading[];
  /** One request for each route. */
  record(): void;
}

function sliced(): Sliced {
  let nowMs = 0;
  const metrics = createRequestMetrics({
    names: namesFor('test'),
    durationBoundariesMs: [1],
    maxSeriesPerTenant: ROUTES,
    maxSeries: ROUTES,
    forgetAfterMs: 60_000,
    scope: { name: 'test', version: '1', bytes: new Uint8Array() },
    encoders: createEncoders(),
    attributes: METRIC_ATTRIBUTES,
    tenantLabels: undefined,
    exemplars: new Exemplars('always_off'),
    nowMs: () => 0,
  });
  const outcome = { statusCode: 200, isError: false };
  const parts: TakenReading[] = [];
  const lane = { addReading: (part: TakenReading) => void parts.push(part) } as unknown as Lane;
  const readings = new Readings({
    readings: [metrics.openReading(undefined, 'delta')],
    lane,
    epochMs: () => ++nowMs,
  });
  return {
    readings,
    parts,
    record() {
      for (let route = 0; route < ROUTES; route++)
        metrics.record({ routeName: `r${route}`, latencyMs: 1, startMs: 0, endMs: 1, outcome } as never);
    },
  };
}

it('what it has not told when it goes is not told, and nothing twice', () => {
  const { readings, parts, record } = sliced();
  for (let count = 0; count < REQUESTS_BEFORE; count++) record();
  expect([...readings.take()].length).toBeGreaterThan(2);
  for (const part of parts.splice(0)) {
    expect(new Set(countsIn(part))).toEqual(new Set([REQUESTS_BEFORE]));
    part.settle('accepted');
  }
  record();
  const steps = readings.take();
  steps.next();
  readings.close();
  while (steps.next().done !== true);
  for (const part of parts) expect(new Set(countsIn(part))).toEqual(new Set([1]));
  expect(parts).toHaveLength(1);
});

it('taken a last time in the middle of a take, it tells the rest and what has come since, and nothing twice', () => {
  const { readings, parts, record } = sliced();
  record();
  const steps = readings.take();
  steps.next();
  const begun = parts.flatMap(countsIn).length;
  expect(begun).toBeGreaterThan(0);
  expect(begun).toBeLessThan(ROUTES);
  record();
  readings.takeLast();
  readings.close();
  while (steps.next().done !== true);
  for (const part of parts) part.settle('lost');
  const counts = parts.flatMap(countsIn);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 * ROUTES);
  // Those that were begun with, once more, and the others, which had nothing told yet.
  expect(counts.filter((count) => count === 1)).toHaveLength(2 * begun);
  expect(counts.filter((count) => count === 2)).toHaveLength(ROUTES - begun);
});
