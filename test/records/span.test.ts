import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import type { Sent } from '../support/http-client.js';

const SERVER_KIND = 2;

/** The span of one request. */
async function spanOf(setup: GatewaySetup, path = '/v1/orders/17', sent?: Sent): Promise<ReceivedSpan> {
  const gateway = await startGateway(setup);
  await send(gateway.url + path, sent);
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(1);
  return gateway.operator.spans[0] as ReceivedSpan;
}

/** The span of one request in these very bytes. */
async function spanOfRaw(head: string): Promise<ReceivedSpan> {
  const gateway = await startGateway();
  const client = openRaw(gateway.port, `${head}\r\nConnection: close\r\n\r\n`);
  await client.closed;
  await gateway.flush();
  return gateway.operator.spans[0] as ReceivedSpan;
}

describe('the name of a span', () => {
  it('is the method and http.route, before the route name', async () => {
    const span = await spanOf({
      listener(_request, response, exchange) {
        exchange.setRoute('orders');
        exchange.setHttpRoute('/v1/orders/:id');
        response.end();
      },
    });
    expect(span.name).toBe('GET /v1/orders/:id');
    expect(span.attributes).toMatchObject({
      'http.route': '/v1/orders/:id',
      'knoxcall.route_name': 'orders',
    });
  });

  it('is the method and the route name where there is no http.route', async () => {
    const span = await spanOf({ adapter: { route: 'orders' } }, '/v1/orders/17', { method: 'POST' });
    expect(span.name).toBe('POST orders');
    expect(span.attributes).not.toHaveProperty('http.route');
  });

  it('is the method alone, and never the path, where no route is known', async () => {
    const span = await spanOf({});
    expect(span.name).toBe('GET');
    expect(span.attributes).not.toHaveProperty('knoxcall.route_name');
  });

  it.each([
    ['HTTP', {}],
    ['HTTP dav', { route: 'dav' }],
  ])('is %j for a method that the conventions do not know', async (name, adapter) => {
    const span = await spanOf({ adapter }, '/dav', { method: 'PROPFIND' });
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    });
  });

  it('is what the host says with updateName', async () => {
    const span = await spanOf({
      adapter: { route: 'orders' },
      listener(_request, response, exchange) {
        exchange.span.updateName('my name');
        response.end();
      },
    });
    expect(span.name).toBe('my name');
  });
});

describe('the attributes of a span', () => {
  it('are exactly those of the conventions and of the namespace', async () => {
    const gateway = await startGateway({
      options: { environment: 'production' },
      adapter: { tenant: 'acme', route: 'orders' },
      listener(_request, response, exchange) {
        exchange.setHttpRoute('/v1/orders/:id');
        exchange.setUpstream({ address: 'orders.internal', attempts: 1 });
        exchange.setUpstream({ statusCode: 201, latencyMs: 11.999_999_9, attempts: 2 });
        response.statusCode = 201;
        response.end('done');
      },
    });
    await send(`${gateway.url}/v1/orders/17?page=2`, { headers: { 'user-agent': 'test/1.0' } });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect({ ...span?.attributes }).toEqual({
      'http.request.method': 'GET',
      'url.path': '/v1/orders/17',
      'url.query': 'page=2',
      'url.scheme': 'http',
      'http.response.status_code': 201,
      'http.route': '/v1/orders/:id',
      'server.address': '127.0.0.1',
      'server.port': gateway.port,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'network.protocol.version': '1.1',
      'user_agent.original': 'test/1.0',
      'knoxcall.request_id': expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      'knoxcall.tenant_id': 'acme',
      'knoxcall.route_name': 'orders',
      'knoxcall.environment': 'production',
      'knoxcall.upstream.address': 'orders.internal',
      'knoxcall.upstream.status_code': 201,
      'knoxcall.upstream.latency_ms': 12,
      'knoxcall.upstream.attempts': 2,
      'knoxcall.response.source': 'upstream',
    });
    expect(span).toMatchObject({ kind: SERVER_KIND, status: { code: 0 }, events: [], links: [] });
    expect(span?.scope).toMatchObject({
      name: 'gateway-otel',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it('say nothing of what is not known', async () => {
    const span = await spanOfRaw('GET / HTTP/1.1\r\nHost: a.example');
    expect(Object.keys(span.attributes).sort()).toEqual([
      'client.address',
      'http.request.method',
      'http.response.status_code',
      'knoxcall.request_id',
      'knoxcall.response.source',
      'network.peer.address',
      'network.peer.port',
      'network.protocol.version',
      'server.address',
      'server.port',
      'url.path',
      'url.scheme',
    ]);
  });

  it('tell HTTP/1.0 from 1.1', async () => {
    const span = await spanOfRaw('GET / HTTP/1.0\r\nHost: a.example');
    expect(span.attributes['network.protocol.version']).toBe('1.0');
  });

  it('have the namespace of the instance, on all three signals', async () => {
    const gateway = await startGateway({
      options: { namespace: 'edge.gw', environment: 'test' },
      adapter: { tenant: 'acme', route: 'orders' },
      listener(_request, response, exchange) {
        exchange.setUpstream({ address: 'up', statusCode: 200, latencyMs: 1.5, attempts: 1 });
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const { spans, logs, metricPoints } = gateway.operator;
    const keys = [...spans, ...logs, ...metricPoints].flatMap(({ attributes }) => Object.keys(attributes));
    expect(keys.filter((key) => key.includes('knoxcall'))).toEqual([]);
    expect([...new Set(keys.filter((key) => key.startsWith('edge.gw.')))].sort()).toEqual([
      'edge.gw.environment',
      'edge.gw.latency_ms',
      'edge.gw.request_id',
      'edge.gw.response.source',
      'edge.gw.route_name',
      'edge.gw.tenant_id',
      'edge.gw.upstream.address',
      'edge.gw.upstream.attempts',
      'edge.gw.upstream.latency_ms',
      'edge.gw.upstream.status_code',
    ]);
    expect(logs[0]?.eventName).toBe('edge.gw.proxy.request');
    expect(metricPoints.map(({ name }) => name)).toEqual([
      'edge.gw.proxy.requests',
      'edge.gw.proxy.request.duration',
    ]);
  });
});

describe('the query', () => {
  it.each([
    ['/a?x=1&token=geheim&y=2', 'x=1&token=REDACTED&y=2'],
    ['/a?X-Amz-Signature=abc&X-Amz-Expires=60', 'X-Amz-Signature=REDACTED&X-Amz-Expires=60'],
    [
      '/a?X-Amz-Credential=a&X-Amz-Security-Token=b&sig=c&X-Goog-Signature=d&AWSAccessKeyId=e&Signature=f',
      'X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&sig=REDACTED&X-Goog-Signature=REDACTED' +
        '&AWSAccessKeyId=REDACTED&Signature=REDACTED',
    ],
    ['/a?tok%65n=geheim', 'tok%65n=REDACTED'],
    [
      '/a?PASSWORD=geheim&api_key=x&access_token=y',
      'PASSWORD=REDACTED&api_key=REDACTED&access_token=REDACTED',
    ],
    ['/a?next=https://root:geheim@b.example/c?d=1', 'next=https://REDACTED:REDACTED@b.example/c?d=1'],
    [
      '/a?next=https%3A%2F%2Froot%3Agehe%40im%40b.example%2Fc',
      'next=https%3A%2F%2FREDACTED:REDACTED%40b.example%2Fc',
    ],
    ['/a?https://root@b.example&mail=me@b.example', 'https://REDACTED:REDACTED@b.example&mail=me@b.example'],
    ['/a?see=https://b.example/@me', 'see=https://b.example/@me'],
    ['/a?token', 'token'],
    ['/a?q=a%20b&empty=&flag', 'q=a%20b&empty=&flag'],
  ])('of %s is told with its secrets redacted', async (path, query) => {
    const span = await spanOf({}, path);
    expect(span.attributes).toMatchObject({ 'url.path': '/a', 'url.query': query });
  });

  it.each(['/a', '/a?'])('is absent from %s', async (path) => {
    expect((await spanOf({}, path)).attributes).not.toHaveProperty('url.query');
  });
});

it('user and password in a path are redacted', async () => {
  const span = await spanOf({}, '/fetch/https://root:geheim@b.example/@scope/c');
  expect(span.attributes['url.path']).toBe('/fetch/https://REDACTED:REDACTED@b.example/@scope/c');
});

describe('the host that was asked for', () => {
  it.each([
    ['api.example.com', 'api.example.com', 80],
    ['api.example.com:8443', 'api.example.com', 8443],
    ['[2001:db8::1]', '2001:db8::1', 80],
    ['[2001:db8::1]:9000', '2001:db8::1', 9000],
  ])('%s is told as address and port', async (host, address, port) => {
    const span = await spanOfRaw(`GET / HTTP/1.1\r\nHost: ${host}`);
    expect(span.attributes).toMatchObject({ 'server.address': address, 'server.port': port });
  });

  it.each(['a b', 'a.example:99999', 'a.example:x', '<script>', '2001:db8::1', 'user@a.example', ''])(
    'is absent when the header is %j',
    async (host) => {
      const span = await spanOfRaw(`GET / HTTP/1.1\r\nHost: ${host}`);
      expect(span.attributes).not.toHaveProperty('server.address');
      expect(span.attributes).not.toHaveProperty('server.port');
    },
  );

  it('of an absolute target wins over the header, without its user and password', async () => {
    const span = await spanOfRaw(
      'GET http://root:geheim@real.example:81/a?b=1 HTTP/1.1\r\nHost: other.example',
    );
    expect(span.attributes).toMatchObject({
      'server.address': 'real.example',
      'server.port': 81,
      'url.path': '/a',
      'url.query': 'b=1',
    });
    expect(JSON.stringify(span.attributes)).not.toContain('geheim');
  });
});

describe('the times of a span', () => {
  it('rise, carry fractions of a millisecond, and cover the request', async () => {
    const before = BigInt(Date.now() - 1) * 1_000_000n;
    const gateway = await startGateway({
      listener: (_request, response) => void setTimeout(() => response.end(), 15),
    });
    for (let index = 0; index < 5; index++) await send(gateway.url);
    await gateway.flush();
    const after = BigInt(Date.now() + 1) * 1_000_000n;
    for (const { startTimeUnixNano, endTimeUnixNano } of gateway.operator.spans) {
      expect(startTimeUnixNano).toBeGreaterThanOrEqual(before);
      expect(endTimeUnixNano - startTimeUnixNano).toBeGreaterThanOrEqual(14_000_000n);
      expect(endTimeUnixNano).toBeLessThanOrEqual(after);
    }
    const fractions = gateway.operator.spans.flatMap(({ startTimeUnixNano, endTimeUnixNano }) => [
      startTimeUnixNano % 1_000_000n,
      endTimeUnixNano % 1_000_000n,
    ]);
    expect(fractions.some((fraction) => fraction !== 0n)).toBe(true);
  });

  it('begin when begin() was told that the request arrived', async () => {
    const gateway = await startGateway();
    const startTimeMs = Date.now() - 5_000;
    gateway.telemetry.begin({ method: 'GET', url: '/', headers: {}, startTimeMs }).end({ statusCode: 200 });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(Number((span?.startTimeUnixNano ?? 0n) / 1_000_000n)).toBeCloseTo(startTimeMs, -1);
    expect(gateway.operator.logs[0]?.attributes['knoxcall.latency_ms']).toBeGreaterThanOrEqual(4_999);
  });

  it('never run backwards, even if the arrival is said to be in the future', async () => {
    const gateway = await startGateway();
    gateway.telemetry
      .begin({ method: 'GET', url: '/', headers: {}, startTimeMs: Date.now() + 60_000 })
      .end({ statusCode: 200 });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(span?.endTimeUnixNano).toBeGreaterThanOrEqual(span?.startTimeUnixNano ?? 0n);
    expect(gateway.operator.logs[0]?.attributes['knoxcall.latency_ms']).toBeGreaterThanOrEqual(0);
  });
});
