import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { refusingUrl } from '../delivery/support.js';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

const SERVER = 2;
const CLIENT = 3;

let receiver: OtlpReceiver;
let upstream: Server;
let arrived: IncomingMessage[];
let gateway: ExampleProcess;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  arrived = [];
  upstream = createServer((incoming, response) => {
    arrived.push(incoming);
    incoming.pipe(response);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  gateway.signal('SIGKILL');
  upstream.close();
  upstream.closeAllConnections();
  await receiver.close();
});

const upstreamUrl = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

async function start(name: string, to: string): Promise<string> {
  gateway = startExample(`${name}/gateway.mjs`, [], {
    UPSTREAM: to,
    PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  });
  const [url] = await gateway.waitForLine(/^http:\S+$/);
  return url;
}

async function stop(): Promise<void> {
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
  // http-proxy, under http-proxy-middleware 3, calls what newer versions of Node warn of.
  expect(gateway.errors().replace(/^\(.*(?:DEP0060|trace-deprecation).*\n/gm, '')).toBe('');
}

describe.each(['http-proxy-3', 'http-proxy-middleware', 'undici'])(
  'the %s example',
  { timeout: 60_000 },
  (name) => {
    it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
      const url = await start(name, upstreamUrl());
      const body = 'x'.repeat(300_000);
      const response = await fetch(`${url}/things/7?q=1`, {
        method: 'POST',
        body,
        headers: { connection: 'close' },
      });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(body);
      await stop();

      expect(receiver.logs).toHaveLength(1);
      const server = receiver.spans.find(({ kind }) => kind === SERVER);
      const client = receiver.spans.find(({ kind }) => kind === CLIENT);
      expect(server).toMatchObject({
        resource: { 'service.name': 'proxy-gateway' },
        attributes: { 'knoxcall.upstream.status_code': 200, 'knoxcall.upstream.attempts': 1 },
      });
      expect(client).toMatchObject({ traceId: server?.traceId, parentSpanId: server?.spanId });
      expect(arrived[0]?.url).toBe('/things/7?q=1');
      expect(arrived[0]?.headers['traceparent']).toBe(`00-${client?.traceId}-${client?.spanId}-03`);
    });

    it('says why there is no answer when the upstream refuses', async () => {
      const url = await start(name, await refusingUrl());
      const response = await fetch(`${url}/x`, {
        method: 'POST',
        body: 'body',
        headers: { connection: 'close' },
      });
      expect(response.status).toBeGreaterThanOrEqual(502);
      await stop();
      const errors = receiver.spans.map(({ attributes }) => attributes['error.type']);
      expect(new Set(errors)).toEqual(new Set(['upstream_connect_error']));
    });
  },
);

it('the http-proxy-3 example passes WebSockets on', { timeout: 60_000 }, async () => {
  const sockets = new WebSocketServer({ server: upstream });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const url = await start('http-proxy-3', upstreamUrl());
  const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`);
  const echoed = new Promise((resolve) => socket.on('message', (data: Buffer) => resolve(data.toString())));
  socket.on('open', () => socket.send('hello'));
  expect(await echoed).toBe('hello');
  socket.close();
  await new Promise((resolve) => socket.on('close', resolve));
  await stop();
  sockets.close();
  expect(receiver.spans.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([101, 101]);
});
