import { describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { onTestFinished } from 'vitest';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, histograms, total } from '../support/readings.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';

async function receiver(): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver();
  onTestFinished(() => started.close());
  return started;
}

const asAcme = { adapter: { tenant: 'acme' } };

async function requests(gateway: TestGateway, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await send(gateway.url);
  await gateway.idle();
}

const valuesOf = (points: readonly ReceivedMetricPoint[]): unknown[] => points.map(({ value }) => value);

/** Every interval begins where the one before it ended. */
function expectContiguous(points: readonly ReceivedMetricPoint[]): void {
  points.forEach((point, index) => {
    expect(point.timeUnixNano).toBeGreaterThan(point.startTimeUnixNano);
    const before = points[index - 1];
    if (before !== undefined) expect(point.startTimeUnixNano).toBe(before.timeUnixNano);
  });
}

describe('a delta destination', () => {
  const delta = { temporality: 'delta' } as const;

  it('gets only the difference with each reading, in intervals that join', async () => {
    const gateway = await startGateway({ ...asAcme, operator: delta, acme: delta });
    await requests(gateway, 2);
    await gateway.flush();
    await requests(gateway, 3);
    await gateway.flush();
    await gateway.flush();
    for (const { metricPoints } of [gateway.operator, gateway.acme]) {
      expect(new Set(metricPoints.map(({ temporality }) => temporality))).toEqual(new Set(['delta']));
    }
    for (const one of [gateway.operator, gateway.acme]) {
      expect(valuesOf(counters(one))).toEqual([2, 3]);
      expect(histograms(one).map(({ count }) => count)).toEqual([2, 3]);
      for (const { count, bucketCounts } of histograms(one)) {
        expect(bucketCounts?.reduce((sum, bucket) => sum + bucket, 0)).toBe(count);
      }
      expectContiguous(counters(one));
      expectContiguous(histograms(one));
    }
  });

  it.each([
    ['moves', { endpoint: 'next', temporality: 'delta' }],
    ['becomes cumulative', { endpoint: 'same', temporality: 'cumulative' }],
  ] as const)(
    'that %s while a reading is on its way loses no count',
    async (_what, { endpoint, temporality }) => {
      const next = await receiver();
      const gateway = await startGateway({ operator: delta, acme: null, globex: null });
      gateway.operator.answerWith({ signal: 'metrics', delayMs: 300, times: 1 });
      await requests(gateway, 2);
      const flushed = gateway.flush();
      await expect
        .poll(() => gateway.operator.requests.filter(({ signal }) => signal === 'metrics'))
        .toHaveLength(1);
      await requests(gateway, 3);
      const url = endpoint === 'next' ? next.url : gateway.operator.url;
      gateway.telemetry.setOperator({ endpoint: url, temporality });
      await requests(gateway, 4);
      await flushed;
      await gateway.flush();
      await expect.poll(() => counters(gateway.operator).length).toBeGreaterThan(1);
      const points = [...counters(gateway.operator), ...counters(next)];
      expect(points).toHaveLength(3);
      // The slow one may arrive after the one that was taken after it.
      expect([...valuesOf(points)].sort()).toEqual([2, 3, 4]);
      if (endpoint === 'next') expect(valuesOf(counters(next))).toEqual([4]);
      const inTime = [...points].sort((a, b) => Number(a.timeUnixNano - b.timeUnixNano));
      expect(valuesOf(inTime)).toEqual([2, 3, 4]);
      expect(inTime[1]?.startTimeUnixNano).toBe(inTime[0]?.timeUnixNano);
    },
  );

  it('has the sums of its intervals add up to the cumulative sum', async () => {
    const twin = await receiver();
    const gateway = await startGateway({ ...asAcme, operator: delta });
    gateway.telemetry.setTenant('acme', { endpoint: gateway.acme.url });
    gateway.telemetry.setOperator([
      { endpoint: gateway.operator.url, temporality: 'delta' },
      { name: 'twin', endpoint: twin.url },
    ]);
    for (const count of [1, 4, 2]) {
      await requests(gateway, count);
      await gateway.flush();
    }
    const deltas = histograms(gateway.operator);
    const whole = histograms(twin).at(-1);
    expect(deltas.map(({ count }) => count)).toEqual([1, 4, 2]);
    expect(whole?.count).toBe(7);
    expect(deltas.reduce((sum, point) => sum + (point.sum ?? 0), 0)).toBeCloseTo(whole?.sum ?? 0, 6);
    const buckets = whole?.bucketCounts?.map((_count, index) =>
      deltas.reduce((sum, point) => sum + (point.bucketCounts?.[index] ?? 0), 0),
    );
    expect(buckets).toEqual(whole?.bucketCounts);
  });

  it('loses no count while it answers 503: what waits is sent again, and the rest follows', async () => {
    const gateway = await startGateway({ ...asAcme, operator: delta, acme: delta });
    for (const one of [gateway.operator, gateway.acme]) one.answerWith({ status: 503, signal: 'metrics' });
    await requests(gateway, 2);
    await gateway.flush();
    await requests(gateway, 3);
    await gateway.flush();
    expect(gateway.operator.metricPoints).toEqual([]);
    // One reading waits, whatever happens meanwhile.
    expect(gateway.telemetry.status('acme').destinations[0]?.signals.metrics?.ledger.buffered).toBe(2);
    for (const one of [gateway.operator, gateway.acme]) one.answerWith({ signal: 'metrics' });
    await gateway.flush();
    await gateway.flush();
    for (const one of [gateway.operator, gateway.acme]) {
      expect(valuesOf(counters(one))).toEqual([2, 3]);
      expectContiguous(counters(one));
    }
  });

  it('has its interval lengthened by a reading that is lost', async () => {
    const gateway = await startGateway({ ...asAcme, operator: delta, acme: delta });
    await requests(gateway, 1);
    await gateway.flush();
    for (const one of [gateway.operator, gateway.acme]) one.answerWith({ status: 404, signal: 'metrics' });
    await requests(gateway, 2);
    const during = await gateway.flush();
    expect(during.operator.metrics?.dropped).toEqual({ refused: 2 });
    for (const one of [gateway.operator, gateway.acme]) one.answerWith({ signal: 'metrics' });
    await requests(gateway, 4);
    await gateway.flush();
    for (const one of [gateway.operator, gateway.acme]) {
      expect(valuesOf(counters(one))).toEqual([1, 6]);
      expect(histograms(one).map(({ count }) => count)).toEqual([1, 6]);
      expectContiguous(counters(one));
    }
  });

  it('is sent again without a new request when its last reading was lost', async () => {
    const gateway = await startGateway({ operator: delta });
    gateway.operator.answerWith({ status: 404, signal: 'metrics', times: 1 });
    await requests(gateway, 2);
    await gateway.flush();
    expect(gateway.operator.metricPoints).toEqual([]);
    await gateway.flush();
    expect(valuesOf(counters(gateway.operator))).toEqual([2]);
  });

  it('that took half of a split reading and refused the rest is told nothing of it twice', async () => {
    const gateway = await startGateway({ operator: delta });
    const { operator } = gateway;
    await requests(gateway, 2);
    operator.answerWith({ status: 413, signal: 'metrics', times: 1 });
    operator.answerWith({ status: 200, signal: 'metrics', times: 1 });
    operator.answerWith({ status: 404, signal: 'metrics', times: 1 });
    const during = await gateway.flush();
    expect(during.operator.metrics).toMatchObject({ accepted: 2, delivered: 1, dropped: { refused: 1 } });
    await requests(gateway, 3);
    await gateway.flush();
    expect(valuesOf(counters(operator))).toEqual([2, 3]);
    expect(histograms(operator).map(({ count }) => count)).toEqual([3]);
  });

  it('that rejected a reading for good does not get it again', async () => {
    const gateway = await startGateway({ operator: delta });
    gateway.operator.answerWith({ status: 400, signal: 'metrics', times: 1 });
    await requests(gateway, 2);
    const { operator } = await gateway.flush();
    expect(operator.metrics).toMatchObject({ accepted: 2, rejected: 2, delivered: 0 });
    await requests(gateway, 1);
    await gateway.flush();
    expect(valuesOf(counters(gateway.operator))).toEqual([1]);
  });
});

describe('a cumulative destination', () => {
  it('misses nothing after an outage, since each reading holds all', async () => {
    const gateway = await startGateway(asAcme);
    gateway.acme.answerWith({ status: 503, signal: 'metrics' });
    await requests(gateway, 2);
    await gateway.flush();
    await requests(gateway, 3);
    gateway.acme.answerWith({ signal: 'metrics' });
    await gateway.flush();
    await gateway.flush();
    const points = counters(gateway.acme);
    expect(points.at(-1)?.value).toBe(5);
    expect(new Set(points.map(({ startTimeUnixNano }) => startTimeUnixNano)).size).toBe(1);
  });
});

describe('the baseline of a destination', () => {
  it.each(['cumulative', 'delta'] as const)('added later is its creation: %s', async (temporality) => {
    const late = await receiver();
    const gateway = await startGateway(asAcme);
    await requests(gateway, 3);
    await gateway.flush();
    const created = BigInt(Date.now() - 2) * 1_000_000n;
    const destinations = (url: string) => [
      { endpoint: url },
      { name: 'late', endpoint: late.url, temporality },
    ];
    gateway.telemetry.setTenant('acme', destinations(gateway.acme.url));
    await gateway.flush();
    expect(late.requests).toEqual([]);
    await requests(gateway, 2);
    await gateway.flush();
    expect(valuesOf(counters(late))).toEqual([2]);
    const [histogram] = histograms(late);
    expect(histogram).toMatchObject({ count: 2 });
    expect(histogram?.bucketCounts?.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(histogram?.startTimeUnixNano).toBeGreaterThanOrEqual(created);
    // The old one goes on as it was.
    expect(valuesOf(counters(gateway.acme))).toEqual([3, 5]);
    for (const { signal, bytes } of late.requests)
      if (signal !== undefined) assertSameAsOfficial(signal, bytes);
  });

  it('of the operator is its own, too', async () => {
    const late = await receiver();
    const gateway = await startGateway(asAcme);
    await requests(gateway, 3);
    gateway.telemetry.setOperator([{ endpoint: gateway.operator.url }, { name: 'late', endpoint: late.url }]);
    await requests(gateway, 1);
    await gateway.flush();
    expect(valuesOf(counters(late))).toEqual([1]);
    expect(valuesOf(counters(gateway.operator))).toEqual([4]);
  });

  it('is new when the destination points elsewhere', async () => {
    const moved = await receiver();
    const gateway = await startGateway(asAcme);
    await requests(gateway, 3);
    await gateway.flush();
    gateway.telemetry.setTenant('acme', { endpoint: moved.url });
    await requests(gateway, 2);
    await gateway.flush();
    expect(valuesOf(counters(moved))).toEqual([2]);
    expect(counters(moved)[0]?.startTimeUnixNano).toBeGreaterThan(
      counters(gateway.acme)[0]?.timeUnixNano ?? 0n,
    );
  });

  it('stays when only its headers change', async () => {
    const gateway = await startGateway(asAcme);
    await requests(gateway, 3);
    await gateway.flush();
    gateway.telemetry.setTenant('acme', { endpoint: gateway.acme.url, headers: { 'x-key': 'new' } });
    await requests(gateway, 2);
    await gateway.flush();
    expect(valuesOf(counters(gateway.acme))).toEqual([3, 5]);
    expect(new Set(counters(gateway.acme).map((point) => point.startTimeUnixNano)).size).toBe(1);
  });

  it('is not disturbed by a slow twin: each destination settles its own readings', async () => {
    const slow = await receiver();
    const gateway = await startGateway(asAcme);
    gateway.telemetry.setTenant('acme', [
      { endpoint: gateway.acme.url, temporality: 'delta' },
      { name: 'slow', endpoint: slow.url, temporality: 'delta' },
    ]);
    slow.answerWith({ status: 404, signal: 'metrics', times: 2 });
    for (const count of [1, 2, 3]) {
      await requests(gateway, count);
      await gateway.flush();
    }
    expect(valuesOf(counters(gateway.acme))).toEqual([1, 2, 3]);
    expect(valuesOf(counters(slow))).toEqual([6]);
    expect(total(counters(slow))).toBe(total(counters(gateway.acme)));
  });
});
