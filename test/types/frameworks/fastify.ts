import { fastify } from 'fastify';
import type { FastifyRequest } from 'fastify';
import { createGatewayTelemetry } from 'gateway-otel';
import type { Exchange } from 'gateway-otel';
import { fastifyTelemetry } from 'gateway-otel/fastify';

declare module 'fastify' {
  interface FastifyRequest {
    readonly exchange: Exchange;
    tenantId?: string;
  }
}

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });

const app = fastify();
app.register(fastifyTelemetry(telemetry));
app.register(fastifyTelemetry(telemetry, { tenant: (request: FastifyRequest) => request.tenantId }));
app.get('/', (request) => {
  request.exchange.setTenant('acme');
  return telemetry.of(request).traceId;
});
fastify({ http2: true }).register(fastifyTelemetry(telemetry));

// @ts-expect-error A request that is not said is no any.
app.register(fastifyTelemetry(telemetry, { tenant: (request) => request.nothing }));
// @ts-expect-error An option has a type.
app.register(fastifyTelemetry(telemetry, { ignore: true }));
