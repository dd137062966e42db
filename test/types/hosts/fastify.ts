import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { fastifyTelemetry } from 'gateway-otel/fastify';

/** As far as Fastify's own types go, without them. */
interface Request {
  raw: IncomingMessage;
  tenantId?: string;
}
interface Instance {
  addHook(
    name: string,
    hook: (request: Request, reply: { raw: ServerResponse }, done: (error?: Error) => void) => void,
  ): Instance;
  hasRequestDecorator(name: string | symbol): boolean;
  decorateRequest(name: string | symbol, value?: unknown): Instance;
}
type Plugin = (instance: Instance, options: Record<never, never>, done: (error?: Error) => void) => void;

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const plain: Plugin = fastifyTelemetry(telemetry);
export const plugin: Plugin = fastifyTelemetry(telemetry, { tenant: (request: Request) => request.tenantId });
