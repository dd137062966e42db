import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { AdapterOptions } from '../../src/adapters/http.js';
import type { BeginOptions, Exchange, InstrumentedHandler } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

type Instrumented = InstrumentedHandler<object>;

const recording = (exchange: Exchange): boolean => exchange.recording;

const throwing = (field: string): never =>
  Object.defineProperty({}, field, {
    enumerable: true,
    get() {
      throw new Error('secret text');
    },
  }) as never;

describe('no method of an exchange throws', () => {
  const CALLS: readonly (readonly [string, (exchange: Exchange) => unknown])[] = [
    ['setTenant(17)', (exchange) => exchange.setTenant(17 as never)],
    ['setTenant(null)', (exchange) => exchange.setTenant(null as never)],
    ['setRoute({})', (exchange) => exchange.setRoute({} as never)],
    ['setHttpRoute(a symbol)', (exchange) => exchange.setHttpRoute(Symbol('s') as never)],
    ['setEnvironment(17)', (exchange) => exchange.setEnvironment(17 as never)],
    ['setUpstream(null)', (exchange) => exchange.setUpstream(null as never)],
    ['setUpstream(a throwing getter)', (exchange) => exchange.setUpstream(throwing('address'))],
    ['setUpstream(nonsense)', (exchange) => exchange.setUpstream({ statusCode: 'x', attempts: {} } as never)],
    ['setAttribute(no key)', (exchange) => exchange.setAttribute(undefined as never, 1)],
    ['setAttributes(null)', (exchange) => exchange.setAttributes(null as never)],
    ['setAttributes(a throwing getter)', (exchange) => exchange.setAttributes(throwing('a'))],
    ['setTenantAttribute(an object)', (exchange) => exchange.setTenantAttribute('a', throwing('b'))],
    ['recordError(undefined)', (exchange) => exchange.recordError(undefined)],
    ['recordError(a throwing getter)', (exchange) => exchange.recordError(throwing('code'))],
    ['inject(null)', (exchange) => exchange.inject(null as never)],
    ['inject(frozen)', (exchange) => exchange.inject(Object.freeze({ traceparent: 'x' }))],
    ['bind(null)', (exchange) => exchange.bind(null as never)],
    ['end(null)', (exchange) => exchange.end(null as never)],
    ['end(a throwing getter)', (exchange) => exchange.end(throwing('statusCode'))],
  ];

  it.each(CALLS)('%s', async (_what, call) => {
    const gateway = await startGateway();
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    const thrown: unknown[] = [];
    try {
      call(exchange);
    } catch (error) {
      thrown.push(error);
    }
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    expect(thrown).toEqual([]);
    expect(gateway.operator.logs).toHaveLength(1);
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });
});

describe('begin takes whatever a client sent', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty object', {}],
    ['wrong types', { method: 1, url: null, headers: 'x', startTimeMs: 'y', remotePort: {} }],
    ['half characters', { method: 'GET', url: '/\ud800?\udfff=1', headers: { 'user-agent': '\ud800' } }],
    ['control characters', { method: 'G\nET', url: '/a\r\nb\u0000', headers: { host: 'a\nb' } }],
    ['a broken absolute URL', { method: 'GET', url: 'http://[::1:99999/', headers: {} }],
    ['an asterisk', { method: 'OPTIONS', url: '*', headers: {} }],
    [
      'endless everything',
      { method: 'M'.repeat(1e5), url: `/${'u'.repeat(1e6)}`, headers: { host: 'h'.repeat(1e6) } },
    ],
    [
      'pairs',
      {
        method: 'GET',
        url: '/',
        headers: [
          ['host', 'a.example'],
          ['user-agent', 'pairs'],
        ],
      },
    ],
    ['raw headers', { method: 'GET', url: '/', headers: ['Host', 'a.example', 'User-Agent', 'raw'] }],
    ['Headers', { method: 'GET', url: '/', headers: new Headers({ host: 'a.example' }) }],
    [
      'a local end of wrong types',
      { method: 'GET', url: '/', headers: {}, localAddress: 17, localPort: { a: 1 } },
    ],
  ])('%s', async (_what, request) => {
    const gateway = await startGateway({ options: { spanAttributes: { server: { network: true } } } });
    const exchange = gateway.telemetry.begin(request as BeginOptions);
    exchange.setTenant('acme');
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.acme.requests.every(({ bytes }) => bytes.byteLength < 20_000)).toBe(true);
    // One line, whatever a client sent.
    expect(gateway.acme.logs[0]?.body).toMatch(/^[^\r\n]* 200 \d+ms$/);
  });
});

describe('a callback of the adapter that misbehaves', () => {
  const fail = (): never => {
    throw new Error('secret text');
  };
  const rejected = (): never => Promise.reject(new Error('secret text')) as never;

  it.each<[string, AdapterOptions<unknown>]>([
    ['tenant throws', { tenant: fail }],
    ['route throws', { route: fail }],
    ['environment throws', { environment: fail }],
    ['attributes throws', { attributes: fail }],
    ['requestId throws', { requestId: fail }],
    ['ignore throws', { ignore: fail }],
    ['attributes gives a throwing getter', { attributes: () => throwing('a') }],
    ['attributes gives a text', { attributes: () => 'text' as never }],
    ['tenant gives an object', { tenant: () => ({}) as never }],
    ['tenant rejects', { tenant: rejected }],
    ['route rejects', { route: rejected }],
    ['attributes rejects', { attributes: rejected }],
    ['requestId rejects', { requestId: rejected }],
    ['ignore rejects', { ignore: rejected }],
  ])('costs neither request nor record: %s', async (_what, adapter) => {
    const gateway = await startGateway({ adapter });
    expect(await send(gateway.url)).toMatchObject({ status: 200, body: 'ok' });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.operator.spans[0]?.attributes['http.response.status_code']).toBe(200);
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });
});

describe('what no end can be seen of', () => {
  it.each([
    [
      'response',
      (serve: Instrumented, request: IncomingMessage) => serve({}, request, {} as never, recording),
    ],
    [
      'socket',
      (serve: Instrumented, request: IncomingMessage) => serve.upgrade({}, request, {} as never, recording),
    ],
  ])('is not recorded, nor kept: a %s that is none', async (_what, serveOne) => {
    const gateway = await startGateway();
    const request = {
      method: 'GET',
      url: '/',
      headers: {},
      httpVersion: '1.1',
      socket: {},
    } as IncomingMessage;
    expect(serveOne(gateway.telemetry.instrument(), request)).toBe(false);
    expect(gateway.telemetry.status().openExchanges).toBe(0);
    await gateway.telemetry.shutdown();
    expect(gateway.operator.spans).toHaveLength(0);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
  });
});

describe('a request id from the request', () => {
  it.each([
    ['is taken', 'abc-123', 'abc-123'],
    ['is cut to 128 characters', 'x'.repeat(500), 'x'.repeat(128)],
    ['loses control characters', 'a\tb', 'ab'],
  ])('%s', async (_what, given, expected) => {
    const gateway = await startGateway({
      adapter: { tenant: 'acme', requestId: (request) => request.headers['x-request-id'] },
    });
    await send(gateway.url, { headers: { 'x-request-id': given } });
    await gateway.flush();
    for (const record of [gateway.operator.spans[0], gateway.operator.logs[0], gateway.acme.logs[0]]) {
      expect(record?.attributes['knoxcall.request_id']).toBe(expected);
    }
  });

  it('that is not there is a new UUID', async () => {
    const gateway = await startGateway({
      adapter: { requestId: (request) => request.headers['x-request-id'] },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.logs[0]?.attributes['knoxcall.request_id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
