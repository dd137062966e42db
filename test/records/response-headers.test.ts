/** What callers are told of the trace: nothing, unless the option `responseHeaders` says so. */
import { createServer as createHttp1Server } from 'node:http';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Exchange, GatewayOptions, ResponseHeaderOptions } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const BOTH: ResponseHeaderOptions = { traceId: 'x-trace-id', serverTiming: true };

const start = (
  responseHeaders: ResponseHeaderOptions | undefined,
  listener?: HttpTelemetryListener,
  { options, ...setup }: GatewaySetup = {},
): Promise<TestGateway> =>
  startGateway({
    ...setup,
    options: { ...options, ...(responseHeaders !== undefined && { responseHeaders }) },
    ...(listener !== undefined && { listener }),
  });

async function answered(gateway: TestGateway, headers: Readonly<Record<string, string>> = {}) {
  const answer = await send(gateway.url, { headers });
  await gateway.flush();
  const [log] = gateway.operator.logs.slice(-1);
  return { ...answer, log };
}

const timing = (traceId = '', spanId = '', flags = '03'): string =>
  `trace;desc=00-${traceId}-${spanId}-${flags}`;

describe('the option responseHeaders', () => {
  it.each([undefined, {}, { serverTiming: false }])('%j says nothing', async (option) => {
    const { headers } = await answered(await start(option), { traceparent: TRACEPARENT });
    for (const name of ['x-trace-id', 'traceparent', 'traceresponse', 'server-timing']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('tells the trace id', async () => {
    const gateway = await start({ traceId: 'x-trace-id' });
    const { headers, log } = await answered(gateway);
    expect(headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(headers['x-trace-id']).toBe(log?.traceId);
    expect(headers).not.toHaveProperty('server-timing');
    expect((await answered(gateway, { traceparent: TRACEPARENT })).headers['x-trace-id']).toBe(TRACE_ID);
  });

  it('tells it under a name as it is spelled', async () => {
    const gateway = await start({ traceId: 'X-Trace-ID' });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.closed;
    expect(client.received()).toMatch(/\r\nX-Trace-ID: [0-9a-f]{32}\r\n/);
  });

  it('tells the trace as server-timing, in the form of W3C’s draft', async () => {
    const { headers, log } = await answered(await start({ serverTiming: true }));
    expect(headers['server-timing']).toBe(timing(log?.traceId, log?.spanId));
    expect(headers).not.toHaveProperty('x-trace-id');
  });

  it.each([
    ['00', '00'],
    ['01', '01'],
    ['02', '02'],
    ['03', '03'],
    ['ff', '03'],
  ])('has the flags in it: %s came, %s is told', async (came, told) => {
    const gateway = await start(BOTH);
    const { headers, log } = await answered(gateway, {
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-${came}`,
    });
    expect(headers['server-timing']).toBe(timing(TRACE_ID, log?.spanId, told));
    expect(log?.spanId).not.toBe(PARENT_ID);
    expect(headers['x-trace-id']).toBe(TRACE_ID);
  });

  it('tells the new trace where the caller’s is not trusted', async () => {
    const gateway = await start(BOTH, undefined, { options: { propagation: { trust: 'restart' } } });
    const { headers, log } = await answered(gateway, { traceparent: TRACEPARENT });
    expect(log?.traceId).not.toBe(TRACE_ID);
    expect(headers['x-trace-id']).toBe(log?.traceId);
    expect(headers['server-timing']).toBe(timing(log?.traceId, log?.spanId));
  });

  it('tells 32 digits, in whatever format and size they came', async () => {
    const gateway = await start(BOTH, undefined, { options: { propagation: { extract: ['b3'] } } });
    const { headers } = await answered(gateway, { b3: `8448eb211c80319c-${PARENT_ID}-1` });
    expect(headers['x-trace-id']).toBe('00000000000000008448eb211c80319c');
  });

  it('stays away from requests that are not its instance’s', async () => {
    const gateway = await start(BOTH);
    const [first, second] = [await answered(gateway), await answered(gateway)];
    expect(first.headers['x-trace-id']).not.toBe(second.headers['x-trace-id']);
  });

  it('is the same with every ending: an error, a HEAD, a 304, a 204', async () => {
    const gateway = await start(BOTH, (request, response) => {
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    for (const [method, status] of [
      ['GET', 500],
      ['HEAD', 200],
      ['GET', 304],
      ['DELETE', 204],
    ] as const) {
      const answer = await send(`${gateway.url}/${status}`, { method });
      expect(answer.status).toBe(status);
      expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      expect(answer.headers['server-timing']).toMatch(/^trace;desc=00-/);
    }
  });

  it.each<[unknown, string]>([
    [null, 'responseHeaders must be an object'],
    ['x-trace-id', 'responseHeaders must be an object'],
    [{ traceId: '' }, 'responseHeaders.traceId must not be empty'],
    [{ traceId: 'x trace' }, 'responseHeaders.traceId must be a header name'],
    [{ traceId: 'x\r\ny' }, 'responseHeaders.traceId must be a header name'],
    [{ traceId: 'é' }, 'responseHeaders.traceId must be a header name'],
    [{ traceId: '__proto__' }, 'responseHeaders.traceId must be a header name'],
    [{ traceId: true }, 'responseHeaders.traceId must be a string'],
    [
      { traceId: 'content-length' },
      'responseHeaders.traceId must not be a header that belongs to the message itself',
    ],
    [
      { traceId: 'Transfer-Encoding' },
      'responseHeaders.traceId must not be a header that belongs to the message itself',
    ],
    [{ traceId: 'Server-Timing' }, 'responseHeaders.traceId'],
    [{ serverTiming: 'yes' }, 'responseHeaders.serverTiming must be true or false'],
    [{ spanId: 'x' }, 'responseHeaders.spanId is not a known option; known are traceId, serverTiming'],
  ])('%j is refused', (responseHeaders, sentence) => {
    expect(() =>
      createGatewayTelemetry({ env: false, responseHeaders: responseHeaders as ResponseHeaderOptions }),
    ).toThrow(sentence);
  });
});

describe('the response of the host', () => {
  it.each<[string, string | string[]]>([
    ['a text', 'db;dur=5'],
    ['a list', ['db;dur=5', 'cache;desc="hit"']],
  ])('keeps the server-timing that was set before: %s', async (_what, own) => {
    const gateway = await start(BOTH);
    const serve = httpTelemetry(gateway.telemetry, (_request, response) => void response.end());
    const server = createHttp1Server((request, response) => {
      response.setHeader('Server-Timing', own);
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { headers } = await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await gateway.flush();
    const [log] = gateway.operator.logs;
    const all = [own, timing(log?.traceId, log?.spanId)].flat();
    expect(headers['server-timing']).toBe(all.join(', '));
  });

  it('has its own timings beside it, and its own trace id instead of it', async () => {
    const gateway = await start(BOTH, (request, response) => {
      if (request.url === '/add') response.appendHeader('server-timing', 'db;dur=5');
      else response.setHeader('server-timing', 'db;dur=5').setHeader('X-Trace-Id', 'mine');
      response.end();
    });
    expect((await send(`${gateway.url}/add`)).headers['server-timing']).toMatch(
      /^db;dur=5, trace;desc=00-[0-9a-f]{32}-[0-9a-f]{16}-03$/,
    );
    const { headers } = await send(`${gateway.url}/replace`);
    expect(headers['server-timing']).toMatch(/^db;dur=5, trace;desc=/);
    expect(headers['x-trace-id']).toBe('mine');
  });

  const cookies = ['a=1', 'b=2'];
  it.each<[string, (response: ServerResponse) => unknown]>([
    ['an object', (response) => response.writeHead(201, { 'x-own': '1', 'set-cookie': cookies })],
    [
      'a text and an object',
      (response) => response.writeHead(201, 'Made', { 'x-own': '1', 'set-cookie': cookies }),
    ],
    [
      'the raw headers of an upstream',
      (response) => response.writeHead(201, ['X-Own', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']),
    ],
    [
      'setHeaders',
      (response) => {
        response.setHeaders(
          new Map<string, string | string[]>([
            ['x-own', '1'],
            ['set-cookie', cookies],
          ]),
        );
        return response.writeHead(201);
      },
    ],
    [
      'a status and headers one by one',
      (response) => {
        response.statusCode = 201;
        response.setHeader('x-own', '1').setHeader('set-cookie', cookies);
        return response;
      },
    ],
  ])('keeps what it writes with %s', async (_how, write) => {
    // First without the option, which must make no difference.
    for (const option of [undefined, BOTH]) {
      const gateway = await start(option, (_request, response) => {
        write(response);
        response.end('body');
      });
      const { status, headers, body } = await send(gateway.url);
      expect({ status, body }).toEqual({ status: 201, body: 'body' });
      expect(headers).toMatchObject({ 'x-own': '1', 'set-cookie': cookies });
      if (option === undefined) continue;
      expect(headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      expect(headers['server-timing']).toMatch(/^trace;desc=00-/);
    }
  });

  it('tells it with the first byte of a stream', async () => {
    const seen: string[] = [];
    const gateway = await start(BOTH, (_request, response) => {
      response.write('first ');
      setTimeout(() => response.end('last'), 30);
    });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.waitFor('first');
    seen.push(client.received());
    await client.closed;
    expect(seen[0]).toMatch(/x-trace-id: [0-9a-f]{32}\r\n/i);
    expect(seen[0]).toMatch(/server-timing: trace;desc=00-/i);
    expect(seen[0]).not.toContain('last');
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
  });

  it('tells it when headers are flushed, and where the stream breaks', async () => {
    const gateway = await start(BOTH, (_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.destroy(), 10);
    });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.closed;
    expect(client.received()).toMatch(/x-trace-id: [0-9a-f]{32}\r\n/i);
    await gateway.flush();
    expect(gateway.operator.logs).toMatchObject([{ attributes: { 'error.type': 'server_abort' } }]);
  });

  it('that has begun before the library saw it is recorded all the same', async () => {
    const gateway = await start(BOTH);
    const served: Exchange[] = [];
    const serve = httpTelemetry(
      gateway.telemetry,
      (_request, response, exchange) => {
        served.push(exchange);
        response.end('rest');
      },
      { tenant: 'acme' },
    );
    const server = createHttp1Server((request, response) => {
      response.writeHead(200);
      response.write('early ');
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { status, body } = await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect({ status, body }).toEqual({ status: 200, body: 'early rest' });
    expect(served[0]?.recording).toBe(true);
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.telemetry.status().openExchanges).toBe(0);
  });

  it('in a pipeline tells each request its own', async () => {
    const gateway = await start(BOTH);
    const line = (id: string, close = ''): string =>
      `GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-${id.repeat(32)}-${PARENT_ID}-01\r\n${close}\r\n`;
    const client = openRaw(gateway.port, line('1') + line('2') + line('3', 'Connection: close\r\n'));
    await client.closed;
    const told = [...client.received().matchAll(/x-trace-id: ([0-9a-f]{32})/gi)].map(([, id]) => id);
    expect(told).toEqual(['1'.repeat(32), '2'.repeat(32), '3'.repeat(32)]);
  });
});

describe('where the gateway has no span of its own', () => {
  it.each<[string, GatewaySetup]>([
    ['traces are off', { operator: { signals: { traces: false } } }],
    ['there are only tenants', { operator: null }],
    ['the request is ignored', { adapter: { ignore: () => true } }],
    ['the SDK is disabled', { options: { env: { OTEL_SDK_DISABLED: 'true' } } }],
  ])('callers are told their own id and no timing, or nothing: %s', async (_how, setup) => {
    const gateway = await start(BOTH, undefined, setup);
    const own = await send(gateway.url, { headers: { traceparent: TRACEPARENT } });
    expect(own.headers['x-trace-id']).toBe(TRACE_ID);
    expect(own.headers).not.toHaveProperty('server-timing');
    for (const headers of [{}, { traceparent: 'garbage' }]) {
      const none = await send(gateway.url, { headers });
      expect(none.headers).not.toHaveProperty('x-trace-id');
      expect(none.headers).not.toHaveProperty('server-timing');
    }
  });

  it('callers who are not trusted are told nothing', async () => {
    const gateway = await start(BOTH, undefined, {
      operator: { signals: { traces: false } },
      options: { propagation: { trust: 'restart' } },
    });
    const { headers } = await answered(gateway, { traceparent: TRACEPARENT });
    expect(headers).not.toHaveProperty('x-trace-id');
  });

  it('the shared exchange that does nothing sets nothing', async () => {
    const nothing: GatewaySetup = { operator: null, acme: null, globex: null };
    const { headers } = await send((await start(BOTH, undefined, nothing)).url, {
      headers: { traceparent: TRACEPARENT },
    });
    expect(headers).not.toHaveProperty('x-trace-id');
    expect(headers).not.toHaveProperty('server-timing');
  });
});

describe('exchange.responseHeaders()', () => {
  const begin = async (options: GatewayOptions): Promise<Exchange> => {
    const { telemetry } = await startGateway({ options });
    const headers = { traceparent: TRACEPARENT };
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers });
    exchange.end({ statusCode: 200 });
    return exchange;
  };

  it('gives hosts without an adapter what to set, also after the end', async () => {
    const exchange = await begin({ responseHeaders: BOTH });
    expect(exchange.responseHeaders()).toEqual({
      'x-trace-id': TRACE_ID,
      'server-timing': timing(TRACE_ID, exchange.spanId, '01'),
    });
  });

  it('gives nothing where nothing is asked for', async () => {
    expect((await begin({})).responseHeaders()).toEqual({});
    expect((await begin({ responseHeaders: {} })).responseHeaders()).toEqual({});
  });

  it('cannot be changed for others by a host that changes it', async () => {
    const exchange = await begin({});
    try {
      (exchange.responseHeaders() as OutgoingHttpHeaders)['x-mine'] = '1';
    } catch {
      // Frozen is fine, too.
    }
    expect((await begin({})).responseHeaders()).toEqual({});
    expect(exchange.responseHeaders()).toEqual({});
  });
});

describe('over HTTP/2', () => {
  async function startHttp2(listener: HttpTelemetryListener, before?: (response: ServerResponse) => void) {
    const gateway = await start(BOTH);
    const serve = httpTelemetry(gateway.telemetry, listener, { tenant: 'acme' });
    const server = createHttp2Server((request, response) => {
      before?.(response as unknown as ServerResponse);
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    session.on('error', () => undefined);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const ask = async (headers: Readonly<Record<string, string>> = {}): Promise<IncomingHttpHeaders> => {
      const stream = session.request({ ':path': '/', ...headers });
      const answer = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.resume().end();
      await closed;
      return answer;
    };
    return { gateway, ask };
  }

  it.each<[string, HttpTelemetryListener]>([
    ['end', (_request, response) => void response.end('ok')],
    ['writeHead', (_request, response) => void response.writeHead(200, { 'x-own': '1' }).end('ok')],
    [
      'a stream',
      (_request, response) => {
        response.write('first');
        setTimeout(() => response.end('last'), 10);
      },
    ],
  ])('callers are told the same: %s', async (_how, listener) => {
    const { gateway, ask } = await startHttp2(listener);
    const headers = await ask({ traceparent: TRACEPARENT });
    await gateway.flush();
    const [log] = gateway.operator.logs;
    expect(headers).toMatchObject({
      ':status': 200,
      'x-trace-id': TRACE_ID,
      'server-timing': timing(TRACE_ID, log?.spanId, '01'),
    });
    expect(gateway.acme.logs).toHaveLength(1);
  });

  it('the host’s own server-timing is kept', async () => {
    const { gateway, ask } = await startHttp2(
      (_request, response) => void response.end(),
      (response) => response.setHeader('server-timing', 'db;dur=5'),
    );
    const headers = await ask();
    await gateway.flush();
    const [log] = gateway.operator.logs;
    expect(headers['server-timing']).toBe(`db;dur=5, ${timing(log?.traceId, log?.spanId)}`);
  });

  it('a response that has begun before the library saw it is recorded all the same', async () => {
    const { gateway, ask } = await startHttp2(
      (_request, response) => void response.end('rest'),
      (response) => void response.writeHead(200),
    );
    expect((await ask())[':status']).toBe(200);
    await pause(50);
    expect(gateway.telemetry.status().openExchanges).toBe(0);
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
  });
});
