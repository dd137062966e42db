import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Plugin } from 'http-proxy-middleware';
import { createProxyServer } from 'http-proxy-3';
import { fastify } from 'fastify';
import fastifyHttpProxy from '@fastify/http-proxy';
import fastifyReplyFrom from '@fastify/reply-from';
import type { FastifyReplyFromHooks } from '@fastify/reply-from';
import { createGatewayTelemetry } from 'gateway-otel';
import { proxyTelemetry, replyFromTelemetry } from 'gateway-otel/proxy';

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });
const target = 'http://127.0.0.1:3000';

proxyTelemetry(telemetry)(createProxyServer({ target }));
export const plugin: Plugin = proxyTelemetry(telemetry);
export const middleware = createProxyMiddleware({ target, plugins: [proxyTelemetry(telemetry)] });

const app = fastify();
void app.register(fastifyReplyFrom, { base: target });
app.get('/', (_request, reply) => reply.from('/', replyFromTelemetry(telemetry)));
app.get('/own', (_request, reply) =>
  reply.from('/', replyFromTelemetry(telemetry, { getUpstream: () => target, retriesCount: 2 })),
);
app.get('/delayed', (_request, reply) =>
  reply.from(
    '/',
    replyFromTelemetry<FastifyReplyFromHooks>(telemetry, {
      retryDelay: ({ attempt }) => (attempt < 3 ? 100 : null),
    }),
  ),
);
void app.register(fastifyHttpProxy, { upstream: target, replyOptions: replyFromTelemetry(telemetry) });
void app.register(fastifyHttpProxy, {
  upstream: target,
  websocket: true,
  wsClientOptions: { rewriteRequestHeaders: (headers: object) => headers } as object,
});

// @ts-expect-error It is a proxy server that the plugin takes.
proxyTelemetry(telemetry)({});
app.get('/wrong', (_request, reply) =>
  // @ts-expect-error The options are those of `reply.from`.
  reply.from('/', replyFromTelemetry(telemetry, { retriesCount: 'two' })),
);
