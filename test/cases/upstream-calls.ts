/**
 * What is recorded of upstream calls, whichever proxy makes them: one suite, run over every proxy. One span, one log record
 * and one count for each request, one CLIENT span for each attempt, and they say what happened.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { deferred } from '../support/deferred.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, newest, total } from '../support/readings.js';
import { closedPort, startUpstream } from '../support/upstream.js';
import type { ProxyOptions, ProxyUnderTest } from '../proxies/proxy-under-test.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };
const SERVER = 2;
const CLIENT = 3;
const BOTH = { spans: 'server+client' } as const;
const DEADLINE_MS = 5_000;

/** Does what the path says. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, what = ''] = /^\/([a-z]+|\d{3})/.exec(request.url ?? '') ?? [];
  if (what === 'silent') return;
  if (what === 'reset') return void request.socket.resetAndDestroy();
  if (what === 'close') return void request.socket.destroy();
  if (what === 'echo') return void request.pipe(response);
  if (what === 'stream') return void response.write('part');
  if (what === 'breaks' || what === 'stops') {
    const { socket } = request;
    response.write('part', () =>
      setTimeout(() => (what === 'breaks' ? socket.resetAndDestroy() : socket.destroy()), 20),
    );
    return;
  }
  response.writeHead(Number(what) || 200, { 'content-type': 'text/plain' }).end('hello');
}

const parentIdIn = (headers: IncomingHttpHeaders | undefined): string =>
  String(headers?.['traceparent']).slice(36, 52);

async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come`);
    await pause(2);
  }
}

interface Started {
  readonly gateway: TestGateway;
  readonly port: number;
  /** The headers of each request that has reached the upstream. */
  readonly arrived: IncomingHttpHeaders[];
}

interface Told {
  readonly server: ReceivedSpan;
  readonly clients: readonly ReceivedSpan[];
}

/** What is recorded of one request: checks that there is one of each, which say the same. */
async function told({ gateway }: Started): Promise<Told> {
  await gateway.flush();
  const { spans, logs } = gateway.operator;
  const servers = spans.filter(({ kind }) => kind === SERVER);
  const [server] = servers;
  if (server === undefined) throw new Error('There is no SERVER span.');
  expect([servers.length, logs.length, total(newest(counters(gateway.operator)))]).toEqual([1, 1, 1]);
  const [log] = logs;
  for (const name of ['http.response.status_code', 'error.type']) {
    expect(log?.attributes[name]).toBe(server.attributes[name]);
  }
  expect(server.status.code).toBe(server.attributes['error.type'] === undefined ? 0 : 2);
  expect(gateway.acme.logs).toHaveLength(1);
  expect(gateway.globex.logs).toHaveLength(0);
  const clients = spans.filter(({ kind }) => kind === CLIENT);
  for (const client of clients) {
    expect(client).toMatchObject({ traceId: server.traceId, parentSpanId: server.spanId });
    expect(client.attributes['server.address']).toBe('127.0.0.1');
  }
  return { server, clients };
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`);

export function describeUpstreamCalls(proxy: ProxyUnderTest): void {
  const start = async (
    options: GatewayOptions,
    to: ProxyOptions & { port?: number } = {},
  ): Promise<Started> => {
    const arrived: IncomingHttpHeaders[] = [];
    const upstream = await startUpstream((request, response) => {
      arrived.push(request.headers);
      answer(request, response);
    });
    const port = to.port ?? upstream.port;
    const gateway = await startGateway({
      options,
      server: (telemetry) => proxy.serve(telemetry, `http://127.0.0.1:${port}`, to),
    });
    return { gateway, port, arrived };
  };

  describe(`${proxy.name}: a call that is answered`, () => {
    it.each(['server', 'server+client'] as const)('carries the right id with spans: %s', async (spans) => {
      const started = await start({ spans });
      const { gateway, port, arrived } = started;
      const answered = await send(`${gateway.url}/ok?q=1`, { headers: CALLER });
      expect(answered).toMatchObject({ status: 200, body: 'hello' });
      const { server, clients } = await told(started);
      expect(server).toMatchObject({ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' });
      expect(server.attributes).toMatchObject({
        'http.response.status_code': 200,
        'knoxcall.upstream.address': '127.0.0.1',
        'knoxcall.upstream.status_code': 200,
        'knoxcall.upstream.attempts': 1,
        'knoxcall.upstream.latency_ms': expect.any(Number),
      });
      expect(gateway.acme.logs[0]?.attributes['server.address']).toBe('127.0.0.1');
      expect(arrived).toHaveLength(1);
      expect(arrived[0]?.['traceparent']?.slice(3, 35)).toBe(TRACE_ID);
      if (spans === 'server') {
        expect(clients).toHaveLength(0);
        expect(parentIdIn(arrived[0])).toBe(server.spanId);
        return;
      }
      expect(clients).toHaveLength(1);
      expect(parentIdIn(arrived[0])).toBe(clients[0]?.spanId);
      expect(clients[0]).toMatchObject({
        name: 'GET',
        status: { code: 0 },
        attributes: {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'knoxcall.time_to_first_byte_ms': expect.any(Number),
          'url.full': `http://127.0.0.1:${port}/ok?q=1`,
          'server.address': '127.0.0.1',
          'server.port': port,
        },
      });
      expect(clients[0]?.attributes).not.toHaveProperty('http.request.resend_count');
      expect(clients[0]?.attributes).not.toHaveProperty('error.type');
    });

    it('clears what is to be cleared, and nothing else', async () => {
      const started = await start({ propagation: { clear: ['x-debug'], inject: ['b3'] } });
      await send(`${started.gateway.url}/ok`, { headers: { ...CALLER, 'x-debug': '1', 'x-kept': '2' } });
      const { server } = await told(started);
      const [headers] = started.arrived;
      expect(headers).not.toHaveProperty('x-debug');
      expect(headers).toMatchObject({ 'x-kept': '2', 'x-b3-spanid': server.spanId, ...CALLER });
    });

    it('with a body both ways', async () => {
      const started = await start(BOTH);
      const body = 'x'.repeat(200_000);
      const answered = await send(`${started.gateway.url}/echo`, { method: 'POST', body });
      expect(answered).toMatchObject({ status: 200, body });
      const { clients } = await told(started);
      expect(clients).toMatchObject([{ name: 'POST', attributes: { 'http.response.status_code': 200 } }]);
      expect(parentIdIn(started.arrived[0])).toBe(clients[0]?.spanId);
    });

    it.each([404, 500, 503])('with %i of the upstream, which keeps its name', async (status) => {
      const started = await start(BOTH);
      expect((await send(`${started.gateway.url}/${status}`, { method: 'POST' })).status).toBe(status);
      const { server, clients } = await told(started);
      expect(server.attributes['knoxcall.upstream.status_code']).toBe(status);
      expect(server.attributes['error.type']).toBe(status < 500 ? undefined : String(status));
      expect(clients).toMatchObject([
        {
          status: { code: 2 },
          attributes: { 'http.response.status_code': status, 'error.type': `${status}` },
        },
      ]);
    });

    const { refusesExpect } = proxy;
    it.skipIf(refusesExpect !== undefined)(`after 100-continue${because(refusesExpect)}`, async () => {
      const started = await start(BOTH);
      const { gateway, arrived, port } = started;
      const head = ['POST /echo HTTP/1.1', 'Host: a.example', 'Expect: 100-continue', 'Content-Length: 4'];
      const client = openRaw(gateway.port, `${head.join('\r\n')}\r\n\r\n`);
      await client.waitFor('100 Continue');
      client.socket.write('body');
      await client.waitFor('body');
      const { clients } = await told(started);
      expect(parentIdIn(arrived[0])).toBe(clients[0]?.spanId);
      expect(clients).toMatchObject([
        { attributes: { 'http.response.status_code': 200, 'url.full': `http://127.0.0.1:${port}/echo` } },
      ]);
    });
  });

  describe(`${proxy.name}: an upstream that gives no answer`, () => {
    it.each([
      ['refuses', 'refused', 'upstream_connect_error'],
      ['resets', 'reset', 'upstream_reset'],
      ['is too slow', 'timeout', 'upstream_timeout'],
    ] as const)('because it %s, explains the 5xx', async (_, how, errorType) => {
      const started = await start(BOTH, {
        ...(how === 'refused' && { port: await closedPort() }),
        ...(how === 'timeout' && { timeoutMs: 100 }),
      });
      const path = how === 'reset' ? 'reset' : 'silent';
      const status = proxy.answers[how];
      expect((await send(`${started.gateway.url}/${path}`, { method: 'POST', body: 'body' })).status).toBe(
        status,
      );
      const { server, clients } = await told(started);
      expect(server.attributes).toMatchObject({
        'http.response.status_code': status,
        'error.type': errorType,
        'knoxcall.upstream.address': '127.0.0.1',
        'knoxcall.upstream.attempts': 1,
      });
      expect(server.attributes).not.toHaveProperty('knoxcall.upstream.status_code');
      expect(clients).toMatchObject([{ status: { code: 2 }, attributes: { 'error.type': errorType } }]);
      expect(clients[0]?.attributes).not.toHaveProperty('http.response.status_code');
    });
  });

  describe(`${proxy.name}: an answer that breaks in the middle`, () => {
    const { breaksOnReset } = proxy;
    if (breaksOnReset !== undefined) it.skip(`because the upstream has reset${because(breaksOnReset)}`);
    it.each([
      ...(breaksOnReset === undefined ? [['reset', 'breaks'] as const] : []),
      ['closed', 'stops'] as const,
    ])('because the upstream has %s, tells of it', async (_, path) => {
      const started = await start(BOTH);
      const { gateway } = started;
      const client = openRaw(gateway.port, `GET /${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      await client.waitFor('part');
      // Some proxies leave it hanging; then it is the client that ends it.
      await Promise.race([client.closed, client.waitFor('\r\n0\r\n\r\n'), pause(300)]);
      client.socket.destroy();
      const { server, clients } = await told(started);
      expect(clients).toMatchObject([
        {
          status: { code: 2 },
          attributes: { 'http.response.status_code': 200, 'error.type': 'upstream_reset' },
        },
      ]);
      expect(server.attributes).toMatchObject({ 'http.response.status_code': 200 });
      expect(server.attributes['error.type']).toBe(
        proxy.endsBrokenAnswers === true && path === 'breaks' ? undefined : 'upstream_reset',
      );
    });
  });

  describe(`${proxy.name}: a client that leaves`, () => {
    const leave = async (
      started: Started,
      path: string,
      body: string,
      how: 'end' | 'destroy' | 'resetAndDestroy',
    ) => {
      const method = body === '' ? 'GET' : 'POST';
      const head = [`${method} /${path} HTTP/1.1`, 'Host: a.example', `Content-Length: ${body.length}`];
      const client = openRaw(started.gateway.port, `${head.join('\r\n')}\r\n\r\n${body}`);
      await until(() => started.arrived.length > 0, 'the request');
      if (path === 'stream') await client.waitFor('part');
      else await pause(20);
      client.socket[how]();
    };

    it.each([
      ['before the answer', 'silent', '', 'destroy'],
      ['before the answer, with a FIN', 'silent', '', 'end'],
      ['before the answer, with a reset', 'silent', '', 'resetAndDestroy'],
      ['before the answer, its body sent', 'silent', 'body', 'destroy'],
      ['before the answer, its body sent, with a FIN', 'silent', 'body', 'end'],
      ['in the middle of the answer', 'stream', '', 'destroy'],
      ['in the middle of the answer, with a FIN', 'stream', '', 'end'],
    ] as const)('%s is no fault of the upstream', async (_, path, body, how) => {
      const started = await start(BOTH);
      await leave(started, path, body, how);
      const { server, clients } = await told(started);
      expect(server.attributes['error.type']).toBe('client_disconnect');
      expect(server.attributes['knoxcall.upstream.address']).toBe('127.0.0.1');
      expect(clients).toHaveLength(1);
      expect(clients[0]?.status.code).toBe(0);
      expect(clients[0]?.attributes).not.toHaveProperty('error.type');
      expect(clients[0]?.attributes['http.response.status_code']).toBe(path === 'stream' ? 200 : undefined);
    });
  });

  it(`${proxy.name}: many calls at once on kept-alive connections are told apart`, async () => {
    const started = await start(BOTH);
    const { gateway, arrived } = started;
    const gate = deferred();
    const count = 40;
    const sent = Array.from({ length: count }, async (_, index) => {
      await gate.promise;
      return send(`${gateway.url}/ok?n=${index}`);
    });
    gate.resolve();
    await Promise.all(sent);
    await gateway.flush();
    const clients = gateway.operator.spans.filter(({ kind }) => kind === CLIENT);
    const servers = gateway.operator.spans.filter(({ kind }) => kind === SERVER);
    expect([servers.length, clients.length, arrived.length]).toEqual([count, count, count]);
    const traceOf = new Map(servers.map(({ spanId, traceId }) => [spanId, traceId]));
    for (const { parentSpanId, traceId } of clients) expect(traceOf.get(parentSpanId ?? '')).toBe(traceId);
    expect(new Set(arrived.map(parentIdIn))).toEqual(new Set(clients.map(({ spanId }) => spanId)));
  });
}
