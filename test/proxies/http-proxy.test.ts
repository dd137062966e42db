/** What only the family of `http-proxy` does: its own error handling, retries, upgrades, agents, `fetch`. */
import { Agent, createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { httpServerTelemetry, httpTelemetry } from '../../src/adapters/http.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';
import { bareProxies, type BareProxy } from './http-proxy.js';

const BOTH = { spans: 'server+client' } as const;
const NOBODY = 'http://127.0.0.1:1';
const TRACE = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

type Serve = (proxy: BareProxy, request: IncomingMessage, response: ServerResponse) => void;
type OnError = (error: Error, request: IncomingMessage, response: ServerResponse) => void;

const parentIdIn = (headers: IncomingHttpHeaders | undefined): string =>
  String(headers?.['traceparent']).slice(36, 52);
const clientsOf = ({ operator }: TestGateway): ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind === 3);

async function echoing() {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    request.pipe(response);
  });
  return { ...upstream, arrived };
}

for (const [name, load, { skipped }] of bareProxies) {
  describe.skipIf(skipped !== undefined)(skipped === undefined ? name : `${name} (${skipped})`, () => {
    /** A gateway in which `serve` uses a proxy of these options, with or without the plugin. */
    const start = (
      options: object,
      serve: Serve,
      { onError, isBare = false }: { onError?: OnError; isBare?: boolean } = {},
    ): Promise<TestGateway> =>
      startGateway({
        options: BOTH,
        server: (telemetry) => {
          const proxy = load().createProxyServer(options);
          if (!isBare) proxyTelemetry(telemetry)(proxy);
          if (onError !== undefined) proxy.on('error', onError);
          return createServer(
            httpTelemetry(telemetry, (request, response) => serve(proxy, request, response)),
          );
        },
      });
    const web: Serve = (proxy, request, response) => proxy.web(request, response);
    const answer502: OnError = (error, _request, response) => void response.writeHead(502).end(error.message);

    it('handles errors as without the plugin, by listener, by callback and by neither', async () => {
      const callback: OnError = (error, _request, response) =>
        void response.writeHead(503).end(`callback: ${error.message}`);
      const withCallback: Serve = (proxy, request, response) => proxy.web(request, response, {}, callback);
      for (const [serve, onError] of [
        [web, answer502],
        [withCallback, answer502],
        [withCallback, undefined],
      ] as const) {
        const answers = [];
        for (const isBare of [true, false]) {
          const gateway = await start({ target: NOBODY }, serve, { isBare, ...(onError && { onError }) });
          const { status, body } = await send(gateway.url);
          answers.push({ status, body });
          if (!isBare) await expectOneSpanOf(gateway, { status, errorType: 'upstream_connect_error' });
        }
        expect(answers[1]).toEqual(answers[0]);
      }
      for (const isBare of [true, false]) {
        const proxy = load().createProxyServer({});
        const { telemetry } = await startGateway();
        if (!isBare) proxyTelemetry(telemetry)(proxy);
        expect(proxy.listeners('error')).toHaveLength(1);
        // Nobody listens, so it throws what it would emit.
        expect(() => proxy.web({ headers: {} } as IncomingMessage, {} as ServerResponse)).toThrow(/target/);
      }
    });

    it('counts attempts of the host as resends, each with an id of its own', async () => {
      const upstream = await echoing();
      const targets = [upstream.url, NOBODY];
      const retry: OnError = (_error, request, response) => proxyOf(request).web(request, response, next());
      const next = (): object => ({ target: targets.pop() });
      const proxies = new WeakMap<IncomingMessage, BareProxy>();
      const proxyOf = (request: IncomingMessage): BareProxy => proxies.get(request) as BareProxy;
      const gateway = await start(
        {},
        (proxy, request, response) => {
          proxies.set(request, proxy);
          proxy.web(request, response, { target: NOBODY });
        },
        { onError: retry },
      );
      expect((await send(gateway.url)).status).toBe(200);
      await gateway.flush();
      const [server] = gateway.operator.spans.filter(({ kind }) => kind === 2);
      expect(server?.attributes).toMatchObject({
        'http.response.status_code': 200,
        'knoxcall.upstream.attempts': 3,
        'knoxcall.upstream.status_code': 200,
      });
      expect(server?.attributes).not.toHaveProperty('error.type');
      const told = clientsOf(gateway).map(({ attributes }) => [
        attributes['http.request.resend_count'],
        attributes['error.type'],
        attributes['server.port'],
      ]);
      expect(told).toEqual([
        [undefined, 'upstream_connect_error', 1],
        [1, 'upstream_connect_error', 1],
        [2, undefined, upstream.port],
      ]);
      expect(parentIdIn(upstream.arrived[0])).toBe(clientsOf(gateway)[2]?.spanId);
    });

    it('tells attempts apart that are made at once', async () => {
      const upstream = await echoing();
      let nobody = '';
      const atOnce: Serve = (proxy, request, response) => {
        proxy.web(request, response, { target: nobody, selfHandleResponse: true }, () => undefined);
        proxy.web(request, response);
        proxy.web(request, response, { selfHandleResponse: true });
      };
      const gateway = await start({ target: upstream.url }, atOnce);
      for (const target of [NOBODY, upstream.url]) {
        nobody = target;
        await send(gateway.url);
      }
      await gatewayHasServed(gateway, 2);
      const calls = clientsOf(gateway);
      expect(calls.map(({ attributes }) => attributes['error.type'] ?? '-').sort()).toEqual([
        ...Array<string>(5).fill('-'),
        'upstream_connect_error',
      ]);
      for (const { attributes } of calls) expect(attributes['server.address']).toBe('127.0.0.1');
      const ids = calls.map(({ spanId }) => spanId);
      expect(ids).toEqual(expect.arrayContaining(upstream.arrived.map(parentIdIn)));
      expect(new Set(upstream.arrived.map(parentIdIn)).size).toBe(5);
    });

    it('makes no call twice where the plugin is given twice', async () => {
      const upstream = await echoing();
      const gateway = await startGateway({
        options: BOTH,
        server: (telemetry) => {
          const proxy = load().createProxyServer({ target: upstream.url });
          for (const plugin of [proxyTelemetry(telemetry), proxyTelemetry(telemetry)]) plugin(proxy);
          return createServer(httpTelemetry(telemetry, (request, response) => web(proxy, request, response)));
        },
      });
      await send(gateway.url);
      await gateway.flush();
      expect(clientsOf(gateway)).toHaveLength(1);
    });

    it('does not lay an error that is told twice on the next attempt', async () => {
      const upstream = await echoing();
      const proxies: BareProxy[] = [];
      const gateway = await start(
        {},
        (proxy, request, response) => {
          proxies.push(proxy);
          proxy.web(request, response, { target: NOBODY });
        },
        {
          onError(error, request, response) {
            const proxy = proxies.pop();
            proxy?.web(request, response, { target: upstream.url });
            // As http-proxy-middleware 4 does where httpxy has told nobody.
            proxy?.emit('error', error, request, response);
          },
        },
      );
      expect((await send(gateway.url)).status).toBe(200);
      await gateway.flush();
      expect(clientsOf(gateway).map(({ attributes }) => attributes['error.type'])).toEqual([
        'upstream_connect_error',
        undefined,
      ]);
    });

    it('injects also where the head is sent before a socket is free', async () => {
      const upstream = await echoing();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const gateway = await start({ target: upstream.url, agent }, web, { onError: answer502 });
      const posts = Array.from({ length: 5 }, (_, index) =>
        send(gateway.url, { method: 'POST', body: `body ${index}`, headers: TRACE }),
      );
      expect((await Promise.all(posts)).map(({ body }) => body)).toEqual(
        [0, 1, 2, 3, 4].map((n) => `body ${n}`),
      );
      await gateway.flush();
      const ids = clientsOf(gateway).map(({ spanId }) => spanId);
      expect(new Set(upstream.arrived.map(parentIdIn))).toEqual(new Set(ids));
      expect(new Set(ids).size).toBe(5);
      agent.destroy();
    });

    it('shows the host the headers that the client sent, and leaves no listener behind', async () => {
      const upstream = await echoing();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const seen: unknown[] = [];
      const counts: number[] = [];
      const gateway = await start({ target: upstream.url, agent }, (proxy, request, response) => {
        proxy.web(request, response);
        void Promise.resolve().then(() => seen.push(request.headers['traceparent']));
        setImmediate(() => seen.push(request.headers['traceparent'], Object.hasOwn(request, 'headers')));
        counts.push(
          request.socket.eventNames().reduce((sum, event) => sum + request.socket.listenerCount(event), 0),
        );
      });
      const client = openRaw(gateway.port, '');
      for (let sent = 1; sent <= 20; sent++) {
        client.socket.write(`GET / HTTP/1.1\r\nHost: a.example\r\ntraceparent: ${TRACE.traceparent}\r\n\r\n`);
        await gatewayHasServed(gateway, sent);
      }
      expect(new Set(seen)).toEqual(new Set([TRACE.traceparent, false]));
      expect(new Set(counts).size).toBe(1);
      expect(upstream.arrived).toHaveLength(20);
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) {
          for (const event of ['error', 'timeout', 'close'])
            expect(socket.listenerCount(event)).toBeLessThan(5);
        }
      }
      agent.destroy();
    });

    it('leaves a request without an exchange untouched', async () => {
      const upstream = await echoing();
      const gateway = await startGateway({
        options: { propagation: { clear: ['x-debug'] } },
        server: (telemetry) => {
          const proxy = load().createProxyServer({ target: upstream.url });
          proxyTelemetry(telemetry)(proxy);
          return createServer((request, response) => proxy.web(request, response));
        },
      });
      await send(gateway.url, { headers: { ...TRACE, 'x-debug': '1' } });
      expect(upstream.arrived[0]).toMatchObject({ ...TRACE, 'x-debug': '1' });
      await gateway.flush();
      expect(gateway.operator.spans).toHaveLength(0);
    });

    const isOld = name === 'http-proxy 1.18';
    const onHttp2 = isOld ? ' (passes pseudo headers on, which Node refuses)' : '';
    it.skipIf(isOld)(`serves HTTP/2 clients${onHttp2}`, async () => {
      const upstream = await echoing();
      const gateway = await startGateway({
        options: BOTH,
        server: (telemetry) => {
          const proxy = load().createProxyServer({ target: upstream.url });
          proxyTelemetry(telemetry)(proxy);
          const serve = httpTelemetry(telemetry, (request, response) => proxy.web(request, response));
          const server = createServer2(serve as never) as unknown as Server;
          return Object.assign(server, { closeAllConnections: () => undefined });
        },
      });
      const session = connect(gateway.url);
      const stream = session.request({ ':path': '/x', ...TRACE });
      stream.resume();
      const status = await new Promise((resolve) =>
        stream.on('response', (head) => resolve(head[':status'])),
      );
      await new Promise((resolve) => stream.on('close', resolve));
      session.close();
      await gateway.flush();
      expect(status).toBe(200);
      expect(parentIdIn(upstream.arrived[0])).toBe(clientsOf(gateway)[0]?.spanId);
    });

    describe('an upgrade', () => {
      const startUpgrading = (target: string): Promise<TestGateway> =>
        startGateway({
          options: BOTH,
          server: (telemetry) => {
            const proxy = load().createProxyServer({ target });
            proxyTelemetry(telemetry)(proxy);
            proxy.on('error', (_error: Error, _request: IncomingMessage, socket: Duplex) => socket.destroy());
            const server = createServer();
            server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
            return httpServerTelemetry(telemetry, server);
          },
        });
      const serverOf = ({ operator }: TestGateway): ReceivedSpan | undefined =>
        operator.spans.find(({ kind }) => kind === 2);

      it('carries the trace, and its call lasts as long as the connection', async () => {
        const arrived: IncomingHttpHeaders[] = [];
        const upstream = await startUpstream(() => undefined);
        const sockets = new WebSocketServer({ server: upstream.server });
        sockets.on('connection', (socket, request) => {
          arrived.push(request.headers);
          socket.on('message', (data) => socket.send(data));
        });
        const gateway = await startUpgrading(upstream.url);
        const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`, { headers: TRACE });
        const echoed = new Promise((resolve) =>
          socket.on('message', (data: Buffer) => resolve(data.toString())),
        );
        socket.on('open', () => socket.send('hello'));
        expect(await echoed).toBe('hello');
        socket.close();
        await gateway.flush();
        const [client] = clientsOf(gateway);
        expect(client).toMatchObject({
          status: { code: 0 },
          attributes: { 'http.response.status_code': 101, 'server.address': '127.0.0.1' },
        });
        expect(serverOf(gateway)).toMatchObject({
          status: { code: 0 },
          attributes: { 'http.response.status_code': 101, 'knoxcall.upstream.status_code': 101 },
        });
        expect(parentIdIn(arrived[0])).toBe(client?.spanId);
        sockets.close();
      });

      it('that expects 100-continue carries the trace, and nothing of what is cleared', async () => {
        const arrived: IncomingMessage[] = [];
        const upstream = await startUpstream(() => undefined);
        upstream.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
          arrived.push(request);
          socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        });
        const shown: IncomingHttpHeaders[] = [];
        const gateway = await startGateway({
          options: { ...BOTH, propagation: { clear: ['x-debug'] } },
          server(telemetry) {
            const proxy = load().createProxyServer({ target: upstream.url });
            proxyTelemetry(telemetry)(proxy);
            return httpServerTelemetry(telemetry, createServer()).on('upgrade', (request, socket, head) => {
              proxy.ws(request, socket, head);
              setTimeout(() => shown.push(request.headers), 1);
            });
          },
        });
        const lines = ['GET /chat HTTP/1.1', 'Host: a.example', 'Connection: Upgrade', 'Upgrade: websocket'];
        const own = ['Expect: 100-continue', 'X-Debug: 1', `traceparent: ${TRACE.traceparent}`];
        const client = openRaw(gateway.port, `${[...lines, ...own].join('\r\n')}\r\n\r\n`);
        await client.waitFor('101');
        client.socket.end();
        await gateway.flush();
        const [span] = clientsOf(gateway);
        expect(arrived.map(({ headers }) => headers['x-debug'])).toEqual([undefined]);
        expect(parentIdIn(arrived[0]?.headers)).toBe(span?.spanId);
        expect(span?.attributes).toMatchObject({
          'url.full': `${upstream.url}/chat`,
          'http.response.status_code': 101,
        });
        expect(clientsOf(gateway)).toHaveLength(1);
        expect(shown).toMatchObject([{ ...TRACE, 'x-debug': '1' }]);
      });

      it('that the upstream refuses, or does not answer, says so', async () => {
        const upstream = await startUpstream((_, response) => void response.writeHead(404).end());
        for (const [target, expected] of [
          [upstream.url, { 'http.response.status_code': 404, 'error.type': '404' }],
          [NOBODY, { 'error.type': 'upstream_connect_error' }],
        ] as const) {
          const gateway = await startUpgrading(target);
          const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`, { headers: TRACE });
          await new Promise((resolve) => socket.on('error', resolve));
          await gateway.flush();
          expect(clientsOf(gateway)).toMatchObject([{ attributes: expected }]);
          const { 'error.type': errorType } = serverOf(gateway)?.attributes ?? {};
          expect(errorType).toBe(target === NOBODY ? 'upstream_connect_error' : undefined);
        }
      });
    });

    it.skipIf(isOld)(`injects and tells in fetch mode${isOld ? ' (has none)' : ''}`, async () => {
      const upstream = await startUpstream((request, response) => {
        if (request.url === '/silent') return;
        response.end(String(request.headers['traceparent']));
      });
      const gateway = await start({ target: upstream.url, fetchOptions: {}, proxyTimeout: 200 }, web, {
        onError: answer502,
      });
      const { body } = await send(`${gateway.url}/ok`);
      expect((await send(`${gateway.url}/silent`)).status).toBe(502);
      await gateway.flush();
      const [first, second] = clientsOf(gateway);
      expect(body.slice(36, 52)).toBe(first?.spanId);
      expect(first).toMatchObject({ status: { code: 0 }, attributes: { 'http.response.status_code': 200 } });
      expect(second).toMatchObject({ attributes: { 'error.type': 'upstream_timeout' } });
    });
  });
}

async function gatewayHasServed(gateway: TestGateway, count: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (gateway.operator.spans.length < count * 2) {
    if (Date.now() > deadline) throw new Error(`Request ${count} was not served.`);
    await gateway.flush();
  }
}

/** One SERVER span and whatever calls there were. */
async function expectOneSpanOf(
  gateway: TestGateway,
  { status, errorType }: { status: number; errorType: string },
): Promise<void> {
  await gateway.flush();
  const servers = gateway.operator.spans.filter(({ kind }) => kind === 2);
  expect(servers).toMatchObject([
    { attributes: { 'http.response.status_code': status, 'error.type': errorType } },
  ]);
  expect(gateway.operator.logs).toHaveLength(1);
}
