/**
 * A streaming proxy on Fastify, 4 or 5, with telemetry in four lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import { fastify } from 'fastify';
import { createGatewayTelemetry } from 'gateway-otel';
import { fastifyTelemetry } from 'gateway-otel/fastify';
import { forward } from '../forward.mjs';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const keys = new Map([['key-of-acme', 'acme']]);
const telemetry = createGatewayTelemetry({ serviceName: 'fastify-gateway' }); // 1: one instance

const app = fastify();
await app.register(fastifyTelemetry(telemetry, { tenant: (request) => request.tenantId })); // 2: first, and it sees everything

app.decorateRequest('tenantId', undefined);
app.addHook('onRequest', async (request, reply) => {
  request.tenantId = keys.get(request.headers['x-api-key']);
  if (request.tenantId === undefined) return reply.code(401).send();
});
// Bodies go on unread.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (_request, _payload, done) => done(null));
app.all('/things/:id', (request, reply) => {
  reply.hijack();
  forward(request.raw, reply.raw, request.exchange, UPSTREAM); // 3: the exchange of this request
});

console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => app.close().then(() => telemetry.shutdown())); // 4: what still waits is sent
}
