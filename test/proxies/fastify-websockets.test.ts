/** WebSockets of `@fastify/http-proxy`, which routes an upgrade through Fastify's hooks. */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { replyFromTelemetry } from '../../src/adapters/proxy.js';
import { spansOf } from '../frameworks/fields.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';
import { fastifyVersions } from './fastify.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

describe.each(fastifyVersions)('a WebSocket of @fastify/http-proxy on %s', (_, fastify, httpProxy) => {
  const start = async (): Promise<{ gateway: TestGateway; arrived: IncomingHttpHeaders[] }> => {
    const upstream = await startUpstream(() => undefined);
    const sockets = new WebSocketServer({ server: upstream.server });
    onTestFinished(() => sockets.close());
    const arrived: IncomingHttpHeaders[] = [];
    sockets.on('connection', (socket, { headers }) => {
      arrived.push(headers);
      socket.on('message', (data) => socket.send(data));
    });
    const gateway = await startGateway({
      server: async (telemetry) => {
        const app = fastify();
        await app.register(fastifyTelemetry(telemetry));
        app.addHook('onRequest', (request, reply, next) => {
          if (request.url.startsWith('/live/refused')) void reply.code(401).send('who are you?');
          else next();
        });
        await app.register(httpProxy, {
          upstream: upstream.url,
          prefix: '/live',
          websocket: true,
          replyOptions: replyFromTelemetry(telemetry),
          wsClientOptions: {
            rewriteRequestHeaders: (given: object, request: FastifyRequest) => {
              const { cookie } = request.headers;
              const headers = { ...given, ...(cookie !== undefined && { cookie }) };
              telemetry.of(request).inject(headers);
              return headers;
            },
          },
        } as object);
        await app.ready();
        return app.server;
      },
    });
    return { gateway, arrived };
  };
  const open = async (gateway: TestGateway, headers: Record<string, string> = {}): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/live/chat`, { headers });
    await once(socket, 'open');
    socket.send('hello');
    await once(socket, 'message');
    return socket;
  };

  it('is recorded until it closes, and so is one that a hook refuses', async () => {
    const { gateway } = await start();
    const socket = await open(gateway);
    expect(gateway.telemetry.status().openExchanges).toBe(1);
    socket.close();
    await once(socket, 'close');
    const refused = new WebSocket(`ws://127.0.0.1:${gateway.port}/live/refused`);
    await once(refused, 'error');
    expect(await spansOf(gateway)).toEqual([
      'GET /live/* | /live/* | 101 | -',
      'GET /live/* | /live/* | 401 | -',
    ]);
  });

  it('hands on the trace of its own client only', async () => {
    const { gateway, arrived } = await start();
    const first = await open(gateway, {
      traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
      baggage: 'user=1',
      cookie: 'a=b',
    });
    const second = await open(gateway);
    expect(arrived).toMatchObject([
      { traceparent: expect.stringContaining(TRACE_ID) as string, baggage: 'user=1', cookie: 'a=b' },
      { traceparent: expect.not.stringContaining(TRACE_ID) as string },
    ]);
    expect(arrived[1]).not.toHaveProperty('baggage');
    first.terminate();
    second.terminate();
  });
});
