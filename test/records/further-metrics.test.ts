/** `metrics.also`: what the operator gets beside the two metrics of every request. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { GatewayOptions, MetricOptions } from '../../src/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

type Also = NonNullable<MetricOptions['also']>;

const EVERYTHING: Also = [
  'http.server.request.duration',
  'http.server.active_requests',
  'http.server.request.body.size',
  'http.server.response.body.size',
  'upstream_duration',
  'gateway_duration',
];

/** The path says what happens: `/status/{code}`, `/upstream/{latency}`, `/hang`. */
function start(
  also: Also,
  options: Omit<GatewayOptions, 'operator' | 'tenants' | 'metrics'> & { metrics?: MetricOptions } = {},
  temporality: 'cumulative' | 'delta' = 'cumulative',
): Promise<TestGateway> {
  return startGateway({
    options: { ...options, metrics: { ...options.metrics, also } },
    operator: { temporality },
    adapter: { tenant: 'acme', route: 'orders' },
    listener: (request, response, exchange) => {
      const [, what, value = '200'] = request.url?.split('/') ?? [];
      if (what === 'hang') return;
      if (what === 'upstream') exchange.setUpstream({ address: 'up.example', latencyMs: Number(value) });
      response.statusCode = what === 'status' ? Number(value) : 200;
      request.resume().on('end', () => response.end('twelve bytes'));
    },
  });
}

const named = (receiver: OtlpReceiver, name: string): readonly ReceivedMetricPoint[] =>
  receiver.metricPoints.filter((point) => point.name === name);

const NAMES = [
  'http.server.request.duration',
  'http.server.active_requests',
  'http.server.request.body.size',
  'http.server.response.body.size',
  'knoxcall.proxy.upstream.duration',
  'knoxcall.proxy.gateway.duration',
];

it('none of them is there by default, and no tenant ever has one', async () => {
  const without = await start([]);
  await send(`${without.url}/upstream/5`);
  await without.flush();
  for (const name of NAMES) expect(named(without.operator, name)).toEqual([]);
  const gateway = await start(EVERYTHING);
  await send(`${gateway.url}/upstream/5`);
  void send(`${gateway.url}/hang`).catch(() => undefined);
  while (gateway.telemetry.status().openExchanges === 0) await pause(2);
  await gateway.telemetry.flush();
  for (const name of NAMES) {
    expect(named(gateway.operator, name).length, name).toBeGreaterThan(0);
    expect(named(gateway.acme, name)).toEqual([]);
  }
  expect(gateway.acme.metricPoints.flatMap(({ exemplars }) => exemplars)).toEqual([]);
});

it('http.server.request.duration is as the conventions have it, and as long as the SERVER span', async () => {
  const gateway = await start(['http.server.request.duration'], { longLived: 'headers' });
  await send(`${gateway.url}/status/204`);
  await send(`${gateway.url}/status/503`, { method: 'POST' });
  await gateway.flush();
  const points = named(gateway.operator, 'http.server.request.duration');
  expect(points[0]).toMatchObject({ type: 'histogram', unit: 's', temporality: 'cumulative' });
  expect(points[0]?.explicitBounds).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]);
  const attributes = points.map((point) => ({ ...point.attributes }));
  expect(attributes).toContainEqual({
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'http.response.status_code': 204,
    'network.protocol.version': '1.1',
  });
  expect(attributes).toContainEqual({
    'http.request.method': 'POST',
    'url.scheme': 'http',
    'http.response.status_code': 503,
    'error.type': '503',
    'network.protocol.version': '1.1',
  });
  const span = gateway.operator.spans.find((one) => one.attributes['http.response.status_code'] === 204);
  const point = points.find((one) => one.attributes['http.response.status_code'] === 204);
  const spanMs = Number((span?.endTimeUnixNano ?? 0n) - (span?.startTimeUnixNano ?? 0n)) / 1e6;
  expect((point?.sum ?? 0) * 1000).toBeCloseTo(spanMs, 2);
});

it('http.route is the template, and the value is the whole time also of long answers', async () => {
  const gateway = await start(['http.server.request.duration', 'gateway_duration']);
  const exchange = gateway.telemetry.begin({
    method: 'GET',
    url: '/orders/1',
    headers: {},
    startTimeMs: Date.now() - 2_000,
    scheme: 'https',
    protocolVersion: '2.0',
  });
  (exchange as unknown as { setHttpRoute(route: string): void }).setHttpRoute('/orders/:id');
  exchange.setUpstream({ latencyMs: 1_500 });
  exchange.end({ statusCode: 200 });
  await gateway.flush();
  const [point] = named(gateway.operator, 'http.server.request.duration');
  expect({ ...point?.attributes }).toEqual({
    'http.request.method': 'GET',
    'url.scheme': 'https',
    'http.response.status_code': 200,
    'http.route': '/orders/:id',
    'network.protocol.version': '2',
  });
  expect(point?.sum).toBeGreaterThan(1.9);
  expect(point?.sum).toBeLessThan(10);
  const [own] = named(gateway.operator, 'knoxcall.proxy.gateway.duration');
  expect(own?.sum).toBeCloseTo((point?.sum ?? 0) * 1000 - 1_500, 3);
});

it('body sizes are counted without the option bodySizes', async () => {
  const gateway = await start(['http.server.request.body.size', 'http.server.response.body.size']);
  await send(`${gateway.url}/x`, { method: 'POST', body: 'x'.repeat(2_000) });
  await gateway.flush();
  const [request] = named(gateway.operator, 'http.server.request.body.size');
  const [response] = named(gateway.operator, 'http.server.response.body.size');
  expect(request).toMatchObject({ type: 'histogram', unit: 'By', count: 1, sum: 2_000 });
  expect(response).toMatchObject({ type: 'histogram', unit: 'By', count: 1, sum: 'twelve bytes'.length });
  expect(Object.keys({ ...request?.attributes }).sort()).toEqual([
    'http.request.method',
    'http.response.status_code',
    'network.protocol.version',
    'url.scheme',
  ]);
});

it('upstream and gateway share the time, where the upstream’s is known', async () => {
  const gateway = await start(['upstream_duration', 'gateway_duration']);
  await send(`${gateway.url}/status/200`);
  await gateway.flush();
  expect(named(gateway.operator, 'knoxcall.proxy.upstream.duration')).toEqual([]);
  await send(`${gateway.url}/upstream/0.25`);
  await gateway.flush();
  const [upstream] = named(gateway.operator, 'knoxcall.proxy.upstream.duration');
  const [own] = named(gateway.operator, 'knoxcall.proxy.gateway.duration');
  expect(upstream).toMatchObject({ unit: 'ms', type: 'histogram', count: 1, sum: 0.25 });
  expect(own).toMatchObject({ unit: 'ms', type: 'histogram', count: 1 });
  const attributes = { 'knoxcall.route_name': 'orders', 'knoxcall.tenant_id': 'acme' };
  for (const point of [upstream, own]) expect({ ...point?.attributes }).toEqual(attributes);
});

it.each([false, () => 'gold'] as const)(
  'their tenant follows operatorTenantDimension: %s',
  async (dimension) => {
    const gateway = await start(['upstream_duration'], { metrics: { operatorTenantDimension: dimension } });
    await send(`${gateway.url}/upstream/1`);
    await gateway.flush();
    const [upstream] = named(gateway.operator, 'knoxcall.proxy.upstream.duration');
    expect({ ...upstream?.attributes }).toEqual({
      'knoxcall.route_name': 'orders',
      ...(dimension !== false && { 'knoxcall.tenant_id': 'gold' }),
    });
  },
);

it.each(['cumulative', 'delta'] as const)(
  'http.server.active_requests tells what is open, and then that nothing is: %s',
  async (temporality) => {
    const gateway = await start(['http.server.active_requests'], {}, temporality);
    const hanging = [1, 2, 3].map(() => send(`${gateway.url}/hang`).catch(() => undefined));
    while (gateway.telemetry.status().openExchanges < 3) await pause(2);
    await gateway.telemetry.flush();
    gateway.server.closeAllConnections();
    await Promise.all(hanging);
    await gateway.flush();
    await gateway.flush();
    const points = named(gateway.operator, 'http.server.active_requests');
    expect(points.map(({ value }) => value)).toEqual([3, 0]);
    for (const point of points) {
      expect(point).toMatchObject({
        type: 'sum',
        isMonotonic: false,
        temporality: 'cumulative',
        unit: '{request}',
      });
      expect({ ...point.attributes }).toEqual({ 'http.request.method': 'GET', 'url.scheme': 'http' });
    }
    expect(points[1]?.startTimeUnixNano).toBe(points[0]?.startTimeUnixNano);
  },
);

it.each(['cumulative', 'delta'] as const)('follow the destination’s temporality: %s', async (temporality) => {
  const gateway = await start(['http.server.request.duration'], {}, temporality);
  const visit = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) await send(`${gateway.url}/status/200`);
    await gateway.flush();
  };
  await visit(2);
  gateway.operator.answerWith({ status: 404, signal: 'metrics' });
  await visit(1);
  gateway.operator.answerWith({ signal: 'metrics' });
  await visit(1);
  const points = named(gateway.operator, 'http.server.request.duration');
  expect(points.map(({ count }) => count)).toEqual(temporality === 'delta' ? [2, 2] : [2, 4]);
  expect(new Set(points.map((point) => point.temporality))).toEqual(new Set([temporality]));
  if (temporality === 'delta') expect(points[1]?.startTimeUnixNano).toBe(points[0]?.timeUnixNano);
});

it('have a cap of series each, an overflow series, and are forgotten', async () => {
  const gateway = await start(['upstream_duration'], {
    metrics: { maxSeriesPerMetric: 3, forgetAfterMs: 1_000 },
  });
  const request = (route: string): void => {
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setRoute(route);
    exchange.setUpstream({ latencyMs: 1 });
    exchange.end({ statusCode: 200 });
  };
  for (let number = 0; number < 10; number++) request(`r${number}`);
  await gateway.flush();
  const points = named(gateway.operator, 'knoxcall.proxy.upstream.duration');
  expect(points).toHaveLength(4);
  const overflow = points.filter(({ attributes }) => attributes['otel.metric.overflow'] === true);
  expect(overflow.map(({ count }) => count)).toEqual([7]);
  expect({ ...overflow[0]?.attributes }).toEqual({ 'otel.metric.overflow': true });
  await pause(1_050);
  await gateway.flush();
  request('young');
  await gateway.flush();
  const young = named(gateway.operator, 'knoxcall.proxy.upstream.duration').find(
    ({ attributes }) => attributes['knoxcall.route_name'] === 'young',
  );
  expect(young?.count).toBe(1);
});
