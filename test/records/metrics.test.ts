import { describe, expect, it } from 'vitest';
import { until } from '../support/deferred.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, histograms, newest, total } from '../support/readings.js';

const DEFAULT_BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** Answers with the status that the path names. */
const STATUS_BY_PATH: GatewaySetup = {
  adapter: { tenant: (request) => request.headers['x-tenant'], route: 'orders', environment: 'production' },
  listener(request, response) {
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  },
};

describe('the request metrics', () => {
  it('are a counter of requests and a histogram of milliseconds', async () => {
    const gateway = await startGateway(STATUS_BY_PATH);
    await send(`${gateway.url}/200`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    for (const receiver of [gateway.operator, gateway.acme]) {
      expect(receiver.metricPoints).toHaveLength(2);
      const [counter, histogram] = receiver.metricPoints;
      expect(counter).toMatchObject({
        name: 'knoxcall.proxy.requests',
        unit: '{request}',
        type: 'sum',
        isMonotonic: true,
        temporality: 'cumulative',
        value: 1,
        scope: { name: 'gateway-otel' },
      });
      expect(histogram).toMatchObject({
        name: 'knoxcall.proxy.request.duration',
        unit: 'ms',
        type: 'histogram',
        temporality: 'cumulative',
        count: 1,
        explicitBounds: DEFAULT_BOUNDS,
      });
      expect(histogram?.bucketCounts).toHaveLength(DEFAULT_BOUNDS.length + 1);
      expect(histogram?.min).toBe(histogram?.sum);
      expect(histogram?.max).toBe(histogram?.sum);
      expect(histogram?.attributes).toEqual(counter?.attributes);
    }
  });

  it('carry the tenant at the operator and not at the tenant', async () => {
    const gateway = await startGateway(STATUS_BY_PATH);
    await send(`${gateway.url}/201`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    const attributes = {
      'http.response.status_code': 201,
      'http.response.status_class': '2xx',
      'knoxcall.route_name': 'orders',
      'knoxcall.environment': 'production',
      error: false,
    };
    expect({ ...counters(gateway.acme)[0]?.attributes }).toEqual(attributes);
    expect({ ...counters(gateway.operator)[0]?.attributes }).toEqual({
      ...attributes,
      'knoxcall.tenant_id': 'acme',
    });
  });

  it('tell errors by a boolean, and statuses by code and class', async () => {
    const gateway = await startGateway(STATUS_BY_PATH);
    for (const status of [200, 204, 302, 404, 500, 503]) await send(`${gateway.url}/${status}`);
    await gateway.flush();
    expect(
      counters(gateway.operator).map(({ attributes }) => [
        attributes['http.response.status_code'],
        attributes['http.response.status_class'],
        attributes['error'],
      ]),
    ).toEqual([
      [200, '2xx', false],
      [204, '2xx', false],
      [302, '3xx', false],
      [404, '4xx', false],
      [500, '5xx', true],
      [503, '5xx', true],
    ]);
  });

  it('leave out tenant, route and environment where there are none', async () => {
    const gateway = await startGateway();
    await send(gateway.url);
    await gateway.flush();
    expect({ ...counters(gateway.operator)[0]?.attributes }).toEqual({
      'http.response.status_code': 200,
      'http.response.status_class': '2xx',
      error: false,
    });
  });

  it('never have client text or the host’s attributes among theirs', async () => {
    const gateway = await startGateway({
      adapter: { tenant: 'acme' },
      listener(_request, response, exchange) {
        exchange.setAttribute('mine', 'canary-attribute');
        exchange.setTenantAttribute('yours', 'canary-attribute');
        exchange.setUpstream({ address: 'canary-upstream.example' });
        response.end();
      },
    });
    await send(`${gateway.url}/canary-path?canary=query`, {
      method: 'POST',
      headers: { 'user-agent': 'canary-agent', host: 'canary-host.example', 'x-canary': 'canary-header' },
      body: 'canary-body',
    });
    await gateway.flush();
    for (const receiver of [gateway.operator, gateway.acme]) {
      const payloads = receiver.requests.filter(({ signal }) => signal === 'metrics');
      expect(payloads).toHaveLength(1);
      expect(Buffer.from(payloads[0]?.bytes ?? []).toString('latin1')).not.toContain('canary');
    }
  });

  it('count every request in the right bucket, whatever its bounds', async () => {
    const gateway = await startGateway({
      options: { metrics: { durationBoundariesMs: [20, 60_000] } },
      listener(request, response) {
        setTimeout(() => response.end(), request.url === '/slow' ? 40 : 0);
      },
    });
    await send(`${gateway.url}/slow`);
    await send(`${gateway.url}/slow`);
    const exchange = gateway.telemetry.begin({
      method: 'GET',
      url: '/',
      headers: {},
      startTimeMs: Date.now() - 90_000,
    });
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    const [histogram] = histograms(gateway.operator);
    expect(histogram).toMatchObject({ count: 3, explicitBounds: [20, 60_000], bucketCounts: [0, 2, 1] });
    expect(histogram?.sum).toBeGreaterThanOrEqual(89_990 + 2 * 39);
    expect(histogram?.min).toBeGreaterThanOrEqual(39);
    expect(histogram?.max).toBeGreaterThanOrEqual(89_990);
  });

  it('count requests that nobody samples and requests without an answer', async () => {
    const gateway = await startGateway({
      listener(request, response) {
        if (request.url === '/200') response.end();
      },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await send(`${gateway.url}/200`, { headers: { traceparent } });
    const client = openRaw(gateway.port, 'GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => gateway.telemetry.status().openExchanges === 1);
    client.socket.destroy();
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(1);
    expect(total(counters(gateway.operator))).toBe(2);
    expect(total(histograms(gateway.operator))).toBe(2);
  });
});

describe('cumulative readings', () => {
  it('grow from one start', async () => {
    const gateway = await startGateway({ ...STATUS_BY_PATH });
    const acme = { headers: { 'x-tenant': 'acme' } };
    const before = BigInt(Date.now() - 1) * 1_000_000n;
    await send(`${gateway.url}/200`, acme);
    await gateway.flush();
    await send(`${gateway.url}/200`, acme);
    await send(`${gateway.url}/200`, acme);
    await gateway.flush();
    const after = BigInt(Date.now() + 1) * 1_000_000n;
    for (const receiver of [gateway.operator, gateway.acme]) {
      const [first, second, ...more] = counters(receiver);
      expect(more).toEqual([]);
      expect([first?.value, second?.value]).toEqual([1, 3]);
      expect(histograms(receiver).map(({ count }) => count)).toEqual([1, 3]);
      expect(second?.startTimeUnixNano).toBe(first?.startTimeUnixNano);
      expect(second?.timeUnixNano).toBeGreaterThan(first?.timeUnixNano ?? 0n);
      expect(first?.startTimeUnixNano).toBeGreaterThanOrEqual(before - 60_000_000_000n);
      expect(first?.timeUnixNano).toBeGreaterThan(first?.startTimeUnixNano ?? 0n);
      expect(second?.timeUnixNano).toBeLessThanOrEqual(after);
    }
  });

  it('are not sent without a change', async () => {
    const gateway = await startGateway(STATUS_BY_PATH);
    await gateway.flush();
    expect(gateway.operator.requests).toEqual([]);
    await send(`${gateway.url}/200`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    await gateway.flush();
    await gateway.flush();
    for (const receiver of [gateway.operator, gateway.acme]) {
      expect(receiver.requests.filter(({ signal }) => signal === 'metrics')).toHaveLength(1);
    }
    await send(`${gateway.url}/200`);
    await gateway.flush();
    expect(gateway.operator.requests.filter(({ signal }) => signal === 'metrics')).toHaveLength(2);
    // Not the tenant's request.
    expect(gateway.acme.requests.filter(({ signal }) => signal === 'metrics')).toHaveLength(1);
  });

  it('are taken by themselves at the interval', async () => {
    const gateway = await startGateway({ options: { metrics: { intervalMs: 100 } } });
    await send(gateway.url);
    await gateway.operator.waitFor({ metricPoints: 2 });
    await send(gateway.url);
    await gateway.operator.waitForMetricPoint(({ value }) => value === 2);
    expect(total(newest(counters(gateway.operator)))).toBe(2);
  });
});
