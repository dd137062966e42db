import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { expressTelemetry } from 'gateway-otel/express';

/** As far as Express's own types go, without them. */
interface Request extends IncomingMessage {
  get(name: string): string | undefined;
}
type RequestHandler = (request: Request, response: ServerResponse, next: (error?: unknown) => void) => void;

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const plain: RequestHandler = expressTelemetry(telemetry);
export const handler: RequestHandler = expressTelemetry(telemetry, {
  tenant: (request: Request) => request.get('x-tenant'),
});
