/** T31: whatever clients invent, the series stay at their caps, and nobody else's change. With every metric there is. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayTelemetry, MetricOptions } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { total } from '../support/readings.js';
import { heapBytes } from './heap.js';
import { createRandom, figure } from './support.js';

/** A real one whose host lets clients choose the route. */
const CARELESS = 'careless';
const ROUTES = ['orders', 'payments'];
const STATUSES = [200, 503];
const FORGET_AFTER_MS = 1_000;
const MAX_GROWTH_BYTES = 10 * 1024 * 1024;

const METRICS: MetricOptions = {
  intervalMs: 86_400_000,
  forgetAfterMs: FORGET_AFTER_MS,
  attribution: ['team', 'customer', 'project'],
  also: [
    'http.server.request.duration',
    'http.server.active_requests',
    'http.server.request.body.size',
    'http.server.response.body.size',
    'upstream_duration',
    'gateway_duration',
  ],
};

export interface FloodSize {
  /** With invented names. */
  readonly requests: number;
  readonly realTenants: number;
  readonly maxSeries: number;
  readonly maxSeriesPerMetric: number;
}

/** The most that the operator may get of each, the overflow series aside. */
const capsOf = ({ maxSeries, maxSeriesPerMetric }: FloodSize): Readonly<Record<string, number>> => ({
  'knoxcall.proxy.requests': maxSeries,
  'knoxcall.proxy.request.duration': maxSeries,
  'http.server.request.duration': maxSeriesPerMetric,
  'knoxcall.proxy.upstream.duration': maxSeriesPerMetric,
  'knoxcall.proxy.gateway.duration': maxSeriesPerMetric,
  'knoxcall.cost': maxSeriesPerMetric,
});

/** Each real tenant once with every route and status. */
function realTraffic(telemetry: GatewayTelemetry, tenants: readonly string[]): void {
  for (const tenant of tenants)
    for (const route of ROUTES)
      for (const statusCode of STATUSES) {
        const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
        exchange.setTenant(tenant);
        exchange.setRoute(route);
        exchange.end({ statusCode });
      }
}

/** One request of which a client has chosen whatever it can. */
function inventedRequest(telemetry: GatewayTelemetry, random: () => number): void {
  const below = (most: number): number => Math.floor(random() * most);
  const word = below(2 ** 48).toString(36);
  const kind = below(4);
  const exchange = telemetry.begin({
    method: kind === 0 ? word.toUpperCase() : (['GET', 'POST', 'PUT', 'DELETE'][below(4)] ?? 'GET'),
    url: `/${word}/${word}?q=${word}`,
    protocolVersion: ['1.0', '1.1', '2.0'][below(3)] ?? '1.1',
    headers: {
      host: `${word}.example`,
      'user-agent': `agent ${word}`,
      traceparent: `00-${below(2 ** 48)
        .toString(16)
        .padStart(32, '1')}-${'2'.repeat(16)}-01`,
    },
  });
  if (kind === 1) {
    exchange.setTenant(CARELESS);
    exchange.setRoute(word);
  } else if (kind > 1) exchange.setTenant(`invented-${word}`);
  exchange.setUpstream({ latencyMs: below(50) });
  exchange.setAttribution({ customerId: word });
  exchange.recordCost({ amount: 1, model: word });
  exchange.end({ statusCode: 200 + below(400) });
}

const ofMetric = (receiver: OtlpReceiver, isWanted: (point: ReceivedMetricPoint) => boolean) => {
  const byName = new Map<string, ReceivedMetricPoint[]>();
  for (const point of receiver.metricPoints) {
    if (!isWanted(point)) continue;
    const points = byName.get(point.name) ?? [];
    byName.set(point.name, points);
    points.push(point);
  }
  return byName;
};

const isOverflow = ({ attributes }: ReceivedMetricPoint): boolean =>
  attributes['otel.metric.overflow'] === true;

/** Real tenants have been twice before this, and everything else once. */
function expectCaps(receiver: OtlpReceiver, size: FloodSize, tenants: readonly string[]): void {
  const flood = size.requests;
  const ownerOf = ({ resource }: ReceivedMetricPoint): unknown => resource['test.owner'];
  const atOperator = ofMetric(receiver, (point) => ownerOf(point) === 'operator');
  for (const [name, cap] of Object.entries(capsOf(size))) {
    const points = atOperator.get(name) ?? [];
    expect(points.filter(isOverflow), `overflow series of ${name}`).toHaveLength(1);
    expect(points.length, name).toBe(cap + 1);
  }
  const requests = flood + 2 * tenants.length * ROUTES.length * STATUSES.length;
  for (const name of ['knoxcall.proxy.requests', 'http.server.request.duration'])
    expect(total(atOperator.get(name) ?? []), name).toBe(requests);
  expect(total(atOperator.get('knoxcall.cost') ?? [])).toBe(flood);
  expect(total(atOperator.get('knoxcall.proxy.upstream.duration') ?? [])).toBe(flood);
  const byTenant = new Map<unknown, ReceivedMetricPoint[]>();
  for (const point of receiver.metricPoints) {
    if (point.name !== 'knoxcall.proxy.requests') continue;
    const points = byTenant.get(ownerOf(point)) ?? [];
    byTenant.set(ownerOf(point), points);
    points.push(point);
  }
  for (const tenant of tenants) {
    const points = byTenant.get(tenant) ?? [];
    expect(
      points.map(({ value }) => value),
      tenant,
    ).toEqual([2, 2, 2, 2]);
    expect(points.some(isOverflow), tenant).toBe(false);
  }
  expect(byTenant.get(CARELESS)).toHaveLength(201);
  expect(byTenant.size).toBe(tenants.length + 2);
}

/** The whole scenario. */
export async function floodOfNames(size: FloodSize): Promise<void> {
  const { requests: flood, realTenants, maxSeries, maxSeriesPerMetric } = size;
  const real = Array.from({ length: realTenants }, (_unused, index) => `real-${index}`);
  const receiver = await startOtlpReceiver();
  const tenantOf = (id: string) =>
    [
      id,
      { endpoint: receiver.url, signals: { logs: false }, resourceAttributes: { 'test.owner': id } },
    ] as const;
  const telemetry = createGatewayTelemetry({
    env: false,
    // One origin for all of them, at once.
    tenantEgress: { policy: 'open', trustedOrigins: [receiver.url] },
    delivery: { cpuShareOfTenants: 1 },
    resourceAttributes: { 'test.owner': 'operator' },
    metrics: { ...METRICS, maxSeries, maxSeriesPerMetric },
    operator: { endpoint: receiver.url, signals: { traces: false, logs: false } },
    tenants: Object.fromEntries([...real, CARELESS].map(tenantOf)),
  });
  const flush = async (): Promise<void> => {
    let complete = false;
    for (let round = 0; round < 20 && !complete; round++)
      ({ complete } = await telemetry.flush({ timeoutMs: 30_000 }));
    expect(complete).toBe(true);
  };
  try {
    realTraffic(telemetry, real);
    await flush();
    receiver.reset();
    const before = await heapBytes();
    const random = createRandom(31);
    for (let number = 0; number < flood; number++) {
      if (number % 1_000 === 0) await turn();
      inventedRequest(telemetry, random);
    }
    realTraffic(telemetry, real);
    const atCaps = (await heapBytes()) - before;
    await flush();
    expectCaps(receiver, size, real);
    receiver.reset();
    await pause(FORGET_AFTER_MS + 50);
    await flush();
    await flush();
    receiver.reset();
    const settled = (await heapBytes()) - before;
    figure('T31', `${flood} requests: heap +${mib(atCaps)} MiB at the caps, +${mib(settled)} MiB afterwards`);
    expect(settled).toBeLessThan(MAX_GROWTH_BYTES);
    // At the caps with the defaults: 5,000 series of about 500 bytes, and 8,000 of 800 with keys and attributes.
    expect(atCaps).toBeLessThan(2 * MAX_GROWTH_BYTES);
  } finally {
    await telemetry.shutdown({ timeoutMs: 10_000 });
    await receiver.close();
  }
}

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
