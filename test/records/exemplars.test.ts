/** Exemplars: a slow request leads to its trace, at the operator. */
import { expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayOptions } from '../../src/index.js';
import type { FinishedRequest } from '../../src/model/finished-request.js';
import { Accumulation } from '../../src/signals/accumulation.js';
import { Exemplars, exemplarsSince, MAX_EXEMPLARS } from '../../src/signals/exemplars.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { histograms } from '../support/readings.js';

const SAMPLED = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
const UNSAMPLED = `00-${'3'.repeat(32)}-${'4'.repeat(16)}-00`;

function request(
  { telemetry }: Pick<TestGateway, 'telemetry'>,
  ageMs: number,
  traceparent = SAMPLED,
): { traceId: string; spanId: string } {
  const exchange = telemetry.begin({
    method: 'GET',
    url: '/',
    headers: { traceparent },
    startTimeMs: Date.now() - ageMs,
  });
  exchange.setTenant('acme');
  const { traceId, spanId } = exchange;
  exchange.end({ statusCode: 200 });
  return { traceId, spanId };
}

it('are in the operator’s histograms, one for a bucket, with value, time, trace and span', async () => {
  const gateway = await startGateway({ options: { metrics: { also: ['http.server.request.duration'] } } });
  const slow = request(gateway, 3_000);
  const slower = request(gateway, 6_000);
  await gateway.flush();
  for (const [name, unit] of [
    ['knoxcall.proxy.request.duration', 1],
    ['http.server.request.duration', 1_000],
  ] as const) {
    const point = gateway.operator.metricPoints.find((one) => one.name === name);
    expect(point?.exemplars).toHaveLength(2);
    for (const [index, { traceId, spanId }] of [slow, slower].entries()) {
      const exemplar = point?.exemplars[index];
      expect(exemplar).toMatchObject({ traceId, spanId, filteredAttributes: {} });
      expect(Math.abs(Number(exemplar?.value) * unit - (index + 1) * 3_000)).toBeLessThan(1_000);
      expect(exemplar?.timeUnixNano).toBeLessThanOrEqual(point?.timeUnixNano ?? 0n);
      expect(exemplar?.timeUnixNano).toBeGreaterThan(point?.startTimeUnixNano ?? 0n);
    }
    expect(gateway.operator.spans.map((span) => span.spanId)).toContain(slow.spanId);
  }
  expect(histograms(gateway.acme)).toHaveLength(1);
  expect(gateway.acme.metricPoints.flatMap(({ exemplars }) => exemplars)).toEqual([]);
});

it('are of sampled requests only', async () => {
  const gateway = await startGateway();
  request(gateway, 1, UNSAMPLED);
  await gateway.flush();
  expect(histograms(gateway.operator)[0]).toMatchObject({ count: 1, exemplars: [] });
  const { traceId } = request(gateway, 1);
  await gateway.flush();
  expect(histograms(gateway.operator)[1]?.exemplars).toMatchObject([{ traceId }]);
});

it('are also of requests whose trace is kept at the end', async () => {
  const gateway = await startGateway({
    options: { sampling: { keep: ({ latencyMs }) => latencyMs > 1_000 } },
  });
  request(gateway, 1, UNSAMPLED);
  const slow = request(gateway, 3_000, UNSAMPLED);
  await gateway.flush();
  const [point] = histograms(gateway.operator);
  expect(point?.exemplars).toMatchObject([slow]);
  expect(gateway.operator.spans.map(({ spanId }) => spanId)).toEqual([slow.spanId]);
});

it.each(['cumulative', 'delta'] as const)(
  'are told once, and again only if they were lost: %s',
  async (kind) => {
    const gateway = await startGateway({ operator: { temporality: kind } });
    const first = request(gateway, 3_000);
    gateway.operator.answerWith({ status: 404, signal: 'metrics', times: 1 });
    await gateway.flush();
    await gateway.flush();
    const second = request(gateway, 6_000);
    await gateway.flush();
    const told = histograms(gateway.operator).map(({ exemplars }) => exemplars.map(({ spanId }) => spanId));
    expect(told).toEqual([[first.spanId], [second.spanId]]);
  },
);

it.each<[GatewayOptions, readonly string[]]>([
  [{ metrics: { exemplars: false } }, []],
  [{ env: { OTEL_METRICS_EXEMPLAR_FILTER: 'always_off' }, metrics: { exemplars: true } }, []],
  [{ env: { OTEL_METRICS_EXEMPLAR_FILTER: 'Trace_Based' }, metrics: { exemplars: false } }, ['1']],
  [{ env: { OTEL_METRICS_EXEMPLAR_FILTER: 'always_on' } }, ['1', '3']],
  [{ env: { OTEL_METRICS_EXEMPLAR_FILTER: 'sometimes' } }, ['1']],
])('%o', async (options, expected) => {
  const gateway = await startGateway({ options });
  request(gateway, 3_000);
  request(gateway, 6_000, UNSAMPLED);
  await gateway.flush();
  const traces = histograms(gateway.operator).flatMap(({ exemplars }) =>
    exemplars.map(({ traceId }) => traceId[0]),
  );
  expect(traces).toEqual(expected);
  const isBad = JSON.stringify(options).includes('sometimes');
  const notices = gateway.telemetry.status().notices.map(({ message }) => message);
  expect(notices.some((message) => message.includes('OTEL_METRICS_EXEMPLAR_FILTER'))).toBe(isBad);
});

it('exemplars must be true or false', () => {
  expect(() => createGatewayTelemetry({ metrics: { exemplars: 'yes' as never } })).toThrow(
    'metrics.exemplars must be true or false',
  );
});

const finished = (spanId: number): FinishedRequest =>
  ({ endMs: 1, traceId: 'a'.repeat(32), spanId: String(spanId), traceFlags: 1 }) as FinishedRequest;

it('are held with the same chance, whenever they come', () => {
  const wins = new Array<number>(10).fill(0);
  for (let round = 0; round < 4_000; round++) {
    const exemplars = new Exemplars('trace_based');
    const series = new Accumulation(0, 1);
    for (let index = 0; index < 10; index++) {
      series.add(1, [], index + 1, 0);
      exemplars.offer(series, 0, 1, finished(index));
    }
    const [winner] = exemplarsSince(series, 0) ?? [];
    const index = Number(winner?.spanId);
    wins[index] = (wins[index] ?? 0) + 1;
  }
  for (const count of wins) expect(count).toBeGreaterThan(280);
});

it('have a bound over all series, and make room when they have been told', () => {
  const exemplars = new Exemplars('trace_based');
  const all = Array.from({ length: MAX_EXEMPLARS + 100 }, () => new Accumulation(0, 1));
  all.forEach((series, index) => {
    series.add(1, [], index + 1, 0);
    exemplars.offer(series, 0, 1, finished(index));
  });
  expect(exemplars.held).toBe(MAX_EXEMPLARS);
  for (const series of all) exemplars.release(series, 10);
  expect(exemplars.held).toBe(MAX_EXEMPLARS - 10);
  for (const series of all) exemplars.release(series, Number.POSITIVE_INFINITY);
  expect(exemplars.held).toBe(0);
  expect(all.every((series) => series.exemplars === undefined)).toBe(true);
});
