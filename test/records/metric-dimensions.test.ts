/** `metrics.attributes` and `metrics.operatorTenantDimension`: what series show, and which of them become one. */
import { describe, expect, it, vi } from 'vitest';
import type { MetricOptions } from '../../src/index.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, histograms, newest, total } from '../support/readings.js';

/** Tenant, route and status come from the path: `/acme/orders/404`. */
function start(
  metrics: MetricOptions,
  temporality: 'cumulative' | 'delta' = 'cumulative',
): Promise<TestGateway> {
  const part = (url: string | undefined, index: number): string | undefined => url?.split('/')[index];
  return startGateway({
    options: { metrics, environment: 'test' },
    operator: { temporality, signals: { traces: false, logs: false } },
    acme: { temporality, signals: { logs: false } },
    adapter: {
      tenant: (request) => part(request.url, 1) || undefined,
      route: (request) => part(request.url, 2) || undefined,
    },
    listener: (request, response) => {
      response.statusCode = Number(part(request.url, 3) ?? 200);
      response.end();
    },
  });
}

async function requests(gateway: TestGateway, paths: readonly string[]): Promise<void> {
  for (const path of paths) await send(gateway.url + path);
  await gateway.flush();
}

const attributesOf = (points: readonly ReceivedMetricPoint[]): unknown[] =>
  points.map(({ attributes, value, count }) => ({ ...attributes, requests: value ?? count }));

const NAMED = ['/acme/a/200', '/acme/b/201', '/acme/b/404', '/acme/a/503'];

describe('metrics.attributes', () => {
  it('leave out what is not listed, for operator and tenant, and merge series', async () => {
    const gateway = await start({ attributes: ['http.response.status_class', 'environment'] });
    await requests(gateway, NAMED);
    for (const [receiver, own] of [
      [gateway.acme, {}],
      [gateway.operator, { 'knoxcall.tenant_id': 'acme' }],
    ] as const)
      for (const points of [counters(receiver), histograms(receiver)]) {
        const shared = { 'knoxcall.environment': 'test', ...own };
        expect(attributesOf(points)).toEqual([
          { ...shared, 'http.response.status_class': '2xx', requests: 2 },
          { ...shared, 'http.response.status_class': '4xx', requests: 1 },
          { ...shared, 'http.response.status_class': '5xx', requests: 1 },
        ]);
      }
  });

  it.each<[NonNullable<MetricOptions['attributes']>, object[]]>([
    [[], [{ requests: 4 }]],
    [
      ['error'],
      [
        { error: false, requests: 3 },
        { error: true, requests: 1 },
      ],
    ],
    [
      ['route_name'],
      [
        { 'knoxcall.route_name': 'a', requests: 2 },
        { 'knoxcall.route_name': 'b', requests: 2 },
      ],
    ],
    [
      ['http.response.status_code'],
      [200, 201, 404, 503].map((code) => ({ 'http.response.status_code': code, requests: 1 })),
    ],
  ])('%j', async (attributes, expected) => {
    const gateway = await start({ attributes });
    await requests(gateway, NAMED);
    expect(attributesOf(counters(gateway.acme))).toEqual(expected);
  });
});

describe('metrics.operatorTenantDimension', () => {
  it.each(['cumulative', 'delta'] as const)(
    'false: the operator has one series for all tenants, tenants their own: %s',
    async (kind) => {
      const gateway = await start({ operatorTenantDimension: false, attributes: ['route_name'] }, kind);
      await requests(gateway, ['/acme/r', '/acme/r', '/globex/r', '/nobody/r', '//r']);
      await requests(gateway, ['/acme/r', '/globex/r']);
      const isDelta = kind === 'delta';
      for (const points of [counters(gateway.operator), histograms(gateway.operator)]) {
        for (const { attributes } of points)
          expect({ ...attributes }).toEqual({ 'knoxcall.route_name': 'r' });
        expect(points.map(({ value, count }) => value ?? count)).toEqual(isDelta ? [5, 2] : [5, 7]);
      }
      expect(counters(gateway.acme).map(({ value }) => value)).toEqual(isDelta ? [2, 1] : [2, 3]);
      expect(counters(gateway.globex).map(({ value }) => value)).toEqual([1, 2]);
      for (const { attributes } of [...counters(gateway.acme), ...counters(gateway.globex)])
        expect({ ...attributes }).toEqual({ 'knoxcall.route_name': 'r' });
    },
  );

  it('a function gives the label, and is asked once for each tenant', async () => {
    const label = vi.fn((id: string) =>
      id.startsWith('small') ? 'free' : id === 'none' ? undefined : 'paid',
    );
    const gateway = await start({ operatorTenantDimension: label, attributes: [] });
    await requests(gateway, ['/small-1/', '/small-2/', '/acme/', '/globex/', '/none/', '/acme/', '//']);
    const byLabel = counters(gateway.operator).map(({ attributes, value }) => [
      attributes['knoxcall.tenant_id'],
      value,
    ]);
    expect(Object.fromEntries(byLabel)).toEqual({ free: 2, paid: 3, undefined: 2 });
    expect(label.mock.calls.map(([id]) => id)).toEqual(['small-1', 'small-2', 'acme', 'globex', 'none']);
    expect(counters(gateway.acme).map(({ value }) => value)).toEqual([2]);
    expect(counters(gateway.acme)[0]?.attributes['knoxcall.tenant_id']).toBeUndefined();
  });

  it.each<[string, (id: string) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['gives an object', () => ({})],
    ['gives a number', () => 5],
    ['gives an empty text', () => ''],
    ['gives a text of 129 bytes', () => 'x'.repeat(129)],
    ['rejects', () => Promise.reject(new Error('later'))],
    [
      'gives what cannot be read',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('no');
            },
          },
        ),
    ],
  ])('a function that %s is reported, and there is no label', async (_what, answer) => {
    const dimension = answer as (id: string) => string;
    const gateway = await start({ operatorTenantDimension: dimension, attributes: [] });
    await requests(gateway, ['/acme/', '/acme/']);
    expect(attributesOf(counters(gateway.operator))).toEqual([{ requests: 2 }]);
    expect(counters(gateway.acme).map(({ value }) => value)).toEqual([2]);
    const told = gateway.diagnostics.filter(({ message }) => message.includes('operatorTenantDimension'));
    expect(told).toMatchObject([{ code: 'callback_failed' }]);
  });

  it.each([true, false, (id: string) => `label of ${id}`])(
    'keeps ten thousand invented tenants within the caps: %s',
    async (operatorTenantDimension) => {
      const gateway = await start({ operatorTenantDimension, maxSeries: 50 });
      const request = (tenantId: string): void => {
        const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
        exchange.setTenant(tenantId);
        exchange.end({ statusCode: 200 });
      };
      request('acme');
      for (let number = 0; number < 10_000; number++) request(`invented-${number}`);
      request('acme');
      await gateway.flush();
      const points = newest(counters(gateway.operator));
      expect(total(points)).toBe(10_002);
      expect(points).toHaveLength(operatorTenantDimension === false ? 1 : 51);
      expect(attributesOf(counters(gateway.acme))).toEqual([
        {
          'http.response.status_code': 200,
          'http.response.status_class': '2xx',
          'knoxcall.environment': 'test',
          error: false,
          requests: 2,
        },
      ]);
    },
  );

  it('false: a tenant has its cap and overflow, and the operator sees all of its routes', async () => {
    const gateway = await start({ operatorTenantDimension: false, maxSeriesPerTenant: 2 });
    await requests(gateway, ['/acme/a', '/acme/b', '/acme/c', '/acme/d', '/globex/a']);
    expect(counters(gateway.acme)).toHaveLength(3);
    expect(total(counters(gateway.acme))).toBe(4);
    expect(counters(gateway.operator)).toHaveLength(4);
    expect(total(counters(gateway.operator))).toBe(5);
  });

  it('false: what does not change is forgotten, on both sides', async () => {
    const gateway = await start({ operatorTenantDimension: false, forgetAfterMs: 1_000, maxSeries: 1 });
    await requests(gateway, ['/acme/old']);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await gateway.flush();
    await requests(gateway, ['/acme/young']);
    for (const receiver of [gateway.operator, gateway.acme])
      expect(counters(receiver).map(({ attributes }) => attributes['knoxcall.route_name'])).toEqual([
        'old',
        'young',
      ]);
  });
});
