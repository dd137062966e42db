import { createServer, request as httpRequest } from 'node:http';
import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Exchange, GatewayOptions } from '../../src/index.js';
import type { OtlpReceiver, ReceivedLog } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const WARN = 13;
const ERROR = 17;
const SERVER_EVENT = 'http.server.request.exception';
const CLIENT_EVENT = 'http.client.request.exception';

/** A gateway after one request of acme's that came out with this status, after the handler has done this. */
async function after(
  work: (exchange: Exchange) => void,
  { status = 502, ...setup }: GatewaySetup & { readonly status?: number } = {},
): Promise<TestGateway> {
  const gateway = await startGateway({
    adapter: { tenant: 'acme', route: 'orders' },
    ...setup,
    options: { exceptions: {}, ...setup.options },
    listener(_request, response, exchange) {
      work(exchange);
      response.statusCode = status;
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  return gateway;
}

const eventsOf = ({ logs }: OtlpReceiver): readonly ReceivedLog[] =>
  logs.filter(({ eventName }) => eventName?.endsWith('.exception') === true);

function exceptionOf(gateway: TestGateway): ReceivedLog {
  const [event] = eventsOf(gateway.operator);
  expect(event).toBeDefined();
  return event as ReceivedLog;
}

const messageOf = (gateway: TestGateway): unknown => exceptionOf(gateway).attributes['exception.message'];

const serverSpan = (gateway: TestGateway) => gateway.operator.spans.find(({ kind }) => kind === 2);

describe('a recorded error of a failed request', () => {
  it('is a log event of the operator, with the ids of the request', async () => {
    const gateway = await after((exchange) => exchange.recordError(new RangeError('too far')));
    const event = exceptionOf(gateway);
    const request = gateway.operator.logs.find(({ eventName }) => eventName === 'knoxcall.proxy.request');
    expect(event).toMatchObject({
      eventName: SERVER_EVENT,
      severityNumber: ERROR,
      severityText: 'ERROR',
      body: 'RangeError: too far',
      traceId: request?.traceId,
      spanId: request?.spanId,
      scope: { name: 'gateway-otel' },
      attributes: {
        'event.name': SERVER_EVENT,
        'exception.type': 'RangeError',
        'exception.message': 'too far',
        'knoxcall.request_id': request?.attributes['knoxcall.request_id'],
        'knoxcall.tenant_id': 'acme',
        'knoxcall.route_name': 'orders',
        'error.type': 'RangeError',
      },
    });
    expect(event.attributes['exception.stacktrace']).toMatch(
      /^RangeError: too far\n {4}at .*exceptions\.test/,
    );
  });

  it('is an event of the SERVER span too', async () => {
    const gateway = await after((exchange) => exchange.recordError(new RangeError('too far')));
    expect(serverSpan(gateway)?.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'RangeError', 'exception.message': 'too far' } },
    ]);
  });

  it('never reaches a tenant', async () => {
    const gateway = await after((exchange) => exchange.recordError(new Error('canary of the gateway')));
    expect(gateway.acme.logs).toHaveLength(1);
    expect(inspect([gateway.acme.logs, gateway.acme.requests], { depth: null })).not.toMatch(
      /canary|exception/,
    );
  });

  it('is told once, whoever tells of it again', async () => {
    const error = new Error('twice');
    const gateway = await after((exchange) => {
      exchange.span.recordException(error);
      exchange.recordError(error);
      exchange.recordError(error);
    });
    expect(eventsOf(gateway.operator)).toHaveLength(1);
    expect(serverSpan(gateway)?.events).toHaveLength(1);
  });

  it('is what a handler has thrown', async () => {
    const gateway = await startGateway({
      options: { exceptions: {} },
      server: async (telemetry) => {
        const { default: Koa } = await import('koa');
        const { koaTelemetry } = await import('../../src/adapters/koa.js');
        const app = new Koa();
        app.silent = true;
        app.use(koaTelemetry(telemetry));
        app.use(() => {
          throw new TypeError('a fault of the handler');
        });
        return createServer(app.callback() as RequestListener);
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(exceptionOf(gateway).attributes).toMatchObject({
      'exception.type': 'TypeError',
      'exception.message': 'a fault of the handler',
    });
  });
});

describe('nothing is told', () => {
  const error = new Error('harmless');
  it.each([200, 302, 404, 413])('of a request that came out with %d', async (status) => {
    const gateway = await after((exchange) => exchange.recordError(error), { status });
    expect(eventsOf(gateway.operator)).toEqual([]);
    expect(serverSpan(gateway)?.events).toEqual([]);
  });

  it('of a mere name', async () => {
    const gateway = await after((exchange) => exchange.recordError('circuit_open'));
    expect(gateway.operator.logs[0]?.attributes['error.type']).toBe('circuit_open');
    expect(eventsOf(gateway.operator)).toEqual([]);
  });

  it('of an error that says no more than the status', async () => {
    const gateway = await after((exchange) =>
      exchange.recordError(Object.assign(new Error('Bad Gateway'), { status: 502 })),
    );
    expect(eventsOf(gateway.operator)).toEqual([]);
    expect(serverSpan(gateway)?.events).toEqual([]);
  });

  it('of a client that has hung up', async () => {
    const gateway = await startGateway({
      options: { exceptions: {} },
      listener(request, response, exchange) {
        request.on('close', () => exchange.recordError(new Error('the client is gone')));
        response.write('the beginning');
      },
    });
    const call = httpRequest(gateway.url).on('error', () => undefined);
    call.on('response', () => call.destroy()).end();
    const deadline = Date.now() + 5_000;
    while (gateway.telemetry.status().openExchanges > 0 || gateway.operator.logs.length === 0) {
      expect(Date.now()).toBeLessThan(deadline);
      await gateway.telemetry.flush();
    }
    expect(gateway.operator.logs[0]?.attributes['error.type']).toBe('client_disconnect');
    expect(eventsOf(gateway.operator)).toEqual([]);
  });

  it('by an option that is off', async () => {
    const gateway = await after((exchange) => exchange.recordError(error), {
      options: { exceptions: { logs: false, spanEvents: false } },
    });
    expect(eventsOf(gateway.operator)).toEqual([]);
    expect(serverSpan(gateway)?.events).toEqual([]);
  });
});

describe('an upstream call that failed', () => {
  const refused = (): Error =>
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' });

  it('is a WARN event with the ids of the CLIENT span, one for each attempt', async () => {
    const gateway = await after(
      (exchange) => {
        for (let attempt = 0; attempt < 2; attempt++)
          exchange.startUpstreamCall({ url: 'http://10.0.0.1/' }).end({ error: refused() });
      },
      { options: { spans: 'server+client' } },
    );
    const events = eventsOf(gateway.operator);
    const clients = gateway.operator.spans.filter(({ kind }) => kind === 3);
    expect(events.map(({ eventName, severityNumber }) => [eventName, severityNumber])).toEqual([
      [CLIENT_EVENT, WARN],
      [CLIENT_EVENT, WARN],
    ]);
    expect(events.map(({ spanId }) => spanId).sort()).toEqual(clients.map(({ spanId }) => spanId).sort());
    expect(events[0]?.attributes).toMatchObject({
      'exception.type': 'ECONNREFUSED',
      'exception.message': 'connect ECONNREFUSED 10.0.0.1:80',
      'error.type': 'upstream_connect_error',
      'knoxcall.request_id': gateway.operator.logs.at(-1)?.attributes['knoxcall.request_id'],
    });
    expect(clients.map(({ events: [event] }) => event?.name)).toEqual(['exception', 'exception']);
    // What broke the request is seen on its own span too.
    expect(serverSpan(gateway)?.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'ECONNREFUSED' } },
    ]);
  });

  it('is no second event where the host records the same error, or one that wraps it', async () => {
    const gateway = await after((exchange) => {
      const inner = refused();
      exchange.startUpstreamCall().end({ error: inner });
      exchange.recordError(new TypeError('fetch failed', { cause: inner }));
    });
    expect(eventsOf(gateway.operator).map(({ eventName }) => eventName)).toEqual([CLIENT_EVENT]);
    expect(serverSpan(gateway)?.events).toHaveLength(1);
  });

  it('leaves no mark on a request that another attempt has saved', async () => {
    const gateway = await after(
      (exchange) => {
        exchange.startUpstreamCall().end({ error: refused() });
        exchange.startUpstreamCall().end({ statusCode: 200 });
      },
      { status: 200 },
    );
    expect(eventsOf(gateway.operator).map(({ eventName }) => eventName)).toEqual([CLIENT_EVENT]);
    expect(serverSpan(gateway)?.events).toEqual([]);
  });

  it('explains no answer that a later attempt has got', async () => {
    const gateway = await after(
      (exchange) => {
        exchange.startUpstreamCall().end({ error: new Error('refused') });
        exchange.startUpstreamCall().end({ statusCode: 503 });
      },
      { status: 503 },
    );
    expect(eventsOf(gateway.operator)).toMatchObject([{ eventName: CLIENT_EVENT }]);
    expect(serverSpan(gateway)?.attributes['error.type']).toBe('503');
    expect(serverSpan(gateway)?.events).toEqual([]);
  });

  it('that the gateway has broken off itself is no exception', async () => {
    const gateway = await after((exchange) =>
      exchange.startUpstreamCall().end({ error: new DOMException('given up', 'AbortError') }),
    );
    expect(eventsOf(gateway.operator)).toEqual([]);
  });
});

describe('the texts of an exception', () => {
  it.each([
    ['dial https://joe:hunter22@db.internal/x failed', 'hunter22'],
    ['GET /cb?code=abc123def&state=1 failed', 'abc123def'],
    ['sent Authorization: Bearer abcdef0123456789', 'abcdef0123456789'],
    ['bad header cookie: sid=s3cr3tvalue; theme=dark', 's3cr3tvalue'],
    ['{"user":"joe","password":"hunter 22"}', 'hunter 22'],
    ['api_key=abcdefgh rejected', 'abcdefgh'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl is old', 'eyJhbGciOiJIUzI1NiJ9'],
    ['key sk-proj-abcdefghijklmnop1234 is unknown', 'abcdefghijklmnop1234'],
    ['key gsk_abcdefghijklmnopqrstuvwx12 is unknown', 'abcdefghijklmnopqrstuvwx12'],
    ['key hf_abcdefghijklmnopqrstuvwx12 is unknown', 'abcdefghijklmnopqrstuvwx12'],
    ['key r8_abcdefghijklmnopqrstuvwx12 is unknown', 'abcdefghijklmnopqrstuvwx12'],
    ['key xai-abcdefghijklmnopqrstuvwx12 is unknown', 'abcdefghijklmnopqrstuvwx12'],
    ['key pplx-abcdefghijklmnopqrstuvwx12 is unknown', 'abcdefghijklmnopqrstuvwx12'],
    ['ocp-apim-subscription-key: 0123456789abcdef is unknown', '0123456789abcdef'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----', 'MIIEabc'],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQabc\n-----END PGP PRIVATE KEY BLOCK-----', 'lQabc'],
    ['-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: x\nMIIEabc\n-----END RSA PRIVATE KEY-----', 'MIIEabc'],
    [JSON.stringify({ password: 'a"b hunter-2' }), 'hunter-2'],
  ])('hold no secret: %s', async (message, secret) => {
    const gateway = await after((exchange) =>
      exchange.recordError(new Error('outer', { cause: new Error(message) })),
    );
    expect(messageOf(gateway)).toContain('REDACTED');
    expect(
      inspect(gateway.operator.requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))),
    ).not.toContain(secret);
  });

  it('lose control characters and are cut', async () => {
    const gateway = await after((exchange) =>
      exchange.recordError(new Error(`\u001b[31mred\u0000\n${'x'.repeat(100_000)}`)),
    );
    const { attributes } = exceptionOf(gateway);
    expect(attributes['exception.message']).toMatch(/^\[31mred\nx+$/);
    expect(attributes['exception.message']).toHaveLength(1024);
    expect((attributes['exception.stacktrace'] as string).length).toBeLessThanOrEqual(8192);
    const [event] = serverSpan(gateway)?.events ?? [];
    expect(event?.attributes['exception.stacktrace']).toEqual(attributes['exception.stacktrace']);
  });

  it('tell of causes, without following a cycle', async () => {
    const inner = Object.assign(new Error('reset by peer'), { code: 'ECONNRESET' });
    const outer = new TypeError('fetch failed', { cause: inner });
    inner.cause = outer;
    const gateway = await after((exchange) => exchange.recordError(outer));
    expect(messageOf(gateway)).toBe('fetch failed (caused by ECONNRESET: reset by peer)');
    expect(exceptionOf(gateway).attributes['exception.stacktrace']).toMatch(
      /^TypeError: fetch failed\n[^]*\nCaused by: Error: reset by peer\n/,
    );
  });

  it('are without a stack trace where the option says so', async () => {
    const gateway = await after((exchange) => exchange.recordError(new Error('plain')), {
      options: { exceptions: { stackTraces: false } },
    });
    expect(exceptionOf(gateway).attributes).not.toHaveProperty('exception.stacktrace');
    expect(serverSpan(gateway)?.events[0]?.attributes).not.toHaveProperty('exception.stacktrace');
  });

  const no = (): never => {
    throw new Error('no');
  };
  const hostile: readonly (readonly [string, () => unknown])[] = [
    [
      'getters that throw',
      () =>
        Object.defineProperties(
          { name: 'Hostile' },
          {
            message: { get: no },
            stack: { get: no },
            cause: { get: no },
          },
        ),
    ],
    ['a proxy', () => new Proxy({}, { get: no, getPrototypeOf: no })],
    ['a text', () => 'it broke, and nobody knows why'],
    ['a symbol', () => Symbol('thrown')],
    ['fields of other kinds', () => ({ name: 7, message: {}, stack: [], code: {} })],
    ['an AggregateError', () => new AggregateError([new Error('first'), new Error('second')])],
  ];
  it.each(hostile)('come from whatever was thrown: %s', async (what, make) => {
    const gateway = await after((exchange) => exchange.recordError(make()));
    expect(gateway.operator.logs.some(({ eventName }) => eventName === 'knoxcall.proxy.request')).toBe(true);
    if (what === 'a text') expect(messageOf(gateway)).toBe('it broke, and nobody knows why');
    if (what === 'an AggregateError') expect(messageOf(gateway)).toBe('Error: first');
  });
});

describe('the option', () => {
  it.each([
    [{ exceptions: 7 }, /^exceptions must be an object/],
    [{ exceptions: { logs: 1 } }, /^exceptions\.logs must be true or false/],
    [{ exceptions: { stack: true } }, /^exceptions\.stack is not a known option/],
  ])('%j is a fault', (options, sentence) => {
    expect(() => createGatewayTelemetry({ env: false, ...(options as GatewayOptions) })).toThrow(sentence);
  });
});
