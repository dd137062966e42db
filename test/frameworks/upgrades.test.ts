/** Upgrades and CONNECT through `httpServerTelemetry`: one exchange from the event until the socket closes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'http-proxy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { httpServerTelemetry } from '../../src/adapters/http.js';
import type { AdapterOptions, GatewayTelemetry } from '../../src/index.js';
import { expectOneRecord, type ExpectedRecord } from '../cases/one-record.js';
import { deferred } from '../support/deferred.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send, type RawClient } from '../support/http-client.js';

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const CONNECT = 'CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';

type SocketHandler = (request: IncomingMessage, socket: Socket, telemetry: GatewayTelemetry) => unknown;

/** A server whose `upgrade` and `connect` events go to the handler. Of its sockets, none outlives the test. */
async function start(
  handler: SocketHandler,
  adapter?: AdapterOptions<IncomingMessage>,
): Promise<TestGateway> {
  return startGateway({
    server(telemetry) {
      const server = httpServerTelemetry(
        telemetry,
        createServer((_, response) => void response.end()),
        adapter,
      );
      for (const event of ['upgrade', 'connect']) {
        server.on(event, (request: IncomingMessage, socket: Socket) => {
          socket.on('error', () => undefined);
          handler(request, socket, telemetry);
        });
      }
      return endingSockets(server);
    },
  });
}

function endingSockets(server: Server): Server {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => void sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

const kinds = [
  { kind: 'an upgrade', head: UPGRADE, opened: SWITCHING, status: 101 },
  { kind: 'a CONNECT', head: CONNECT, opened: ESTABLISHED, status: 200 },
];

describe.each(kinds)('$kind', ({ head, opened, status }) => {
  const echo: SocketHandler = (_, socket) => {
    socket.write(opened);
    socket.pipe(socket);
  };
  const talking = async (handler: SocketHandler): Promise<{ gateway: TestGateway; client: RawClient }> => {
    const gateway = await start(handler);
    const client = openRaw(gateway.port, head);
    await client.waitFor('\r\n\r\n');
    client.socket.write('ping');
    await client.waitFor('ping');
    return { gateway, client };
  };

  it('ends when the client has said FIN', async () => {
    const { gateway, client } = await talking(echo);
    expect(gateway.telemetry.status().openExchanges).toBe(1);
    client.socket.end();
    await client.closed;
    await expectOneRecord(gateway, { status });
    expect(gateway.operator.spans[0]).toMatchObject({
      attributes: { 'http.request.method': status === 101 ? 'GET' : 'CONNECT' },
    });
  });

  it('ends when the gateway has said FIN', async () => {
    const { gateway, client } = await talking((_, socket) => {
      socket.write(opened);
      socket.on('data', (chunk) => socket.end(chunk));
    });
    client.socket.end();
    await expectOneRecord(gateway, { status });
  });

  it('that the client resets is a hang-up', async () => {
    const { gateway, client } = await talking(echo);
    client.socket.resetAndDestroy();
    await expectOneRecord(gateway, { status, errorType: 'client_disconnect' });
  });

  it.each<[string, Error | undefined, string]>([
    ['without a word', undefined, 'server_abort'],
    ['with an error', new RangeError('out'), 'RangeError'],
    [
      'because its upstream broke off',
      Object.assign(new Error('premature'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
      'upstream_reset',
    ],
  ])('that the gateway destroys %s', async (_, error, errorType) => {
    const { gateway, client } = await talking((_request, socket) => {
      socket.write(opened);
      socket.on('data', (chunk) => socket.write(chunk, () => socket.destroy(error)));
    });
    await client.closed;
    await expectOneRecord(gateway, { status, errorType });
  });

  it.each<[string, (socket: Socket) => void, ExpectedRecord]>([
    ['ended', (socket) => void socket.end('HTTP/1.1 401 No\r\n\r\n'), { status: 401 }],
    [
      'destroyed',
      (socket) => {
        socket.write('HTTP/1.1 401 No\r\n\r\n');
        socket.destroy();
      },
      { status: 401 },
    ],
    [
      'of its own making',
      (socket) => void socket.end('HTTP/1.1 502 No\r\n\r\n'),
      { status: 502, errorType: '502' },
    ],
    [
      'in pieces',
      (socket) => {
        for (const part of ['HTTP/1.1 4', '03 No\r\n', '\r\n']) socket.write(part);
        socket.end();
      },
      { status: 403 },
    ],
    [
      'after early hints',
      (socket) => void socket.end('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 404 No\r\n\r\n'),
      { status: 404 },
    ],
    [
      'as bytes',
      (socket) => void socket.end(new Uint8Array(Buffer.from('HTTP/1.0 429 No\r\n\r\n'))),
      { status: 429 },
    ],
    [
      'as a string of bytes',
      (socket) => void socket.end(Buffer.from('HTTP/1.1 429 No\r\n\r\n').toString('hex'), 'hex'),
      { status: 429 },
    ],
  ])('that is refused, %s', async (_, refuse, expected) => {
    const gateway = await start((_request, socket) => refuse(socket));
    const client = openRaw(gateway.port, head);
    await client.closed;
    expect(client.received()).toContain(String(expected.status));
    await expectOneRecord(gateway, expected);
  });

  it.each<[string, (client: RawClient) => void, (socket: Socket) => void, string]>([
    [
      'by a FIN of the client',
      ({ socket }) => void socket.end(),
      (socket) => void socket.resume().on('end', () => socket.end()),
      'client_disconnect',
    ],
    [
      'by a reset of the client',
      ({ socket }) => void socket.resetAndDestroy(),
      (socket) => void socket.resume(),
      'client_disconnect',
    ],
    ['by the gateway', () => undefined, (socket) => void socket.destroy(), 'server_abort'],
    [
      'by an error of the gateway',
      () => undefined,
      (socket) => void socket.destroy(new TypeError('out')),
      'TypeError',
    ],
  ])('that ends before an answer, %s', async (_, leave, serve, errorType) => {
    const arrived = deferred();
    const gateway = await start((_request, socket) => {
      serve(socket);
      arrived.resolve();
    });
    const client = openRaw(gateway.port, head);
    await arrived.promise;
    leave(client);
    await expectOneRecord(gateway, { errorType });
  });

  it('under way is recorded by shutdown, and goes on', async () => {
    const { gateway, client } = await talking(echo);
    await gateway.telemetry.shutdown();
    await expectOneRecord(gateway, { status, errorType: 'shutdown' });
    client.socket.write('pong');
    await client.waitFor('pong');
    client.socket.destroy();
  });

  it('leaves nothing on its socket but one listener for the close', async () => {
    const seen: unknown[] = [];
    const gateway = await start((_, socket) => {
      const listeners = socket.listeners('close').length;
      socket.write(opened, () => {
        seen.push(Object.hasOwn(socket, 'write'), Object.hasOwn(socket, 'end'), listeners);
        socket.end();
      });
    });
    const client = openRaw(gateway.port, head);
    await client.closed;
    await gateway.idle();
    const bare = createServer();
    bare.on(status === 101 ? 'upgrade' : 'connect', (_, socket: Socket) => {
      seen.push(socket.listeners('close').length + 1);
      socket.end(opened);
    });
    bare.listen(0, '127.0.0.1');
    onTestFinished(() => void bare.close());
    await once(bare, 'listening');
    await openRaw((bare.address() as AddressInfo).port, head).closed;
    const [ownWrite, ownEnd, listeners, bareListeners] = seen;
    expect([ownWrite, ownEnd]).toEqual([false, false]);
    expect(listeners).toBe(bareListeners);
  });

  it('has its exchange in the handler, and the options are asked', async () => {
    const seen: unknown[] = [];
    const gateway = await start(
      async (request, socket, telemetry) => {
        seen.push(telemetry.of(request), telemetry.current());
        await Promise.resolve();
        seen.push(telemetry.current());
        telemetry.of(request).setTenant('acme');
        socket.end(opened);
      },
      { route: 'chat', tenant: 'globex', attributes: (request) => ({ seen: request.url ?? '' }) },
    );
    const client = openRaw(gateway.port, head);
    await client.closed;
    await expectOneRecord(gateway, { status });
    expect(new Set(seen).size).toBe(1);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.globex.logs).toHaveLength(0);
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      'knoxcall.route_name': 'chat',
      seen: status === 101 ? '/chat' : 'db.example:5432',
    });
  });

  it('whose handler throws does so as ever, and the error explains the end', async () => {
    const thrown = deferred();
    const gateway = await startGateway({
      server(telemetry) {
        const server = httpServerTelemetry(telemetry, createServer());
        const emit = server.emit.bind(server);
        // As a domain or a test runner would.
        server.emit = ((event: string, ...args: [IncomingMessage, Socket]) => {
          try {
            return emit(event, ...args);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
            args[1].end('HTTP/1.1 500 No\r\n\r\n');
            thrown.resolve();
            return true;
          }
        }) as typeof server.emit;
        return server.on(status === 101 ? 'upgrade' : 'connect', () => {
          throw new SyntaxError('no');
        });
      },
    });
    const client = openRaw(gateway.port, head);
    await thrown.promise;
    await client.closed;
    await expectOneRecord(gateway, { status: 500, errorType: 'SyntaxError' });
  });
});

describe('a WebSocket of ws', () => {
  const startEcho = async (
    options: { readonly verifyClient?: () => boolean } = {},
  ): Promise<{ gateway: TestGateway; sockets: WebSocketServer }> => {
    const sockets = new WebSocketServer({ noServer: true, ...options });
    const gateway = await startGateway({
      server(telemetry) {
        const server = createServer((_, response) => void response.end());
        // Before and after, it is covered.
        server.on('upgrade', (request, socket, head) => {
          sockets.handleUpgrade(request, socket, head, (client) =>
            sockets.emit('connection', client, request),
          );
        });
        return endingSockets(httpServerTelemetry(telemetry, server));
      },
    });
    sockets.on('connection', (client) => {
      client.on('message', (data) => client.send(data));
      client.on('error', () => undefined);
    });
    return { gateway, sockets };
  };
  const open = async (gateway: TestGateway): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`);
    client.on('error', () => undefined);
    await once(client, 'open');
    client.send('hello');
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(data.toString()).toBe('hello');
    return client;
  };

  it('closed by the client', async () => {
    const { gateway } = await startEcho();
    (await open(gateway)).close(1000, 'bye');
    await expectOneRecord(gateway, { status: 101 });
    expect(gateway.operator.spans[0]).toMatchObject({ name: 'GET', attributes: { 'url.path': '/chat' } });
  });

  it('closed by the gateway', async () => {
    const { gateway, sockets } = await startEcho();
    const client = await open(gateway);
    for (const peer of sockets.clients) peer.close(1001);
    await once(client, 'close');
    await expectOneRecord(gateway, { status: 101 });
  });

  it('given up by the gateway', async () => {
    const { gateway, sockets } = await startEcho();
    const client = await open(gateway);
    for (const peer of sockets.clients) peer.terminate();
    await once(client, 'close');
    await expectOneRecord(gateway, { status: 101, errorType: 'server_abort' });
  });

  it('refused by verifyClient', async () => {
    const { gateway } = await startEcho({ verifyClient: () => false });
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('401');
    await expectOneRecord(gateway, { status: 401 });
  });

  it('through http-proxy', async () => {
    const upstream = await startEcho();
    const proxy = createProxyServer({ target: `http://127.0.0.1:${upstream.gateway.port}` });
    const gateway = await startGateway({
      server: (telemetry) => {
        const server = httpServerTelemetry(telemetry, createServer());
        server.on('upgrade', (request, socket, head) => {
          telemetry.of(request).inject(request.headers);
          proxy.ws(request, socket, head);
        });
        return endingSockets(server);
      },
    });
    const client = await open(gateway);
    client.close();
    await once(client, 'close');
    await expectOneRecord(gateway, { status: 101 });
    await expectOneRecord(upstream.gateway, { status: 101 });
    const [outer, inner] = [gateway.operator.spans[0], upstream.gateway.operator.spans[0]];
    expect([inner?.traceId, inner?.parentSpanId]).toEqual([outer?.traceId, outer?.spanId]);
  });
});

describe('what Node does without a listener stays', () => {
  it('an upgrade is an ordinary request', async () => {
    const gateway = await startGateway({
      server: (telemetry) =>
        httpServerTelemetry(
          telemetry,
          createServer((request, response) => void response.end(`plain ${String(request.headers.upgrade)}`)),
        ),
    });
    const client = openRaw(gateway.port, UPGRADE);
    await client.waitFor('plain echo');
    await expectOneRecord(gateway, { status: 200 });
  });

  it('a CONNECT finds its socket destroyed, and nothing is recorded', async () => {
    const gateway = await startGateway({
      server: (telemetry) => httpServerTelemetry(telemetry, createServer()),
    });
    const client = openRaw(gateway.port, CONNECT);
    await client.closed;
    expect(client.received()).toBe('');
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(0);
  });

  it('no listener is added to the server, and its class stays as it was', async () => {
    const bare = createServer();
    const server = createServer();
    const { emit } = Object.getPrototypeOf(server) as Server;
    const gateway = await startGateway({
      server: (telemetry) => {
        expect(httpServerTelemetry(telemetry, server)).toBe(server);
        const counts = (of: Server): unknown => of.eventNames().map((name) => [name, of.listenerCount(name)]);
        expect(counts(server)).toEqual(counts(bare));
        expect(Object.keys(server)).toEqual(Object.keys(bare));
        return server.on('request', (_, response) => void response.end());
      },
    });
    expect((Object.getPrototypeOf(server) as Server).emit).toBe(emit);
    expect((await send(gateway.url)).status).toBe(200);
    await expectOneRecord(gateway, { status: 200 });
  });

  it('a request that cannot be parsed is answered by Node', async () => {
    const gateway = await startGateway({
      server: (telemetry) => httpServerTelemetry(telemetry, createServer()),
    });
    const client = openRaw(gateway.port, 'nonsense\r\n\r\n');
    await client.closed;
    expect(client.received()).toContain('400 Bad Request');
  });

  it('a socket that is idle is let go by the server’s timeout', async () => {
    const gateway = await startGateway({
      server: (telemetry) => httpServerTelemetry(telemetry, createServer()),
    });
    gateway.server.setTimeout(50);
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'close');
  });
});
