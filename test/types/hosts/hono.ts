import { createGatewayTelemetry } from 'gateway-otel';
import { honoTelemetry } from 'gateway-otel/hono';

/** As far as Hono's own types go, without them. */
interface Context {
  env: unknown;
  req: { raw: Request; header(name: string): string | undefined };
  error: Error | undefined;
  get res(): Response;
  set res(response: Response | undefined);
  header(name: string, value?: string): void;
}
type Middleware = (context: Context, next: () => Promise<void>) => Promise<Response | void>;

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const plain: Middleware = honoTelemetry(telemetry);
export const middleware: Middleware = honoTelemetry(telemetry, {
  tenant: (context: Context) => context.req.header('x-tenant'),
});
