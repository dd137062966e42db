import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { koaTelemetry } from 'gateway-otel/koa';

/** As far as Koa's own types go, without them. */
interface Context {
  req: IncomingMessage;
  res: ServerResponse;
  get(name: string): string;
}
type Middleware = (context: Context, next: () => Promise<unknown>) => unknown;

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const plain: Middleware = koaTelemetry(telemetry);
export const middleware: Middleware = koaTelemetry(telemetry, {
  tenant: (context: Context) => context.get('x-tenant'),
});
