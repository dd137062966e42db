import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { refusingUrl } from '../delivery/support.js';
import { useExampleGateway } from './example-gateway.js';

const SERVER = 2;
const CLIENT = 3;

const gateway = useExampleGateway();

describe.each(['http-proxy-3', 'http-proxy-middleware', 'undici'])(
  'the %s example',
  { timeout: 60_000 },
  (name) => {
    it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
      const url = await gateway.start(name);
      const body = 'x'.repeat(300_000);
      const response = await fetch(`${url}/things/7?q=1`, {
        method: 'POST',
        body,
        headers: { connection: 'close' },
      });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(body);
      await gateway.stop();

      expect(gateway.receiver.logs).toHaveLength(1);
      const server = gateway.receiver.spans.find(({ kind }) => kind === SERVER);
      const client = gateway.receiver.spans.find(({ kind }) => kind === CLIENT);
      expect(server).toMatchObject({
        resource: { 'service.name': 'proxy-gateway' },
        attributes: { 'knoxcall.upstream.status_code': 200, 'knoxcall.upstream.attempts': 1 },
      });
      expect(client).toMatchObject({ traceId: server?.traceId, parentSpanId: server?.spanId });
      expect(gateway.arrived[0]?.url).toBe('/things/7?q=1');
      expect(gateway.arrived[0]?.headers['traceparent']).toBe(`00-${client?.traceId}-${client?.spanId}-03`);
    });

    it('says why there is no answer when the upstream refuses', async () => {
      const url = await gateway.start(name, await refusingUrl());
      const response = await fetch(`${url}/x`, {
        method: 'POST',
        body: 'body',
        headers: { connection: 'close' },
      });
      expect(response.status).toBeGreaterThanOrEqual(502);
      await gateway.stop();
      const errors = gateway.receiver.spans.map(({ attributes }) => attributes['error.type']);
      expect(new Set(errors)).toEqual(new Set(['upstream_connect_error']));
    });
  },
);

it('the http-proxy-3 example passes WebSockets on', { timeout: 60_000 }, async () => {
  const sockets = new WebSocketServer({ server: gateway.upstream });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const url = await gateway.start('http-proxy-3');
  const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`);
  const echoed = new Promise((resolve) => socket.on('message', (data: Buffer) => resolve(data.toString())));
  socket.on('open', () => socket.send('hello'));
  expect(await echoed).toBe('hello');
  socket.close();
  await new Promise((resolve) => socket.on('close', resolve));
  await gateway.stop();
  sockets.close();
  expect(gateway.receiver.spans.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([
    101, 101,
  ]);
});
