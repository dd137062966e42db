/** `exchange.startUpstreamCall()`: what each attempt injects, what is recorded of it, what its exchange learns. */
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type {
  EndOptions,
  Exchange,
  GatewayOptions,
  HostSpanProcessor,
  UpstreamCall,
  UpstreamCallOptions,
} from '../../src/index.js';
import type { OtlpReceiver, ReceivedSpan } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters } from '../support/readings.js';
import { startUpstream } from '../support/upstream.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;
const HAS_IS_REMOTE = 0x100;

const SPAN_MODES = ['server', 'server+client'] as const;

interface Attempt {
  readonly call: UpstreamCall;
  readonly headers: Record<string, string>;
  /** Absent when no answer came. */
  readonly status: number | undefined;
  readonly error: NodeJS.ErrnoException | undefined;
}

/** One attempt over a real socket, told as a gateway tells it. Resolves in any case. */
function attempt(exchange: Exchange, url: string, options: UpstreamCallOptions = { url }): Promise<Attempt> {
  const call = exchange.startUpstreamCall(options);
  const headers: Record<string, string> = {};
  call.inject(headers);
  return new Promise((resolve) => {
    const outgoing = httpRequest(url, { headers, agent: false }, (answer) => {
      const status = answer.statusCode ?? 0;
      call.end({ statusCode: status });
      answer.resume().on('end', () => resolve({ call, headers, status, error: undefined }));
    });
    outgoing.on('error', (error) => {
      call.end({ error });
      resolve({ call, headers, status: undefined, error });
    });
    outgoing.end();
  });
}

/** An upstream that answers what the path says, and keeps the headers that came. */
async function answering() {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    response.writeHead(Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200)).end('hello');
  });
  return { ...upstream, arrived };
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type Handler = (exchange: Exchange) => Promise<number> | number;

/** A gateway whose handler makes the attempts and gives the status of the answer; one request is sent and recorded. */
async function serve(
  handler: Handler,
  { setup = {}, headers = {}, ...options }: GatewayOptions & { setup?: GatewaySetup; headers?: object } = {},
): Promise<TestGateway> {
  const gateway = await startGateway({
    ...setup,
    options,
    listener(_request, response, exchange) {
      void Promise.resolve(handler(exchange)).then((status) => response.writeHead(status).end('ok'));
    },
  });
  await send(gateway.url, { headers: headers as Record<string, string> });
  await gateway.flush();
  return gateway;
}

const both = { spans: 'server+client' } as const;
const ofKind = ({ spans }: OtlpReceiver, kind: number): ReceivedSpan[] =>
  spans.filter((span) => span.kind === kind);
const parentIdIn = (headers: { readonly [name: string]: unknown } | undefined): string =>
  String(headers?.['traceparent']).slice(36, 52);

function serverSpan(gateway: TestGateway): ReceivedSpan {
  const [span, ...more] = ofKind(gateway.operator, SERVER);
  if (span === undefined || more.length > 0) throw new Error('There should be one SERVER span.');
  return span;
}

describe('without the option, an upstream call', () => {
  it('carries the SERVER span’s id, is the SERVER span, and makes no span of its own', async () => {
    const upstream = await answering();
    const attempts: Attempt[] = [];
    const shown: unknown[] = [];
    const gateway = await serve(
      async (exchange) => {
        attempts.push(await attempt(exchange, upstream.url), await attempt(exchange, upstream.url));
        shown.push(...attempts.map(({ call }) => [call.spanId, call.span === exchange.span]));
        return 200;
      },
      { headers: { traceparent: TRACEPARENT, tracestate: 'a=1' } },
    );
    const { spanId } = serverSpan(gateway);
    expect(gateway.operator.spans).toHaveLength(1);
    expect(shown).toEqual([
      [spanId, true],
      [spanId, true],
    ]);
    for (const headers of upstream.arrived) {
      expect(headers).toMatchObject({ traceparent: `00-${TRACE_ID}-${spanId}-01`, tracestate: 'a=1' });
    }
    expect(upstream.arrived).toHaveLength(2);
  });

  it('is what `spans: server` says, too', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, upstream.url);
        return 200;
      },
      { spans: 'server' },
    );
    expect(gateway.operator.spans.map(({ kind }) => kind)).toEqual([SERVER]);
    expect(parentIdIn(upstream.arrived[0])).toBe(serverSpan(gateway).spanId);
  });

  it.each(['client', 'both', '', null, true, ['server']])('refuses `spans: %j`', (spans) => {
    expect(() => createGatewayTelemetry({ env: false, spans: spans as 'server' })).toThrow(
      'spans must be one of server, server+client',
    );
  });
});

describe.each(SPAN_MODES)('what the exchange learns with spans: %s', (spans) => {
  it('are attempts, latency, status and address of the last attempt, on the SERVER span', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, `${upstream.url}/503`);
        await pause(5);
        const call = exchange.startUpstreamCall({ url: `${upstream.url}/200` });
        await pause(30);
        call.end({ statusCode: 201 });
        return 200;
      },
      { spans },
    );
    const { attributes } = serverSpan(gateway);
    expect(attributes).toMatchObject({
      'knoxcall.upstream.address': '127.0.0.1',
      'knoxcall.upstream.status_code': 201,
      'knoxcall.upstream.attempts': 2,
      'knoxcall.upstream.latency_ms': expect.any(Number),
    });
    expect(attributes['knoxcall.upstream.latency_ms']).toBeGreaterThan(25);
    expect(attributes['knoxcall.upstream.latency_ms']).toBeLessThan(5_000);
  });

  it('gives the log records of operator and tenant the upstream’s address', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        exchange.setTenant('acme');
        await attempt(exchange, upstream.url, { address: 'orders.internal', port: 8080 });
        return 200;
      },
      { spans },
    );
    for (const { logs } of [gateway.operator, gateway.acme]) {
      expect(logs[0]?.attributes['server.address']).toBe('orders.internal');
    }
    expect(serverSpan(gateway).attributes).toMatchObject({
      'knoxcall.upstream.address': 'orders.internal',
      // The SERVER span's is the host that the client asked for.
      'server.address': '127.0.0.1',
    });
  });

  it('loses against what setUpstream says, fact by fact, before or after', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        exchange.setUpstream({ statusCode: 299 });
        await attempt(exchange, upstream.url);
        exchange.setUpstream({ address: 'said.example', attempts: 7 });
        return 200;
      },
      { spans },
    );
    expect(serverSpan(gateway).attributes).toMatchObject({
      'knoxcall.upstream.address': 'said.example',
      'knoxcall.upstream.status_code': 299,
      'knoxcall.upstream.attempts': 7,
      'knoxcall.upstream.latency_ms': expect.any(Number),
    });
    expect(gateway.operator.logs[0]?.attributes['server.address']).toBe('said.example');
  });

  it('is no status where the last attempt had none', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, `${upstream.url}/503`);
        await attempt(exchange, `http://127.0.0.1:${await closedPort()}`);
        return 503;
      },
      { spans },
    );
    const { attributes } = serverSpan(gateway);
    expect(attributes).not.toHaveProperty('knoxcall.upstream.status_code');
    expect(attributes).toMatchObject({
      'knoxcall.upstream.attempts': 2,
      // The 503 is the gateway's own: the upstream of the last attempt has given none.
      'error.type': 'upstream_connect_error',
    });
  });

  it('tells the upstream’s 5xx from the gateway’s own, without a word of the host', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        const first = await attempt(exchange, `http://127.0.0.1:${await closedPort()}`);
        const second = await attempt(exchange, `${upstream.url}/503`);
        return second.status ?? (first.error === undefined ? 200 : 502);
      },
      { spans },
    );
    expect(serverSpan(gateway)).toMatchObject({
      status: { code: ERROR },
      attributes: { 'error.type': '503' },
    });
    expect(gateway.operator.logs[0]?.attributes['error.type']).toBe('503');
  });

  it('is a retry that worked: no error anywhere but on the first attempt', async () => {
    const upstream = await answering();
    const refused = await closedPort();
    const gateway = await serve(
      async (exchange) => {
        const first = await attempt(exchange, `http://127.0.0.1:${refused}`);
        expect(first.error?.code).toBe('ECONNREFUSED');
        const second = await attempt(exchange, upstream.url);
        return second.status ?? 502;
      },
      { spans },
    );
    const server = serverSpan(gateway);
    expect(server.status.code).toBe(0);
    expect(server.attributes).toMatchObject({
      'http.response.status_code': 200,
      'knoxcall.upstream.attempts': 2,
      'knoxcall.upstream.status_code': 200,
    });
    expect(server.attributes).not.toHaveProperty('error.type');
    expect(gateway.operator.logs).toMatchObject([{ severityNumber: 9 }]);
    expect(gateway.operator.logs[0]?.attributes).not.toHaveProperty('error.type');
    expect(counters(gateway.operator)[0]?.attributes).toMatchObject({ error: false });
    expect(ofKind(gateway.operator, CLIENT).map(({ attributes }) => attributes['error.type'])).toEqual(
      spans === 'server' ? [] : ['upstream_connect_error', undefined],
    );
  });

  it('is why all failed, without recordError', async () => {
    const refused = await closedPort();
    const gateway = await serve(
      async (exchange) => {
        for (let times = 0; times < 3; times++) await attempt(exchange, `http://127.0.0.1:${refused}`);
        return 502;
      },
      { spans },
    );
    expect(serverSpan(gateway)).toMatchObject({
      status: { code: ERROR },
      attributes: {
        'http.response.status_code': 502,
        'error.type': 'upstream_connect_error',
        'knoxcall.upstream.attempts': 3,
        'knoxcall.upstream.address': '127.0.0.1',
      },
    });
    expect(gateway.operator.logs).toMatchObject([
      {
        severityNumber: 17,
        attributes: { 'error.type': 'upstream_connect_error', 'server.address': '127.0.0.1' },
      },
    ]);
    expect(ofKind(gateway.operator, CLIENT)).toHaveLength(spans === 'server' ? 0 : 3);
  });

  it('is less than what the host recorded itself', async () => {
    const refused = await closedPort();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, `http://127.0.0.1:${refused}`);
        exchange.recordError('circuit_open');
        return 502;
      },
      { spans },
    );
    expect(serverSpan(gateway).attributes['error.type']).toBe('circuit_open');
  });

  it('keeps a 4xx of the upstream a warning', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => (await attempt(exchange, `${upstream.url}/404`)).status ?? 502,
      { spans },
    );
    expect(serverSpan(gateway).status.code).toBe(0);
    expect(gateway.operator.logs[0]).toMatchObject({ severityNumber: 13 });
    expect(ofKind(gateway.operator, CLIENT).map(({ status }) => status.code)).toEqual(
      spans === 'server' ? [] : [ERROR],
    );
  });

  it('is the upstream’s address also where the client leaves before the answer', async () => {
    const silent = await startUpstream(() => undefined);
    let calls = 0;
    const gateway = await startGateway({
      options: { spans },
      listener(_request, response, exchange) {
        const call = exchange.startUpstreamCall({ address: 'orders.internal' });
        const headers: Record<string, string> = {};
        call.inject(headers);
        const outgoing = httpRequest(silent.url, { headers, agent: false });
        outgoing.on('error', () => undefined).end();
        response.on('close', () => outgoing.destroy());
        calls++;
      },
    });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: gateway.example\r\n\r\n');
    while (calls === 0) await pause(2);
    client.socket.destroy();
    while (gateway.telemetry.status().openExchanges > 0) await pause(2);
    await gateway.flush();
    expect(gateway.operator.logs).toMatchObject([{ attributes: { 'error.type': 'client_disconnect' } }]);
    expect(serverSpan(gateway).attributes['knoxcall.upstream.attempts']).toBe(1);
    expect(gateway.operator.logs[0]?.attributes['server.address']).toBe('orders.internal');
  });

  it('is the cause of an exchange that ends without a status', async () => {
    const { telemetry, operator, flush } = await startGateway({ options: { spans } });
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    const call = exchange.startUpstreamCall({ address: 'orders.internal' });
    call.end({ error: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });
    exchange.end();
    await flush();
    expect(operator.logs).toMatchObject([
      { attributes: { 'error.type': 'upstream_reset', 'server.address': 'orders.internal' } },
    ]);
  });

  it('counts every call, also those that fail at once, and twenty at a time', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        await Promise.all(Array.from({ length: 20 }, () => attempt(exchange, upstream.url)));
        return 200;
      },
      { spans },
    );
    expect(serverSpan(gateway).attributes['knoxcall.upstream.attempts']).toBe(20);
    const ids = new Set(upstream.arrived.map(parentIdIn));
    expect(ids.size).toBe(spans === 'server' ? 1 : 20);
    expect(ofKind(gateway.operator, CLIENT)).toHaveLength(spans === 'server' ? 0 : 20);
  });

  it('is nothing where no call was made', async () => {
    const gateway = await serve(() => 200, { spans });
    expect(gateway.operator.spans).toHaveLength(1);
    for (const name of Object.keys(serverSpan(gateway).attributes)) expect(name).not.toContain('upstream');
  });
});

describe('with spans: server+client, an upstream call', () => {
  it('has a CLIENT span of its own, whose id the upstream sees', async () => {
    const upstream = await answering();
    const attempts: Attempt[] = [];
    const gateway = await serve(
      async (exchange) => {
        attempts.push(await attempt(exchange, upstream.url), await attempt(exchange, upstream.url));
        return 200;
      },
      { ...both, headers: { traceparent: TRACEPARENT, tracestate: 'a=1' } },
    );
    const server = serverSpan(gateway);
    const clients = ofKind(gateway.operator, CLIENT);
    expect(server).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID });
    expect(clients).toHaveLength(2);
    for (const span of clients) {
      expect(span).toMatchObject({
        traceId: TRACE_ID,
        parentSpanId: server.spanId,
        name: 'GET',
        kind: CLIENT,
        traceState: 'a=1',
        status: { code: 0 },
        links: [],
        events: [],
        // The parent is of this process.
        flags: 0x01 | HAS_IS_REMOTE,
      });
      expect([span.resource, span.scope]).toEqual([server.resource, server.scope]);
    }
    const ids = clients.map(({ spanId }) => spanId);
    expect(new Set([...ids, server.spanId, PARENT_ID]).size).toBe(4);
    expect(upstream.arrived.map(parentIdIn)).toEqual(ids);
    expect(upstream.arrived.map((headers) => headers['tracestate'])).toEqual(['a=1', 'a=1']);
    expect(attempts.map(({ call }) => call.spanId)).toEqual(ids);
    expect(attempts.map(({ call }) => call.span.spanContext().spanId)).toEqual(ids);
  });

  it('says what was asked and what came', async () => {
    const upstream = await answering();
    const gateway = await serve(async (exchange) => {
      await attempt(exchange, `${upstream.url}/201/orders?page=2`);
      return 200;
    }, both);
    const [client] = ofKind(gateway.operator, CLIENT);
    expect(client?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': `${upstream.url}/201/orders?page=2`,
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
      'http.response.status_code': 201,
    });
    expect(client?.name).toBe('GET');
  });

  it('lasts as long as the attempt, within the SERVER span', async () => {
    const gateway = await serve(async (exchange) => {
      await pause(10);
      const call = exchange.startUpstreamCall();
      await pause(30);
      call.end({ statusCode: 200 });
      await pause(10);
      return 200;
    }, both);
    const server = serverSpan(gateway);
    const [client] = ofKind(gateway.operator, CLIENT);
    if (client === undefined) throw new Error('There is no CLIENT span.');
    const ms = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;
    expect(ms(client.endTimeUnixNano - client.startTimeUnixNano)).toBeGreaterThan(25);
    expect(client.startTimeUnixNano - server.startTimeUnixNano).toBeGreaterThan(5_000_000n);
    expect(server.endTimeUnixNano - client.endTimeUnixNano).toBeGreaterThan(5_000_000n);
  });

  it.each<[UpstreamCallOptions | undefined, Record<string, unknown>]>([
    [undefined, { 'http.request.method': 'GET' }],
    [{}, { 'http.request.method': 'GET' }],
    [
      { method: 'POST', address: 'a.example', port: 8443 },
      { 'http.request.method': 'POST', 'server.address': 'a.example', 'server.port': 8443 },
    ],
    [
      { url: 'https://a.example/x' },
      {
        'http.request.method': 'GET',
        'url.full': 'https://a.example/x',
        'server.address': 'a.example',
        'server.port': 443,
      },
    ],
    [
      { url: new URL('http://A.Example:81?q=1#part') },
      {
        'http.request.method': 'GET',
        'url.full': 'http://a.example:81/?q=1',
        'server.address': 'a.example',
        'server.port': 81,
      },
    ],
    [
      { url: 'http://[2001:db8::1]/' },
      {
        'http.request.method': 'GET',
        'url.full': 'http://[2001:db8::1]/',
        'server.address': '2001:db8::1',
        'server.port': 80,
      },
    ],
    [
      { url: 'https://bob:geheim@a.example/x?token=geheim&sig=geheim&b=1' },
      {
        'http.request.method': 'GET',
        'url.full': 'https://REDACTED:REDACTED@a.example/x?token=REDACTED&sig=REDACTED&b=1',
        'server.address': 'a.example',
        'server.port': 443,
      },
    ],
    [
      { url: new URL('https://bob@a.example/?X-Amz-Signature=geheim') },
      {
        'http.request.method': 'GET',
        'url.full': 'https://REDACTED:REDACTED@a.example/?X-Amz-Signature=REDACTED',
        'server.address': 'a.example',
        'server.port': 443,
      },
    ],
    [{ method: 'PROPFIND' }, { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' }],
  ])('told %j has the attributes %j', async (options, attributes) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall(options).end();
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT).map((span) => span.attributes)).toEqual([attributes]);
    const text = gateway.operator.requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join();
    expect(text).not.toContain('geheim');
  });

  it.each([
    ['GET', 'GET'],
    ['POST', 'POST'],
    ['QUERY', 'QUERY'],
    ['PROPFIND', 'HTTP'],
    ['get', 'HTTP'],
  ])('with method %s is named %s', async (method, name) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall({ method, url: 'http://a.example/orders/17' }).end({ statusCode: 200 });
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)[0]?.name).toBe(name);
  });

  it('takes the method from its request, where it is not told another', async () => {
    const gateway = await startGateway({
      options: both,
      listener(_request, response, exchange) {
        exchange.startUpstreamCall().end({ statusCode: 200 });
        exchange.startUpstreamCall({ method: 'HEAD' }).end({ statusCode: 200 });
        response.end();
      },
    });
    await send(gateway.url, { method: 'DELETE' });
    await gateway.flush();
    expect(ofKind(gateway.operator, CLIENT).map(({ name }) => name)).toEqual(['DELETE', 'HEAD']);
  });

  it.each<[EndOptions, unknown, string | undefined, number]>([
    [{ statusCode: 200 }, 200, undefined, 0],
    [{ statusCode: 304 }, 304, undefined, 0],
    [{ statusCode: 399 }, 399, undefined, 0],
    [{ statusCode: 400 }, 400, '400', ERROR],
    [{ statusCode: 404 }, 404, '404', ERROR],
    [{ statusCode: 503 }, 503, '503', ERROR],
    [{ error: 'upstream_timeout' }, undefined, 'upstream_timeout', ERROR],
    [
      { error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) },
      undefined,
      'upstream_connect_error',
      ERROR,
    ],
    [{ error: Object.assign(new Error('x'), { code: 'ETIMEDOUT' }) }, undefined, 'upstream_timeout', ERROR],
    [{ error: new TypeError('x') }, undefined, 'TypeError', ERROR],
    [{ error: new TypeError('x'), statusCode: 200 }, 200, 'TypeError', ERROR],
    [{ error: 'a text of a client' }, undefined, '_OTHER', ERROR],
    [{ error: 0 }, undefined, '_OTHER', ERROR],
    [{ error: null }, undefined, undefined, 0],
    [{}, undefined, undefined, 0],
  ])('ended with %j has status %s, error.type %s', async (end, statusCode, errorType, code) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall({ address: 'a.example' }).end(end);
      return 200;
    }, both);
    const [client] = ofKind(gateway.operator, CLIENT);
    expect(client?.attributes['http.response.status_code']).toBe(statusCode);
    expect(client?.attributes['error.type']).toBe(errorType);
    expect(client?.status).toEqual({ code });
    expect(serverSpan(gateway).status.code).toBe(0);
  });

  it('that failed and was made again gives two CLIENT spans with parent ids of their own', async () => {
    const upstream = await answering();
    const attempts: Attempt[] = [];
    const refused = await closedPort();
    const gateway = await serve(async (exchange) => {
      attempts.push(await attempt(exchange, `http://127.0.0.1:${refused}/`));
      attempts.push(await attempt(exchange, upstream.url));
      return attempts[1]?.status ?? 502;
    }, both);
    const clients = ofKind(gateway.operator, CLIENT);
    expect(clients).toMatchObject([
      {
        status: { code: ERROR },
        attributes: { 'error.type': 'upstream_connect_error', 'server.port': refused },
      },
      { status: { code: 0 }, attributes: { 'http.response.status_code': 200, 'server.port': upstream.port } },
    ]);
    expect(clients[0]?.attributes).not.toHaveProperty('http.response.status_code');
    expect(attempts.map(({ headers }) => parentIdIn(headers))).toEqual(clients.map(({ spanId }) => spanId));
    expect(upstream.arrived).toHaveLength(1);
    expect(parentIdIn(upstream.arrived[0])).toBe(clients[1]?.spanId);
  });

  it('leaves exchange.inject with the SERVER span’s id, before, during and after', async () => {
    const written: Record<string, string>[] = [];
    const gateway = await serve((exchange) => {
      const note = (): void => {
        const headers: Record<string, string> = {};
        exchange.inject(headers);
        written.push(headers);
      };
      note();
      const call = exchange.startUpstreamCall();
      note();
      call.end({ statusCode: 200 });
      note();
      return 200;
    }, both);
    const { spanId } = serverSpan(gateway);
    expect(written.map(parentIdIn)).toEqual([spanId, spanId, spanId]);
  });

  it('writes the same id however often it injects, and into every kind of headers', async () => {
    const gateway = await serve((exchange) => {
      const call = exchange.startUpstreamCall();
      const object: Record<string, string> = { Traceparent: 'stale', tracestate: 'stale=1' };
      const pairs: [string, string][] = [['TRACEPARENT', 'stale']];
      const headers = new Headers({ traceparent: 'stale' });
      for (const target of [object, pairs, headers, object]) call.inject(target);
      const expected = `00-${exchange.traceId}-${call.spanId}-03`;
      expect(object).toEqual({ traceparent: expected });
      expect(pairs).toEqual([['traceparent', expected]]);
      expect([...headers]).toEqual([['traceparent', expected]]);
      call.end();
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)).toHaveLength(1);
  });

  it('speaks every format that is asked for, with the id of the call, and clears', async () => {
    const upstream = await answering();
    const gateway = await serve(
      async (exchange) => {
        const call = exchange.startUpstreamCall();
        const headers: Record<string, string> = { 'x-debug': '1', 'x-b3-parentspanid': PARENT_ID };
        call.inject(headers);
        await new Promise((resolve) => httpRequest(upstream.url, { headers }, resolve).end());
        call.end({ statusCode: 200 });
        return 200;
      },
      {
        ...both,
        propagation: { extract: ['w3c'], clear: ['x-debug'], inject: ['w3c', 'b3', 'datadog', 'gcp'] },
        headers: { traceparent: TRACEPARENT },
      },
    );
    const spanId = ofKind(gateway.operator, CLIENT)[0]?.spanId ?? '';
    const decimal = String(BigInt(`0x${spanId}`));
    expect(upstream.arrived[0]).toMatchObject({
      traceparent: `00-${TRACE_ID}-${spanId}-01`,
      'x-b3-traceid': TRACE_ID,
      'x-b3-spanid': spanId,
      'x-datadog-parent-id': decimal,
      'x-cloud-trace-context': `${TRACE_ID}/${decimal};o=1`,
    });
    expect(upstream.arrived[0]?.['tracestate']).toMatch(new RegExp(`^dd=s:1;p:${spanId}`));
    for (const name of ['x-debug', 'x-b3-parentspanid']) expect(upstream.arrived[0]).not.toHaveProperty(name);
  });

  it('is ended with its exchange, where the host leaves it open', async () => {
    const calls: UpstreamCall[] = [];
    const gateway = await serve((exchange) => {
      calls.push(
        exchange.startUpstreamCall({ url: 'http://a.example/' }),
        exchange.startUpstreamCall({ url: 'http://b.example/' }),
      );
      calls[0]?.span.setAttribute('mine', 1);
      return 200;
    }, both);
    const server = serverSpan(gateway);
    const clients = ofKind(gateway.operator, CLIENT);
    expect(clients.map(({ spanId }) => spanId)).toEqual(calls.map(({ spanId }) => spanId));
    expect(clients[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': 'http://a.example/',
      'server.address': 'a.example',
      'server.port': 80,
      mine: 1,
    });
    for (const span of clients) {
      expect(span.status.code).toBe(0);
      expect(span.endTimeUnixNano).toBeLessThanOrEqual(server.endTimeUnixNano);
      expect(span.endTimeUnixNano).toBeGreaterThanOrEqual(span.startTimeUnixNano);
    }
    // Too late.
    for (const call of calls) call.end({ statusCode: 500 });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(3);
  });

  it('is recorded once, as it was first ended', async () => {
    const gateway = await serve((exchange) => {
      const call = exchange.startUpstreamCall();
      call.end({ statusCode: 200 });
      call.end({ statusCode: 500, error: new Error('x') });
      call.span.setAttribute('late', 1);
      call.span.end();
      call.end();
      return 502;
    }, both);
    const [client, ...more] = ofKind(gateway.operator, CLIENT);
    expect(more).toEqual([]);
    expect(client).toMatchObject({ status: { code: 0 }, attributes: { 'http.response.status_code': 200 } });
    expect(client?.attributes).not.toHaveProperty('late');
    expect(serverSpan(gateway).attributes).toMatchObject({
      'error.type': '502',
      'knoxcall.upstream.status_code': 200,
      'knoxcall.upstream.attempts': 1,
    });
  });

  it('that begins after the end records nothing and still injects', async () => {
    const written: Record<string, string>[] = [];
    let exchange: Exchange | undefined;
    const gateway = await serve((current) => {
      exchange = current;
      current.startUpstreamCall().end({ statusCode: 200 });
      return 200;
    }, both);
    const call = exchange?.startUpstreamCall({ url: 'http://a.example/' });
    const headers: Record<string, string> = {};
    call?.inject(headers);
    call?.span.setAttribute('a', 1);
    call?.end({ statusCode: 500 });
    written.push(headers);
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(2);
    expect(gateway.operator.logs).toHaveLength(1);
    expect(headers['traceparent']).toMatch(new RegExp(`^00-${serverSpan(gateway).traceId}-[0-9a-f]{16}-03$`));
    expect(call?.span.isRecording()).toBe(false);
    expect(gateway.diagnostics).toEqual([]);
  });

  it('that ends right after its exchange, as where a body is piped, has its own end; the exchange does not change', async () => {
    let call: UpstreamCall | undefined;
    const gateway = await serve((exchange) => {
      call = exchange.startUpstreamCall({ address: 'a.example' });
      exchange.end({ statusCode: 200 });
      call.end({ statusCode: 503, error: 'upstream_reset' });
      return 200;
    }, both);
    expect(serverSpan(gateway).attributes).not.toHaveProperty('knoxcall.upstream.status_code');
    expect(ofKind(gateway.operator, CLIENT)).toHaveLength(1);
    expect(ofKind(gateway.operator, CLIENT)[0]?.attributes).toMatchObject({
      'http.response.status_code': 503,
      'error.type': 'upstream_reset',
    });
  });

  it.each(['server', 'server+client'] as const)(
    'tells its status and the latency of the head while its body is piped, with %s',
    async (spans) => {
      const upstream = await startUpstream((_request, response) => {
        response.writeHead(404).write('a');
        setTimeout(() => response.end('b'), 400);
      });
      const gateway = await startGateway({
        options: { spans },
        listener: (_request, response, exchange) => {
          const call = exchange.startUpstreamCall({ url: upstream.url });
          httpRequest(upstream.url, (answer) => {
            call.responded(answer.statusCode ?? 0);
            response.writeHead(answer.statusCode ?? 500);
            pipeline(answer, response, (error) => call.end({ error }));
          }).end();
        },
      });
      await (await fetch(gateway.url)).text();
      await gateway.flush();
      const { attributes } = serverSpan(gateway);
      expect(attributes).toMatchObject({
        'knoxcall.upstream.status_code': 404,
        'knoxcall.upstream.address': '127.0.0.1',
        'knoxcall.upstream.attempts': 1,
      });
      expect(attributes['knoxcall.upstream.latency_ms']).toBeLessThan(350);
      for (const span of ofKind(gateway.operator, CLIENT)) {
        expect(span.attributes).toMatchObject({ 'http.response.status_code': 404, 'error.type': '404' });
        expect(span.attributes['knoxcall.time_to_first_byte_ms']).toBeCloseTo(
          attributes['knoxcall.upstream.latency_ms'] as number,
          2,
        );
        expect(Number(span.endTimeUnixNano - span.startTimeUnixNano)).toBeGreaterThan(50e6);
      }
      expect(ofKind(gateway.operator, CLIENT)).toHaveLength(spans === 'server' ? 0 : 1);
    },
  );

  it('that the gateway breaks off itself is no error', async () => {
    const gateway = await serve((exchange) => {
      const abort = new DOMException('Aborted', 'AbortError');
      exchange.startUpstreamCall({ address: 'a.example' }).end({ error: abort });
      return 200;
    }, both);
    const [span] = ofKind(gateway.operator, CLIENT);
    expect(span?.status.code).toBe(0);
    expect(span?.attributes).not.toHaveProperty('error.type');
  });

  it('keeps concurrent calls apart, in whatever order they end', async () => {
    const upstream = await startUpstream((request, response) => {
      const delay = Number(request.url?.slice(1));
      setTimeout(() => response.writeHead(delay === 5 ? 500 : 200).end(), delay);
    });
    const attempts: Attempt[] = [];
    const gateway = await serve(async (exchange) => {
      const delays = [60, 5, 30];
      attempts.push(...(await Promise.all(delays.map((ms) => attempt(exchange, `${upstream.url}/${ms}`)))));
      return 200;
    }, both);
    const byId = new Map(ofKind(gateway.operator, CLIENT).map((span) => [span.spanId, span]));
    expect(byId.size).toBe(3);
    expect(attempts.map(({ call }) => byId.get(call.spanId)?.attributes['url.full'])).toEqual([
      `${upstream.url}/60`,
      `${upstream.url}/5`,
      `${upstream.url}/30`,
    ]);
    expect(
      attempts.map(({ call }) => byId.get(call.spanId)?.attributes['http.response.status_code']),
    ).toEqual([200, 500, 200]);
    // The last answer is that of the slowest.
    expect(serverSpan(gateway).attributes).toMatchObject({
      'knoxcall.upstream.attempts': 3,
      'knoxcall.upstream.status_code': 200,
    });
  });

  it('belongs to its own request, however many run at once', async () => {
    const upstream = await answering();
    const gateway = await startGateway({
      options: both,
      listener(_request, response, exchange) {
        void Promise.all([attempt(exchange, upstream.url), attempt(exchange, upstream.url)]).then(() =>
          response.end(),
        );
      },
    });
    await Promise.all(Array.from({ length: 25 }, () => send(gateway.url)));
    await gateway.flush();
    const servers = new Map(ofKind(gateway.operator, SERVER).map((span) => [span.spanId, span.traceId]));
    const clients = ofKind(gateway.operator, CLIENT);
    expect([servers.size, clients.length]).toEqual([25, 50]);
    for (const { parentSpanId = '', traceId } of clients) expect(servers.get(parentSpanId)).toBe(traceId);
    expect(new Set(clients.map(({ spanId }) => spanId)).size).toBe(50);
  });

  it('carries what the host sets on its span, to the operator alone', async () => {
    const gateway = await serve((exchange) => {
      exchange.setTenant('acme');
      const call = exchange.startUpstreamCall();
      call.span.setAttribute('pool', 'blue');
      call.span.addEvent('connected');
      call.span.setStatus({ code: SpanStatusCode.ERROR, message: 'my word' });
      call.span.updateName('GET orders');
      call.span.recordException(new TypeError('geheim'));
      call.end({ statusCode: 503 });
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)).toMatchObject([
      {
        name: 'GET orders',
        attributes: { pool: 'blue', 'http.response.status_code': 503 },
        status: { code: ERROR, message: 'my word' },
        events: [{ name: 'connected' }, { name: 'exception' }],
      },
    ]);
    expect(serverSpan(gateway).attributes).not.toHaveProperty('pool');
    expect(gateway.operator.logs[0]?.attributes).not.toHaveProperty('pool');
    const text = gateway.acme.requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join();
    for (const word of ['pool', 'geheim', 'my word']) expect(text).not.toContain(word);
  });

  it('may be the parent of custom spans', async () => {
    const gateway: TestGateway = await startGateway({
      options: both,
      listener(_request, response, exchange) {
        const call = exchange.startUpstreamCall();
        const within = trace.setSpan(context.active(), call.span);
        gateway.telemetry.tracer.startSpan('resolve', {}, within).end();
        call.end({ statusCode: 200 });
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const custom = gateway.operator.spans.find(({ name }) => name === 'resolve');
    const [client] = ofKind(gateway.operator, CLIENT);
    expect(custom).toMatchObject({ traceId: client?.traceId, parentSpanId: client?.spanId });
  });

  it('reaches no tenant', async () => {
    const upstream = await answering();
    const gateway = await serve(async (exchange) => {
      exchange.setTenant('acme');
      await attempt(exchange, upstream.url);
      return 200;
    }, both);
    for (const receiver of [gateway.acme, gateway.globex]) {
      expect(receiver.requests.filter(({ signal }) => signal === 'traces')).toEqual([]);
      expect(receiver.spans).toEqual([]);
    }
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.acme.logs[0]?.spanId).toBe(serverSpan(gateway).spanId);
    for (const name of Object.keys(gateway.acme.logs[0]?.attributes ?? {})) {
      expect(name).not.toContain('upstream');
      expect(name).not.toBe('url.full');
    }
  });
});

describe('an upstream call of an unsampled request', () => {
  it('has an id of its own each time, and nothing is exported', async () => {
    const upstream = await answering();
    const shown: unknown[] = [];
    const gateway = await serve(
      async (exchange) => {
        const calls = [await attempt(exchange, upstream.url), await attempt(exchange, `${upstream.url}/503`)];
        for (const { call } of calls) shown.push(call.span.isRecording(), call.span.spanContext().spanId);
        return 503;
      },
      { ...both, headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00`, tracestate: 'a=1' } },
    );
    const [log] = gateway.operator.logs;
    const ids = upstream.arrived.map(parentIdIn);
    expect(gateway.operator.spans).toEqual([]);
    expect(new Set([...ids, log?.spanId, PARENT_ID]).size).toBe(4);
    expect(shown).toEqual([false, ids[0], false, ids[1]]);
    for (const headers of upstream.arrived) {
      expect(headers['traceparent']).toMatch(/-00$/);
      expect(headers['tracestate']).toBe('a=1');
    }
    expect(log).toMatchObject({
      traceId: TRACE_ID,
      attributes: { 'error.type': '503', 'server.address': '127.0.0.1' },
    });
  });
});

describe('a span processor of the host', () => {
  type Seen = Pick<ReceivedSpan, 'name' | 'kind'> & {
    readonly ended: boolean;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly parentSpanContext?: { readonly spanId: string };
    readonly status: { readonly code: number };
    readonly duration: readonly [number, number];
    readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
    spanContext(): { readonly spanId: string };
    setAttribute(key: string, value: unknown): unknown;
  };
  const recorder = () => {
    const started: [Seen, Record<string, unknown>, unknown][] = [];
    const ended: Seen[] = [];
    const processor: HostSpanProcessor = {
      onStart: (span, context) =>
        void started.push([span as Seen, { ...(span as Seen).attributes }, context]),
      onEnd: (span) => void ended.push(span as Seen),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    return { started, ended, processor };
  };

  it('gets CLIENT spans at start and end, those left open after their SERVER span', async () => {
    const upstream = await answering();
    const { started, ended, processor } = recorder();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, `${upstream.url}/503`);
        exchange.startUpstreamCall({ method: 'POST', address: 'left.open' });
        return 200;
      },
      { ...both, spanProcessors: [processor], serviceName: 'edge' },
    );
    const server = serverSpan(gateway);
    // The API's kinds: SERVER is 1, CLIENT 2.
    expect(started.map(([{ kind }]) => kind)).toEqual([1, 2, 2]);
    expect(ended.map(({ kind }) => kind)).toEqual([2, 1, 2]);
    expect(started[1]?.[1]).toEqual({
      'http.request.method': 'GET',
      'url.full': `${upstream.url}/503`,
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
    });
    expect(ended[0]).toBe(started[1]?.[0]);
    expect(ended[0]).toMatchObject({
      name: 'GET',
      ended: true,
      status: { code: ERROR },
      parentSpanContext: { spanId: server.spanId },
      attributes: { 'http.response.status_code': 503, 'error.type': '503' },
      resource: { attributes: { 'service.name': 'edge' } },
    });
    expect(ended[2]).toMatchObject({
      name: 'POST',
      ended: true,
      attributes: { 'server.address': 'left.open' },
    });
    const received = new Map(gateway.operator.spans.map((span) => [span.spanId, span.attributes]));
    for (const span of ended) expect(received.get(span.spanContext().spanId)).toEqual({ ...span.attributes });
  });

  it('that throws harms no call, and is reported', async () => {
    const fail = (): never => {
      throw new Error('secret text');
    };
    const upstream = await answering();
    const gateway = await serve(async (exchange) => (await attempt(exchange, upstream.url)).status ?? 502, {
      ...both,
      spanProcessors: [{ onStart: fail, onEnd: fail, forceFlush: fail, shutdown: fail }],
    });
    expect(gateway.operator.spans.map(({ kind }) => kind)).toEqual([CLIENT, SERVER]);
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('callback_failed');
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });

  it('gets no CLIENT span by default, and none of unsampled requests', async () => {
    for (const [options, kinds] of [
      [{}, [1]],
      [{ ...both, sampling: { ratio: 0 } }, []],
    ] as const) {
      const { started, ended, processor } = recorder();
      await serve(
        (exchange) => {
          exchange.startUpstreamCall().end({ statusCode: 200 });
          return 200;
        },
        { ...options, spanProcessors: [processor] },
      );
      expect(started.map(([{ kind }]) => kind)).toEqual(kinds);
      expect(ended.map(({ kind }) => kind)).toEqual(kinds);
    }
  });

  it('gets CLIENT spans also where nobody else wants any', async () => {
    const { ended, processor } = recorder();
    const nobody = { operator: null, acme: null, globex: null };
    const gateway = await serve(
      (exchange) => {
        exchange.startUpstreamCall().end({ statusCode: 200 });
        return 200;
      },
      { ...both, spanProcessors: [processor], setup: nobody },
    );
    expect(ended.map(({ kind }) => kind)).toEqual([2, 1]);
    expect(gateway.operator.requests).toEqual([]);
  });
});

describe('without spans of its own, the gateway', () => {
  it.each<[string, GatewaySetup, GatewayOptions]>([
    ['traces are off', { operator: { signals: { traces: false } } }, {}],
    ['there are only tenants', { operator: null }, {}],
    ['the request is ignored', { adapter: { ignore: () => true } }, {}],
    ['the SDK is disabled', {}, { env: { OTEL_SDK_DISABLED: 'true' } }],
  ])('passes the caller’s ids on with each call where %s', async (_how, setup, options) => {
    for (const spans of SPAN_MODES) {
      const upstream = await answering();
      const shown: unknown[] = [];
      const gateway = await serve(
        async (exchange) => {
          exchange.setTenant('acme');
          const { call } = await attempt(exchange, `${upstream.url}/503`);
          await attempt(exchange, upstream.url);
          shown.push(call.spanId, call.span.spanContext().spanId, call.span.isRecording());
          return 200;
        },
        { ...options, spans, setup, headers: { traceparent: TRACEPARENT, tracestate: 'a=1' } },
      );
      for (const headers of upstream.arrived) {
        expect(headers).toMatchObject({ traceparent: TRACEPARENT, tracestate: 'a=1' });
      }
      expect(upstream.arrived).toHaveLength(2);
      expect(shown).toEqual([PARENT_ID, PARENT_ID, false]);
      expect(gateway.operator.spans).toEqual([]);
    }
  });

  it('still learns the upstream’s facts for the log record', async () => {
    const refused = await closedPort();
    const gateway = await serve(
      async (exchange) => {
        await attempt(exchange, `http://127.0.0.1:${refused}`, { address: 'orders.internal' });
        return 502;
      },
      { ...both, setup: { operator: { signals: { traces: false } } } },
    );
    expect(gateway.operator.logs[0]?.attributes).toMatchObject({
      'error.type': 'upstream_connect_error',
      'server.address': 'orders.internal',
    });
  });
});

describe('the exchange that does nothing', () => {
  it('has calls that do nothing', () => {
    const telemetry = createGatewayTelemetry({ env: false, ...both });
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: { traceparent: TRACEPARENT } });
    expect(exchange).toBe(telemetry.current());
    const call = exchange.startUpstreamCall({ url: 'http://a.example/' });
    const headers = { traceparent: TRACEPARENT };
    call.inject(headers);
    call.span.setAttribute('a', 1);
    call.end({ statusCode: 200 });
    call.end();
    expect(headers).toEqual({ traceparent: TRACEPARENT });
    expect([call.spanId, call.span.isRecording()]).toEqual(['', false]);
    expect(exchange.responseHeaders()).toEqual({});
  });

  it('stands in after shutdown, too, and open exchanges go on without harm', async () => {
    const gateway = await startGateway({ options: both });
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    const call = exchange.startUpstreamCall();
    await gateway.telemetry.shutdown();
    const headers: Record<string, string> = {};
    call.inject(headers);
    call.end({ statusCode: 200 });
    exchange.startUpstreamCall({ url: 'http://a.example/' }).end({ statusCode: 200 });
    exchange.end({ statusCode: 200 });
    expect(headers['traceparent']).toContain(call.spanId);
    const late = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    expect(() => late.startUpstreamCall().end()).not.toThrow();
  });
});

describe('garbage from the host', () => {
  const fail = (): never => {
    throw new Error('secret text');
  };
  const throwing = (...names: string[]): object =>
    Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: fail }])));
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['a text', 'http://a.example/'],
    ['an array', []],
    ['a function', fail],
    ['a getter of method that throws', throwing('method')],
    ['a getter of url that throws', throwing('url')],
    ['a getter of address that throws', throwing('address')],
    ['a getter of port that throws', throwing('port')],
    ['a revoked proxy', revoked()],
    ['a proxy that throws', new Proxy({}, { get: fail })],
    ['a bad URL', { url: 'not a url' }],
    ['an empty URL', { url: '' }],
    ['a relative URL', { url: '/orders' }],
    ['a URL without a host', { url: 'unix:socket' }],
    ['a data URL', { url: 'data:text/plain,geheim' }],
    ['a URL that is null', { url: null }],
    ['a URL that is a number', { url: 5 }],
    ['a URL that is a symbol', { url: Symbol('secret text') }],
    ['a URL that cannot be read', { url: { toString: fail } }],
    ['a URL that is an object without a prototype', { url: Object.create(null) as unknown }],
    ['a method that is not a text', { method: 5 }],
    ['an empty method', { method: '' }],
    ['a method of control characters', { method: 'GE\r\nT' }],
    ['an address that is not a text', { address: {} }],
    ['an address of control characters', { address: 'a\r\nb' }],
    ['a port that is not a number', { port: '80' }],
    ['a port that is not whole', { port: 1.5 }],
    ['a port that is infinite', { port: Number.POSITIVE_INFINITY }],
    ['lone surrogates', { method: '\ud800', address: '\udc00', url: 'http://a.example/\ud800?\udc00=1' }],
  ])('as options is harmless: %s', async (_what, options) => {
    const gateway = await serve((exchange) => {
      const call = exchange.startUpstreamCall(options as UpstreamCallOptions);
      const headers: Record<string, string> = {};
      call.inject(headers);
      expect(headers['traceparent']).toContain(call.spanId);
      call.end({ statusCode: 200 });
      return 200;
    }, both);
    const [client] = ofKind(gateway.operator, CLIENT);
    expect(client?.attributes).toMatchObject({ 'http.response.status_code': 200 });
    expect(serverSpan(gateway).attributes['knoxcall.upstream.attempts']).toBe(1);
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });

  it.each<[string, number, boolean]>([
    ['0', 0, false],
    ['negative', -1, false],
    ['1', 1, true],
    ['65535', 65_535, true],
    ['65536', 65_536, false],
    ['huge', Number.MAX_SAFE_INTEGER, false],
  ])('a port that is none is not recorded: %s', async (_what, port, isKept) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall({ address: 'a.example', port }).end({ statusCode: 200 });
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)[0]?.attributes['server.port']).toBe(isKept ? port : undefined);
  });

  it.each<[string, UpstreamCallOptions]>([
    ['a method', { method: 'X'.repeat(1_000_000) }],
    ['an address', { address: 'a'.repeat(1_000_000) }],
    ['a path', { url: `http://a.example/${'x'.repeat(1_000_000)}` }],
    ['a query', { url: `http://a.example/?q=${'x'.repeat(1_000_000)}` }],
    ['a query of many secrets', { url: `http://a.example/?${'token=geheim&'.repeat(50_000)}` }],
    ['a query of separators', { url: `http://a.example/?${'&'.repeat(1_000_000)}a=1` }],
    ['a query of escapes', { url: `http://a.example/?a=${'%3D'.repeat(300_000)}` }],
    ['a query of nested escapes', { url: `http://a.example/?a=${'%25'.repeat(100_000)}3D%3D` }],
    ['user info', { url: `http://${'geheim'.repeat(100_000)}:geheim@a.example/` }],
    ['a host', { url: `http://${'a'.repeat(1_000_000)}/` }],
  ])('of a megabyte is cut, and costs no time: %s', async (_what, options) => {
    let tookMs = 0;
    const gateway = await serve((exchange) => {
      const before = performance.now();
      const call = exchange.startUpstreamCall(options);
      call.end({ statusCode: 200 });
      tookMs = performance.now() - before;
      return 200;
    }, both);
    const [client] = ofKind(gateway.operator, CLIENT);
    for (const value of Object.values(client?.attributes ?? {})) {
      expect(String(value).length).toBeLessThanOrEqual(4_096);
    }
    const text = gateway.operator.requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join();
    expect(text).not.toContain('geheim');
    expect(tookMs).toBeLessThan(1_000);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['a getter of statusCode that throws', throwing('statusCode')],
    ['a getter of error that throws', throwing('error')],
    ['a revoked proxy', revoked()],
    ['a status that is a text', { statusCode: '200' }],
    ['a status out of range', { statusCode: 99_999 }],
    ['a negative status', { statusCode: -200 }],
    ['a status that is NaN', { statusCode: Number.NaN }],
  ])('as end options is harmless: %s', async (_what, end) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall({ address: 'a.example' }).end(end as EndOptions);
      return 200;
    }, both);
    const [client, ...more] = ofKind(gateway.operator, CLIENT);
    expect(more).toEqual([]);
    expect(client?.attributes).toMatchObject({ 'server.address': 'a.example' });
    expect(client?.attributes).not.toHaveProperty('http.response.status_code');
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });

  it.each<[string, unknown]>([
    ['an error whose fields throw', { error: throwing('code', 'name', 'message') }],
    ['an error that is a revoked proxy', { error: revoked() }],
    ['an error with a name that a client could choose', { error: { name: 'geheim text', code: 'x y' } }],
    ['a symbol', { error: Symbol('geheim') }],
    ['a text of a megabyte', { error: 'geheim'.repeat(200_000) }],
  ])('as an error is _OTHER: %s', async (_what, end) => {
    const gateway = await serve((exchange) => {
      exchange.startUpstreamCall({ address: 'a.example' }).end(end as EndOptions);
      return 502;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)).toMatchObject([
      { status: { code: ERROR }, attributes: { 'error.type': '_OTHER' } },
    ]);
    expect(serverSpan(gateway).attributes['error.type']).toBe('_OTHER');
    const text = gateway.operator.requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join();
    expect(text).not.toContain('geheim');
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['a frozen object', Object.freeze({ traceparent: 'stale' })],
    ['a revoked proxy', revoked()],
    ['a proxy that throws', new Proxy({}, { get: fail, set: fail, ownKeys: fail, deleteProperty: fail })],
  ])('as headers to inject into is harmless: %s', async (_what, headers) => {
    const gateway = await serve((exchange) => {
      const call = exchange.startUpstreamCall();
      expect(() => call.inject(headers as Record<string, string>)).not.toThrow();
      expect(() => exchange.inject(headers as Record<string, string>)).not.toThrow();
      call.end({ statusCode: 200 });
      return 200;
    }, both);
    expect(gateway.operator.spans).toHaveLength(2);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });

  it('that takes methods out of the call still works with it', async () => {
    const gateway = await serve((exchange) => {
      const call = exchange.startUpstreamCall({ address: 'a.example' });
      const { span, spanId } = call;
      expect(span.spanContext().spanId).toBe(spanId);
      // Callbacks of clients are handed on as functions.
      const onAnswer = (statusCode: number): void => call.end({ statusCode });
      onAnswer(204);
      return 200;
    }, both);
    expect(ofKind(gateway.operator, CLIENT)[0]?.attributes['http.response.status_code']).toBe(204);
  });
});

describe.each(SPAN_MODES)('a call whose URL is known late, with spans: %s,', (spans) => {
  const started: HostSpanProcessor = {
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };

  it.each([
    ['without processors', []],
    ['with a processor', [started]],
  ])('goes where setUrl says, %s', async (_, spanProcessors) => {
    const gateway = await serve(
      (exchange) => {
        const call = exchange.startUpstreamCall({ address: 'first.internal', port: 1 });
        call.setUrl('https://user:geheim@orders.internal:8443/a?token=geheim&b=1');
        call.setUrl('no URL');
        call.end({ statusCode: 200 });
        call.setUrl('http://late.internal/');
        return 200;
      },
      { spans, spanProcessors },
    );
    expect(serverSpan(gateway).attributes['knoxcall.upstream.address']).toBe('orders.internal');
    expect(ofKind(gateway.operator, CLIENT).map(({ attributes }) => attributes)).toMatchObject(
      spans === 'server'
        ? []
        : [
            {
              'url.full': expect.stringMatching(
                /^https:\/\/REDACTED:REDACTED@orders\.internal:8443\/a\?token=(?!geheim)/,
              ),
              'server.address': 'orders.internal',
              'server.port': 8443,
            },
          ],
    );
    expect(JSON.stringify(gateway.operator.spans.map(({ attributes }) => attributes))).not.toContain(
      'geheim',
    );
  });

  it.each<[string, string, readonly (EndOptions | undefined)[]]>([
    ['its last call failed', 'upstream_connect_error', [{ error: { code: 'ECONNREFUSED' } }]],
    ['it is asked again', 'client_disconnect', [{ error: { code: 'ECONNREFUSED' } }, undefined]],
    ['its call was broken off', 'client_disconnect', [{ error: 'AbortError' }]],
    ['its last call was broken off', 'client_disconnect', [{ error: 'x' }, { error: 'AbortError' }]],
    ['it has answered after all', 'client_disconnect', [{ error: 'x' }, { statusCode: 200 }]],
  ])('a client that leaves when %s, is told as %s', async (_, errorType, ends) => {
    let isCalled = false;
    const gateway = await startGateway({
      options: { spans },
      listener(_request, _response, exchange) {
        for (const end of ends) {
          const call = exchange.startUpstreamCall({ address: 'orders.internal' });
          if (end !== undefined) call.end(end);
        }
        isCalled = true;
      },
    });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: gateway.example\r\n\r\n');
    while (!isCalled) await pause(2);
    client.socket.destroy();
    while (gateway.telemetry.status().openExchanges > 0) await pause(2);
    await gateway.flush();
    expect(serverSpan(gateway).attributes['error.type']).toBe(errorType);
    expect(gateway.operator.logs).toMatchObject([{ attributes: { 'error.type': errorType } }]);
  });
});
