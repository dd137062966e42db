/** The option `spanAttributes`: the conventions' opt-in attributes, for the operator's spans alone. */
import { createServer as createServer2, connect as connect2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry, type GatewayOptions, type SpanAttributeOptions } from '../../src/index.js';
import type { OtlpReceiver, ReceivedSpan } from '../../src/testing/index.js';
import { everyProxy } from '../proxies/every-proxy.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';

const SERVER = 2;
const CLIENT = 3;
const CANARY = 'CANARY4711';

const spanOf = ({ spans }: OtlpReceiver, kind: number): ReceivedSpan['attributes'] =>
  spans.find((span) => span.kind === kind)?.attributes ?? {};

const headersIn = (attributes: object): string[] =>
  Object.keys(attributes).filter((key) => /^http\.(request|response)\.header\./.test(key));

describe('SERVER spans', () => {
  it('have nothing of it by default', async () => {
    const gateway = await startGateway();
    await send(gateway.url, { headers: { 'x-one': 'a' } });
    await gateway.flush();
    const attributes = spanOf(gateway.operator, SERVER);
    expect(headersIn(attributes)).toEqual([]);
    for (const key of [
      'client.port',
      'network.local.address',
      'network.transport',
      'user_agent.synthetic.type',
    ])
      expect(attributes).not.toHaveProperty(key);
  });

  it.each<[string, SpanAttributeOptions['server'] & object]>([
    [
      'set and written by writeHead',
      { requestHeaders: ['X-One', 'x-none'], responseHeaders: ['X-Two', 'x-three'] },
    ],
  ])('have the headers that are listed: %s', async (_what, server) => {
    const gateway = await startGateway({
      adapter: { tenant: 'acme' },
      options: { spanAttributes: { server } },
      listener(_request, response) {
        response.writeHead(200, ['X-Two', 'b', 'x-two', 'c', 'X-Three', 'd', 'x-four', CANARY]).end('ok');
      },
    });
    await send(gateway.url, { headers: { 'x-one': 'a', 'x-other': CANARY } });
    await gateway.flush();
    const attributes = spanOf(gateway.operator, SERVER);
    expect(attributes).toMatchObject({
      'http.request.header.x-one': ['a'],
      'http.response.header.x-two': ['b', 'c'],
      'http.response.header.x-three': ['d'],
    });
    expect(headersIn(attributes)).toHaveLength(3);
    const sent = [...gateway.operator.requests, ...gateway.acme.requests];
    for (const { bytes } of sent) expect(Buffer.from(bytes).includes(CANARY)).toBe(false);
    // Log records are everyone's.
    for (const { attributes: logged } of [...gateway.operator.logs, ...gateway.acme.logs])
      expect(headersIn(logged)).toEqual([]);
  });

  it('have response headers that were set one by one, and those of HTTP/2', async () => {
    const spanAttributes = { server: { requestHeaders: ['x-one'], responseHeaders: ['x-two'] } };
    const gateway = await startGateway({
      options: { spanAttributes },
      listener(_request, response) {
        response.setHeader('x-two', ['b', 'c']);
        response.end('ok');
      },
    });
    await send(gateway.url);
    const server = createServer2(
      httpTelemetry(gateway.telemetry, (_request, response) => {
        response.writeHead(200, { 'x-two': 'two' }).end();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => void (client.close(), server.close()));
    await new Promise((resolve) => client.request({ 'x-one': 'h2' }).on('close', resolve).resume());
    await gateway.flush();
    expect(gateway.operator.spans.map(({ attributes }) => attributes['http.response.header.x-two'])).toEqual([
      ['b', 'c'],
      ['two'],
    ]);
    expect(gateway.operator.spans[1]?.attributes['http.request.header.x-one']).toEqual(['h2']);
  });

  it('bound and redact what stands in them', async () => {
    const names = ['referer', 'x-long', 'x-tabs', 'x-many'];
    const gateway = await startGateway({
      options: { spanAttributes: { server: { requestHeaders: names, responseHeaders: ['location'] } } },
    });
    const exchange = gateway.telemetry.begin({
      method: 'GET',
      url: '/',
      headers: {
        referer: `https://u:${CANARY}@a.example/cb?token=${CANARY}&page=2#access_token=${CANARY}`,
        'x-long': 'x'.repeat(10_000),
        'x-tabs': 'a\tb\u0000c\r\nd',
        'x-many': Array.from({ length: 100 }, (_, index) => `v${index}`),
      },
    });
    exchange.end({ statusCode: 302, headers: { location: `/next?code=${CANARY}` } });
    await gateway.flush();
    const attributes = spanOf(gateway.operator, SERVER);
    expect(JSON.stringify(attributes)).not.toContain(CANARY);
    expect(attributes['http.request.header.referer']).toEqual([
      'https://REDACTED:REDACTED@a.example/cb?token=REDACTED&page=2#access_token=REDACTED',
    ]);
    expect(attributes['http.response.header.location']).toEqual(['/next?code=REDACTED']);
    expect(attributes['http.request.header.x-long']).toEqual(['x'.repeat(256)]);
    expect(attributes['http.request.header.x-tabs']).toEqual(['abcd']);
    expect(attributes['http.request.header.x-many']).toHaveLength(16);
  });

  it('have both ends of the connection', async () => {
    const gateway = await startGateway({ options: { spanAttributes: { server: { network: true } } } });
    await send(gateway.url);
    await gateway.flush();
    const attributes = spanOf(gateway.operator, SERVER);
    expect(attributes).toMatchObject({
      'network.local.address': '127.0.0.1',
      'network.local.port': gateway.port,
      'network.transport': 'tcp',
    });
    expect(attributes['client.port']).toBe(attributes['network.peer.port']);
  });

  it.each<[string, GatewayOptions]>([
    ['behind a proxy', { trustProxy: true }],
    ['where addresses are off', { clientAddress: 'off' }],
  ])('have no client.port %s', async (_what, options) => {
    const gateway = await startGateway({
      options: { ...options, spanAttributes: { server: { network: true } } },
    });
    await send(gateway.url, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    await gateway.flush();
    expect(spanOf(gateway.operator, SERVER)).not.toHaveProperty('client.port');
  });

  it.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot'],
    ['UptimeRobot/2.0', 'test'],
    ['Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0', undefined],
    ['curl/8.5.0', undefined],
  ])('tell what %s is', async (userAgent, type) => {
    const gateway = await startGateway({ options: { spanAttributes: { server: { syntheticType: true } } } });
    await send(gateway.url, { headers: { 'user-agent': userAgent } });
    await gateway.flush();
    expect(spanOf(gateway.operator, SERVER)['user_agent.synthetic.type']).toBe(type);
  });
});

describe('CLIENT spans', () => {
  it('have what the host tells of the connection', async () => {
    const gateway = await startGateway({
      options: { spans: 'server+client' },
      listener(_request, response, exchange) {
        const call = exchange.startUpstreamCall({ url: 'http://upstream.test/x' });
        call.setConnection({ remoteAddress: '::ffff:192.0.2.7', remotePort: 8080 }, 'SPDY/3.0');
        call.end({ statusCode: 200 });
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(spanOf(gateway.operator, CLIENT)).toMatchObject({
      'network.peer.address': '192.0.2.7',
      'network.peer.port': 8080,
      'network.protocol.name': 'spdy',
      'network.protocol.version': '3',
    });
  });

  it('are not spoiled by what cannot be read', async () => {
    const trap = (): never => {
      throw new Error(CANARY);
    };
    const gateway = await startGateway({
      options: {
        spans: 'server+client',
        spanAttributes: {
          client: { requestHeaders: ['x-one'], responseHeaders: ['x-two'], userAgent: true },
        },
      },
      listener(_request, response, exchange) {
        const call = exchange.startUpstreamCall({ url: 'http://upstream.test/x' });
        for (const junk of [null, 1, 'x', [], Object.defineProperty({}, 'remoteAddress', { get: trap })])
          call.setConnection(junk as never, junk as never);
        const hostile = {
          get 'x-one'() {
            return trap();
          },
          get 'user-agent'() {
            return trap();
          },
        };
        call.inject(hostile);
        call.responded(200, Object.defineProperty({}, 'x-two', { get: trap }));
        call.end({ statusCode: 200, headers: 7 as never });
        response.end();
      },
    });
    expect(await send(gateway.url)).toMatchObject({ status: 200 });
    await gateway.flush();
    expect(spanOf(gateway.operator, CLIENT)).toMatchObject({ 'http.response.status_code': 200 });
  });

  for (const proxy of everyProxy) {
    it.skipIf(proxy.skipped !== undefined)(`of ${proxy.name}: connection and listed headers`, async () => {
      const upstream = await startUpstream((_request, response) => {
        response.writeHead(200, { 'x-two': 'answer', 'x-secret': CANARY }).end('hello');
      });
      const gateway = await startGateway({
        options: {
          spans: 'server+client',
          spanAttributes: {
            client: { requestHeaders: ['x-one'], responseHeaders: ['x-two'], network: true, userAgent: true },
          },
        },
        server: (telemetry) => proxy.serve(telemetry, upstream.url),
      });
      await send(gateway.url, {
        headers: { 'x-one': 'question', 'x-secret': CANARY, 'user-agent': 'agent/1' },
      });
      await gateway.flush();
      const attributes = spanOf(gateway.operator, CLIENT);
      expect(attributes).toMatchObject({
        'http.request.header.x-one': ['question'],
        'http.response.header.x-two': ['answer'],
        'user_agent.original': 'agent/1',
        'url.scheme': 'http',
      });
      expect(headersIn(attributes)).toHaveLength(2);
      // undici, which @fastify/http-proxy asks with, and `fetch` do not show their sockets.
      if (/undici|fetch|@fastify.http-proxy/i.test(proxy.name)) return;
      expect(attributes).toMatchObject({
        'network.peer.address': '127.0.0.1',
        'network.peer.port': Number(new URL(upstream.url).port),
        'network.protocol.version': '1.1',
        'network.transport': 'tcp',
      });
    });
  }
});

describe('the option refuses', () => {
  it.each<[unknown, RegExp]>([
    [7, /^spanAttributes must be an object/],
    [{ both: {} }, /^spanAttributes\.both is not a known option/],
    [{ server: { requestHeaders: 'x' } }, /^spanAttributes\.server\.requestHeaders must be an array/],
    [
      { server: { requestHeaders: ['a b'] } },
      /^spanAttributes\.server\.requestHeaders\[0\] must be a header name/,
    ],
    [{ client: { network: 1 } }, /^spanAttributes\.client\.network must be true or false/],
    [
      { client: { responseHeaders: Array.from({ length: 65 }, (_, index) => `x-${index}`) } },
      /^spanAttributes\.client\.responseHeaders must name at most 64 headers/,
    ],
    ...[
      'Authorization',
      'proxy-authorization',
      'cookie',
      'set-cookie',
      'X-Api-Key',
      'api-key',
      'x-auth-token',
      'x-amz-security-token',
      'x-csrf-token',
      'ocp-apim-subscription-key',
      'x-session-id',
      'x-jwt',
      'authentication-info',
      'gateway-otel-loop',
    ].map((name): [unknown, RegExp] => [
      { server: { requestHeaders: ['accept', name] } },
      /^spanAttributes\.server\.requestHeaders\[1\] must not be a header that carries credentials$/,
    ]),
  ])('%j', (spanAttributes, sentence) => {
    expect(() => createGatewayTelemetry({ env: false, spanAttributes: spanAttributes as never })).toThrow(
      sentence,
    );
  });

  it.each(['accept', 'content-type', 'x-request-id', 'idempotency-key', 'traceparent', 'www-authenticate'])(
    'not %s',
    (name) => {
      expect(() =>
        createGatewayTelemetry({ env: false, spanAttributes: { server: { requestHeaders: [name] } } }),
      ).not.toThrow();
    },
  );
});
