import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { METRIC_ATTRIBUTES } from '../../src/model/metric-choices.js';
import { namesFor } from '../../src/model/names.js';
import { createEncoders } from '../../src/otlp/encoders.js';
import { SeriesReading } from '../../src/signals/metric-reading.js';
import { Exemplars } from '../../src/signals/exemplars.js';
import { createRequestMetrics } from '../../src/signals/request-metrics.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, histograms, newest, total } from '../support/readings.js';

const OVERFLOW = 'otel.metric.overflow';

/** Tenant and route come from the path: `/acme/orders`. */
async function start(
  metrics: NonNullable<GatewayOptions['metrics']>,
  temporality: 'cumulative' | 'delta' = 'cumulative',
): Promise<TestGateway> {
  const part = (url: string | undefined, index: number): string | undefined => url?.split('/')[index];
  return startGateway({
    options: { metrics },
    operator: { temporality },
    acme: { temporality },
    adapter: {
      tenant: (request) => part(request.url, 1) || undefined,
      route: (request) => part(request.url, 2) || undefined,
    },
  });
}

async function requests(gateway: TestGateway, paths: readonly string[]): Promise<void> {
  for (const path of paths) await send(gateway.url + path);
  await gateway.idle();
}

const routes = (count: number, tenant: string): string[] =>
  Array.from({ length: count }, (_unused, index) => `/${tenant}/r${index}`);

const overflowOf = (points: readonly ReceivedMetricPoint[]): readonly ReceivedMetricPoint[] =>
  points.filter(({ attributes }) => attributes[OVERFLOW] === true);

describe('the cap of series', () => {
  it('per tenant folds further series into one, and the totals stay right', async () => {
    const gateway = await start({ maxSeriesPerTenant: 3 });
    await requests(gateway, [...routes(8, 'acme'), ...routes(8, 'acme'), ...routes(2, 'globex')]);
    await gateway.flush();
    for (const points of [counters(gateway.acme), histograms(gateway.acme)]) {
      expect(points).toHaveLength(4);
      expect(overflowOf(points)).toHaveLength(1);
      expect({ ...overflowOf(points)[0]?.attributes }).toEqual({ [OVERFLOW]: true });
      expect(total(overflowOf(points))).toBe(10);
      expect(total(points)).toBe(16);
    }
    // The other tenant has all of its own.
    expect(counters(gateway.globex)).toHaveLength(2);
    expect(overflowOf(counters(gateway.globex))).toEqual([]);
    for (const points of [counters(gateway.operator), histograms(gateway.operator)]) {
      expect({ ...overflowOf(points)[0]?.attributes }).toEqual({ [OVERFLOW]: true });
      expect(total(points)).toBe(18);
      expect(points).toHaveLength(3 + 2 + 1);
    }
  });

  it('of the operator folds too, while every tenant keeps its own series', async () => {
    const gateway = await start({ maxSeries: 4 });
    await requests(gateway, [...routes(3, 'acme'), ...routes(3, 'globex'), '//', ...routes(3, 'globex')]);
    await gateway.flush();
    const points = counters(gateway.operator);
    expect(points).toHaveLength(5);
    expect(overflowOf(points)).toHaveLength(1);
    expect(total(points)).toBe(10);
    expect(total(histograms(gateway.operator))).toBe(10);
    expect(total(overflowOf(points))).toBe(2 * 2 + 1);
    expect(valuesByRoute(counters(gateway.acme))).toEqual({ r0: 1, r1: 1, r2: 1 });
    expect(valuesByRoute(counters(gateway.globex))).toEqual({ r0: 2, r1: 2, r2: 2 });
  });

  it('holds against tenants that somebody invents', async () => {
    const gateway = await start({ maxSeries: 5 });
    const invented = Array.from({ length: 40 }, (_unused, index) => `/invented-${index}/r`);
    await requests(gateway, [...invented, ...routes(2, 'acme')]);
    await gateway.flush();
    expect(counters(gateway.operator)).toHaveLength(6);
    expect(total(counters(gateway.operator))).toBe(42);
    expect(valuesByRoute(counters(gateway.acme))).toEqual({ r0: 1, r1: 1 });
  });

  it.each(['cumulative', 'delta'] as const)('keeps the overflow’s totals over readings: %s', async (kind) => {
    const gateway = await start({ maxSeriesPerTenant: 1 }, kind);
    await requests(gateway, routes(4, 'acme'));
    await gateway.flush();
    await requests(gateway, routes(5, 'acme'));
    await gateway.flush();
    const expected = kind === 'delta' ? [3, 4] : [3, 7];
    for (const receiver of [gateway.acme, gateway.operator]) {
      expect(overflowOf(counters(receiver)).map(({ value }) => value)).toEqual(expected);
    }
  });
});

describe('a series that does not change', () => {
  const FORGET_AFTER_MS = 1_000;

  it.each(['cumulative', 'delta'] as const)(
    'is forgotten after its last reading, and starts anew: %s',
    async (kind) => {
      const gateway = await start({ forgetAfterMs: FORGET_AFTER_MS }, kind);
      await requests(gateway, ['/acme/old', '/acme/old']);
      await gateway.flush();
      await pause(FORGET_AFTER_MS + 50);
      await requests(gateway, ['/acme/young']);
      await gateway.flush();
      for (const receiver of [gateway.operator, gateway.acme]) {
        expect(counters(receiver).map(({ attributes }) => attributes['knoxcall.route_name'])).toEqual([
          'old',
          'young',
        ]);
      }
      await requests(gateway, ['/acme/old']);
      await gateway.flush();
      for (const receiver of [gateway.operator, gateway.acme]) {
        const points = counters(receiver).filter(
          ({ attributes }) => attributes['knoxcall.route_name'] === 'old',
        );
        expect(points.map(({ value }) => value)).toEqual([2, 1]);
        expect(points[1]?.startTimeUnixNano).toBeGreaterThanOrEqual(points[0]?.timeUnixNano ?? 0n);
        expect(points[1]?.timeUnixNano).toBeGreaterThan(points[1]?.startTimeUnixNano ?? 0n);
        const [first, second] = histograms(receiver).filter(
          ({ attributes }) => attributes['knoxcall.route_name'] === 'old',
        );
        expect([first?.count, second?.count]).toEqual([2, 1]);
      }
    },
  );

  it('is not forgotten before everyone has its last state', async () => {
    const gateway = await start({ forgetAfterMs: FORGET_AFTER_MS });
    gateway.acme.answerWith({ status: 404, signal: 'metrics' });
    await requests(gateway, ['/acme/old', '/acme/old']);
    await gateway.flush();
    await pause(FORGET_AFTER_MS + 50);
    await gateway.flush();
    gateway.acme.answerWith({ signal: 'metrics' });
    await gateway.flush();
    expect(counters(gateway.acme).map(({ value }) => value)).toEqual([2]);
  });

  it('makes room for others once it is forgotten', async () => {
    const gateway = await start({ forgetAfterMs: FORGET_AFTER_MS, maxSeriesPerTenant: 2, maxSeries: 2 });
    await requests(gateway, routes(2, 'acme'));
    await gateway.flush();
    await pause(FORGET_AFTER_MS + 50);
    await gateway.flush();
    await requests(gateway, ['/acme/new-0', '/acme/new-1']);
    await gateway.flush();
    for (const receiver of [gateway.operator, gateway.acme]) {
      expect(overflowOf(counters(receiver))).toEqual([]);
      expect(newest(counters(receiver))).toHaveLength(4);
    }
  });
});

function valuesByRoute(points: readonly ReceivedMetricPoint[]): Record<string, unknown> {
  return Object.fromEntries(
    points.map(({ attributes, value }) => [String(attributes['knoxcall.route_name']), value]),
  );
}

it('is forgotten only where it is known: 10,000 tenants that fall silent together cost no pause', () => {
  let atMs = 0;
  const metrics = createRequestMetrics({
    names: namesFor('test'),
    durationBoundariesMs: [1],
    maxSeriesPerTenant: 10,
    maxSeries: 1_000,
    forgetAfterMs: 1_000,
    scope: { name: 'test', version: '1', bytes: new Uint8Array() },
    encoders: createEncoders(),
    attributes: METRIC_ATTRIBUTES,
    tenantLabels: undefined,
    exemplars: new Exemplars('always_off'),
    nowMs: () => atMs,
  });
  const readings = Array.from({ length: 100 }, (_, index) => metrics.openReading(`t${index}`, 'delta'));
  for (let index = 0; index < 100; index++) {
    const outcome = { statusCode: 200, isError: false };
    metrics.record({ tenantId: `t${index}`, latencyMs: 1, startMs: 0, endMs: 1, outcome } as never);
  }
  for (const reading of readings) for (const part of reading.take(2)) part.settle('accepted');
  const forget = vi.spyOn(SeriesReading.prototype, 'forget');
  atMs = 10_000;
  const steps = metrics.sweep();
  let most = 0;
  for (let before = 100; steps.next().done !== true; before = metrics.visibleSeries)
    most = Math.max(most, before - metrics.visibleSeries);
  expect(metrics.visibleSeries).toBe(0);
  expect(most, 'series forgotten in one step').toBe(1);
  expect(forget).toHaveBeenCalledTimes(100);
  forget.mockRestore();
});
