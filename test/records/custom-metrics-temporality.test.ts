/** `telemetry.meter` at destinations of either temporality, through failures and changes: the deltas add up to the sum. */
import type { Meter } from '@opentelemetry/api';
import { expect, it, onTestFinished } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import type { Destination } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { seriesKey } from '../support/readings.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';

interface TwoPlaces {
  readonly gateway: TestGateway;
  readonly meter: Meter;
  readonly delta: OtlpReceiver;
  readonly cumulative: OtlpReceiver;
}

async function receiver(): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver();
  onTestFinished(async () => {
    for (const { signal, bytes } of started.requests)
      if (signal !== undefined) assertSameAsOfficial(signal, bytes);
    await started.close();
  });
  return started;
}

const deltaTo = ({ url }: OtlpReceiver): Destination => ({ name: 'a', endpoint: url, temporality: 'delta' });
const cumulativeTo = ({ url }: OtlpReceiver): Destination => ({ name: 'b', endpoint: url });

/** Metrics go when they are flushed, and retries too. */
async function twoPlaces(): Promise<TwoPlaces> {
  const [delta, cumulative] = [await receiver(), await receiver()];
  const gateway = await startGateway({ operator: null, acme: null, globex: null });
  gateway.telemetry.setOperator([deltaTo(delta), cumulativeTo(cumulative)]);
  return { gateway, meter: gateway.telemetry.meter, delta, cumulative };
}

type Points = readonly ReceivedMetricPoint[];

const pointsOf = (at: OtlpReceiver, name: string): Points =>
  at.metricPoints.filter((point) => point.name === name);

const valuesOf = (points: Points): unknown[] => points.map(({ value, count }) => value ?? count);

/** By series. */
function seriesIn(points: Points): Map<string, Points> {
  const found = new Map<string, Points>();
  for (const point of points) found.set(seriesKey(point), [...(found.get(seriesKey(point)) ?? []), point]);
  return found;
}

const sumOf = (points: Points, of: (point: ReceivedMetricPoint) => unknown): number =>
  points.reduce((sum, point) => sum + Number(of(point) ?? 0), 0);

/** Every interval begins where the one before it ended, and together they are what the cumulative series says last. */
function expectToAddUp(delta: Points, cumulative: Points): void {
  const whole = seriesIn(cumulative);
  const parts = seriesIn(delta);
  expect([...parts.keys()].sort()).toEqual([...whole.keys()].sort());
  for (const [key, points] of parts) {
    const last = whole.get(key)?.at(-1);
    expect(new Set(points.map(({ temporality }) => temporality))).toEqual(new Set(['delta']));
    expect(last?.temporality).toBe('cumulative');
    expect(sumOf(points, ({ value }) => value)).toBeCloseTo(Number(last?.value ?? 0), 6);
    expect(sumOf(points, ({ count }) => count)).toBe(last?.count ?? 0);
    expect(sumOf(points, ({ sum }) => sum)).toBeCloseTo(last?.sum ?? 0, 6);
    last?.bucketCounts?.forEach((count, index) =>
      expect(sumOf(points, ({ bucketCounts }) => bucketCounts?.[index])).toBe(count),
    );
    points.forEach((point, index) => {
      const before = points[index - 1] ?? last;
      expect(point.startTimeUnixNano).toBe(index === 0 ? before?.startTimeUnixNano : before?.timeUnixNano);
    });
  }
}

it('each destination has its own temporality; deltas join and add up to the cumulative sums', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const jobs = meter.createCounter('jobs', { unit: '{job}' });
  const sizes = meter.createHistogram('sizes', { unit: 'By' });
  let seen = 0;
  meter.createObservableCounter('seen').addCallback((result) => result.observe(seen, { kind: 'seen' }));
  for (const [round, kinds] of [['a'], ['a', 'b'], ['b'], ['a', 'b', 'c']].entries()) {
    for (const kind of kinds) {
      jobs.add(round + 1, { kind });
      sizes.record(10 ** round, { kind });
      sizes.record(3, { kind });
    }
    seen += 5;
    await gateway.flush();
  }
  for (const name of ['jobs', 'sizes', 'seen'])
    expectToAddUp(pointsOf(delta, name), pointsOf(cumulative, name));
  // A series that has not changed is not told.
  expect(valuesOf(pointsOf(delta, 'jobs'))).toEqual([1, 2, 2, 3, 4, 4, 4]);
  expect(valuesOf(pointsOf(delta, 'sizes'))).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(valuesOf(pointsOf(delta, 'seen'))).toEqual([5, 5, 5, 5]);
  expect(pointsOf(delta, 'jobs')[0]).toMatchObject({ unit: '{job}', isMonotonic: true, type: 'sum' });
  // Extremes belong to a whole life.
  expect(pointsOf(delta, 'sizes').map(({ min }) => min)).toEqual([
    1,
    undefined,
    3,
    undefined,
    undefined,
    undefined,
    3,
  ]);
});

it('levels are the same for both, and what has not changed makes no request', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const open = meter.createUpDownCounter('open');
  open.add(3);
  await gateway.flush();
  open.add(-1);
  meter.createObservableGauge('load').addCallback((result) => result.observe(0.5));
  await gateway.flush();
  for (const at of [delta, cumulative]) {
    expect(valuesOf(pointsOf(at, 'open'))).toEqual([3, 2]);
    expect(new Set(pointsOf(at, 'open').map(({ temporality }) => temporality))).toEqual(
      new Set(['cumulative']),
    );
    expect(valuesOf(pointsOf(at, 'load'))).toEqual([0.5]);
  }

  const quiet = await twoPlaces();
  quiet.meter.createCounter('jobs').add(1);
  for (let round = 0; round < 3; round++) await quiet.gateway.flush();
  expect(quiet.delta.requests).toHaveLength(1);
  expect(quiet.cumulative.requests).toHaveLength(3);
});

it('an outage lengthens an interval, a refusal costs one, and neither touches the other destination', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const jobs = meter.createCounter('jobs');
  const step = async (value: number): Promise<void> => {
    jobs.add(value);
    await gateway.flush();
  };
  await step(1);
  delta.answerWith({ status: 503, times: 2 });
  await step(2);
  await step(4);
  await step(8);
  await gateway.flush();
  expectToAddUp(pointsOf(delta, 'jobs'), pointsOf(cumulative, 'jobs'));
  expect(sumOf(pointsOf(delta, 'jobs'), ({ value }) => value)).toBe(15);

  delta.answerWith({ status: 400, times: 1 });
  await step(16);
  await step(32);
  expect(valuesOf(pointsOf(delta, 'jobs')).at(-1)).toBe(32);
  expect(valuesOf(pointsOf(cumulative, 'jobs')).at(-1)).toBe(63);
  const { ledger } = gateway.telemetry.status().operator[0]?.signals.metrics ?? {};
  expect(ledger).toMatchObject({ rejected: 1, buffered: 0 });
});

it('what was lost on its way is told with the next reading', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const jobs = meter.createCounter('jobs');
  jobs.add(1);
  await gateway.flush();
  delta.answerWith({ status: 401, times: 1 });
  jobs.add(2);
  await gateway.flush();
  jobs.add(4);
  await gateway.flush();
  expect(valuesOf(pointsOf(delta, 'jobs'))).toEqual([1, 6]);
  expectToAddUp(pointsOf(delta, 'jobs'), pointsOf(cumulative, 'jobs'));
});

it('counts that come while a reading is on its way are in the next, also when flushed at once', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const jobs = meter.createCounter('jobs');
  delta.answerWith({ delayMs: 200, times: 1 });
  cumulative.answerWith({ delayMs: 200, times: 1 });
  jobs.add(1);
  const first = gateway.flush();
  await delta.waitFor({ requests: 1 });
  jobs.add(2);
  await Promise.all([first, gateway.flush()]);
  expect(valuesOf(pointsOf(delta, 'jobs'))).toEqual([1, 2]);
  expect(valuesOf(pointsOf(cumulative, 'jobs')).at(-1)).toBe(3);
});

it('a new place goes on where the former one was, also with a reading on its way there', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const next = await receiver();
  const jobs = meter.createCounter('jobs');
  jobs.add(1);
  await gateway.flush();
  delta.answerWith({ delayMs: 200, times: 1 });
  jobs.add(2);
  const flushed = gateway.flush();
  await delta.waitFor({ requests: 2 });
  jobs.add(4);
  gateway.telemetry.setOperator([deltaTo(next), cumulativeTo(cumulative)]);
  jobs.add(8);
  await flushed;
  await gateway.flush();
  await delta.waitFor({ requests: 2 });
  expect(valuesOf(pointsOf(delta, 'jobs'))).toEqual([1, 2]);
  expectToAddUp([...pointsOf(delta, 'jobs'), ...pointsOf(next, 'jobs')], pointsOf(cumulative, 'jobs'));
  expect(valuesOf(pointsOf(next, 'jobs'))).toEqual([12]);
});

it('a destination that comes later begins with what is new', async () => {
  const { gateway, meter, delta, cumulative } = await twoPlaces();
  const late = await receiver();
  const jobs = meter.createCounter('jobs');
  const sizes = meter.createHistogram('sizes');
  jobs.add(1);
  sizes.record(1);
  await gateway.flush();
  gateway.telemetry.setOperator([
    deltaTo(delta),
    cumulativeTo(cumulative),
    { ...deltaTo(late), name: 'late' },
  ]);
  jobs.add(2);
  sizes.record(2);
  await gateway.flush();
  expect(valuesOf(pointsOf(late, 'jobs'))).toEqual([2]);
  expect(valuesOf(pointsOf(late, 'sizes'))).toEqual([1]);
  expect(valuesOf(pointsOf(cumulative, 'jobs')).at(-1)).toBe(3);
});

it('a counter that was set back begins anew', async () => {
  const { gateway, meter, delta } = await twoPlaces();
  let value = 10;
  meter.createObservableCounter('turns').addCallback((result) => result.observe(value));
  await gateway.flush();
  value = 4;
  await gateway.flush();
  value = 6;
  await gateway.flush();
  expect(valuesOf(pointsOf(delta, 'turns'))).toEqual([10, 4, 2]);
  // Unseen by the destination, and above what it was told when it is seen.
  delta.answerWith({ status: 401, times: 1 });
  value = 1;
  await gateway.flush();
  value = 7;
  await gateway.flush();
  expect(valuesOf(pointsOf(delta, 'turns'))).toEqual([10, 4, 2, 7]);
});

it('an attributes object that the host changes and passes again makes two series, each with its own deltas', async () => {
  const { gateway, meter, delta } = await twoPlaces();
  const jobs = meter.createCounter('jobs');
  const reused = { kind: 'a' };
  jobs.add(5, reused);
  reused.kind = 'b';
  jobs.add(3, reused);
  await gateway.flush();
  jobs.add(1, { kind: 'a' });
  await gateway.flush();
  await gateway.flush();
  expect(valuesOf(pointsOf(delta, 'jobs'))).toEqual([5, 3, 1]);
});
