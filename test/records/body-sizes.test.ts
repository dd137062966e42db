/** `bodySizes`: the bytes of the bodies as they were transferred, on the operator's span and log record. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { httpServerTelemetry, httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { deferred } from '../support/deferred.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { openRaw, send, type Sent } from '../support/http-client.js';

const REQUEST = 'http.request.body.size';
const RESPONSE = 'http.response.body.size';
/** 3 characters, 6 bytes. */
const TEXT = 'ä€x';

const start = (setup: GatewaySetup): Promise<TestGateway> =>
  startGateway({ options: { bodySizes: true }, adapter: { tenant: 'acme' }, ...setup });

/** Request and response, which span and log tell alike; the tenant is told nothing. */
async function told(gateway: TestGateway): Promise<unknown[]> {
  await gateway.flush();
  const { operator, acme } = gateway;
  expect(operator.spans).toHaveLength(1);
  const [span, log] = [operator.spans[0]?.attributes, operator.logs[0]?.attributes];
  expect([log?.[REQUEST], log?.[RESPONSE]]).toEqual([span?.[REQUEST], span?.[RESPONSE]]);
  for (const { attributes } of acme.logs)
    for (const key of [REQUEST, RESPONSE]) expect(attributes).not.toHaveProperty([key]);
  return [span?.[REQUEST], span?.[RESPONSE]];
}

async function sizesOf(listener: HttpTelemetryListener, sent: Sent = {}): Promise<unknown[]> {
  const gateway = await start({ listener });
  await send(gateway.url, sent);
  return told(gateway);
}

const POST = { method: 'POST', body: TEXT };

describe('the sizes of bodies over HTTP/1.1', () => {
  it.each<[string, HttpTelemetryListener, Sent, number, number]>([
    ['nothing', (_, response) => void response.end(), {}, 0, 0],
    ['a text each way', (_, response) => void response.end(TEXT), POST, 6, 6],
    ['a text in an encoding', (_, response) => void response.end('ffff', 'hex'), {}, 0, 2],
    [
      'chunks, without their framing',
      (_, response) => {
        response.write(TEXT);
        response.write(Buffer.from(TEXT));
        response.end(new Uint8Array(3));
      },
      { ...POST, headers: { 'transfer-encoding': 'chunked' } },
      6,
      15,
    ],
    ['a stream', (request, response) => void request.pipe(response), POST, 6, 6],
    [
      'a body that comes compressed',
      (_, response) => {
        const gzip = createGzip();
        Readable.from(['a'.repeat(100_000)])
          .pipe(gzip)
          .pipe(response);
      },
      {},
      0,
      133,
    ],
    ['HEAD', (_, response) => void response.end(TEXT), { method: 'HEAD' }, 0, 0],
    ['204', (_, response) => void response.writeHead(204).end(TEXT), {}, 0, 0],
    ['304', (_, response) => void response.writeHead(304).end(), {}, 0, 0],
    [
      'what is written after the end',
      (_, response) => {
        response.on('error', () => undefined);
        response.end(TEXT);
        response.write(TEXT);
      },
      {},
      0,
      6,
    ],
  ])('%s', async (_, listener, sent, request, response) => {
    expect(await sizesOf(listener, sent)).toEqual([request, response]);
  });

  it('an upload that is broken off counts what has arrived', async () => {
    const arrived = deferred();
    const gateway = await start({
      listener: (request) => void request.on('error', () => undefined).once('data', arrived.resolve),
    });
    const client = openRaw(gateway.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart');
    await arrived.promise;
    client.socket.destroy();
    expect(await told(gateway)).toEqual([4, 0]);
  });

  it('an answer that is broken off counts what was given to the connection', async () => {
    const gateway = await start({ listener: (_, response) => void response.write(TEXT) });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.waitFor('x');
    client.socket.destroy();
    expect(await told(gateway)).toEqual([0, 6]);
  });

  it('are those of each request on one connection', async () => {
    const gateway = await start({ listener: (request, response) => void request.pipe(response) });
    const client = openRaw(gateway.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\none;');
    await client.waitFor('one;');
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nthree;');
    await client.waitFor('three;');
    await gateway.flush();
    const sizes = gateway.operator.spans.map(({ attributes }) => [attributes[REQUEST], attributes[RESPONSE]]);
    expect(sizes).toEqual([
      [4, 4],
      [6, 6],
    ]);
  });

  it('of a request that light-my-request injects', async () => {
    const gateway = await start({});
    const app = fastify();
    await app.register(fastifyTelemetry(gateway.telemetry));
    app.post('/', (request) => request.body);
    await app.inject({ method: 'POST', url: '/', payload: TEXT, headers: { 'content-type': 'text/plain' } });
    expect(await told(gateway)).toEqual([6, 6]);
  });

  it('win over what a host sets under their names', async () => {
    const listener: HttpTelemetryListener = (_request, response, exchange) => {
      exchange.setTenantAttribute('tier', 'gold');
      exchange.setAttribute(RESPONSE, 99);
      response.end(TEXT);
    };
    expect(await sizesOf(listener)).toEqual([0, 6]);
  });

  it('are not counted unless asked for, and nothing is put on request and response', async () => {
    const seen: unknown[] = [];
    const gateway = await start({
      options: {},
      listener(request, response) {
        seen.push(
          Object.hasOwn(request, 'push'),
          Object.hasOwn(response, 'write'),
          Object.hasOwn(response, 'end'),
        );
        response.end(TEXT);
      },
    });
    await send(gateway.url, POST);
    expect(await told(gateway)).toEqual([undefined, undefined]);
    expect(seen).toEqual([false, false, false]);
  });
});

it.each<[string, HttpTelemetryListener, string, string, number, number]>([
  ['a whole body', (_, response) => void response.end(TEXT), 'POST', TEXT, 0, 6],
  ['a stream', (request, response) => void request.pipe(response), 'POST', TEXT, 6, 6],
  [
    'writes and an end with data',
    (request, response) => {
      response.write(TEXT);
      request.resume().on('end', () => response.end(TEXT));
    },
    'POST',
    TEXT,
    6,
    12,
  ],
  ['HEAD', (_, response) => void response.end(TEXT), 'HEAD', '', 0, 0],
])('the sizes of bodies over HTTP/2: %s', async (_, listener, method, body, request, response) => {
  const gateway = await start({});
  const server = createHttp2Server(httpTelemetry(gateway.telemetry, listener));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({ ':path': '/', ':method': method });
  if (body !== '') stream.end(body);
  await new Promise((resolve) => stream.resume().on('close', resolve));
  expect(await told(gateway)).toEqual([request, response]);
});

describe('what goes both ways after the heads', () => {
  const TARGETS = {
    upgrade: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n',
    connect: 'CONNECT a.example:1 HTTP/1.1\r\nHost: a.example\r\n\r\n',
  };

  it.each(['upgrade', 'connect'] as const)('of an %s', async (event) => {
    const head = event === 'upgrade' ? 'HTTP/1.1 101 Switching\r\n\r\n' : 'HTTP/1.1 200 OK\r\n\r\n';
    const gateway = await start({
      server: (telemetry) =>
        httpServerTelemetry(telemetry, createServer(), { tenant: 'acme' }).on(event, (_, socket, first) => {
          // The head together with the first bytes, as proxies send it.
          socket.write(`${head}hello`);
          socket.write(first);
          socket.pipe(socket);
        }),
    });
    const client = openRaw(gateway.port, `${TARGETS[event]}early;`);
    await client.waitFor('early;');
    client.socket.end('later;');
    await client.closed;
    expect(client.received()).toBe(`${head}helloearly;later;`);
    expect(await told(gateway)).toEqual([12, 17]);
  });

  it('of an upgrade that follows a request on its connection, and is refused with a body', async () => {
    const gateway = await start({
      server: (telemetry) =>
        httpServerTelemetry(
          telemetry,
          createServer((_, response) => void response.end(TEXT)),
          { ignore: (request) => request.headers.upgrade === undefined },
        ).on('upgrade', (_, socket) => void socket.end('HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nbody')),
    });
    const client = openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(client.socket, 'data');
    client.socket.write(TARGETS.upgrade);
    await client.closed;
    expect(await told(gateway)).toEqual([0, 4]);
  });
});
