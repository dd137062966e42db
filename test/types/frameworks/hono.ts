import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { createGatewayTelemetry } from 'gateway-otel';
import { honoTelemetry } from 'gateway-otel/hono';

interface Env {
  Bindings: HttpBindings;
  Variables: { tenantId: string };
}

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });

const plain = new Hono();
plain.use(honoTelemetry(telemetry));
plain.use(
  '/path/*',
  honoTelemetry(telemetry, { tenant: (context: Context) => context.req.header('x-tenant') }),
);

const app = new Hono<Env>();
app.use(honoTelemetry(telemetry, { tenant: (context: Context<Env>) => context.var.tenantId }));
app.get('/', (context) => {
  telemetry.of(context).setTenant('acme');
  return context.text('ok');
});
export const middleware = createMiddleware<Env>(honoTelemetry(telemetry));
serve(app);

// @ts-expect-error It is the variables that the application declares.
app.use(honoTelemetry(telemetry, { tenant: (context: Context<Env>) => context.var.nothing }));
// @ts-expect-error A context that is not said is no any.
app.use(honoTelemetry(telemetry, { tenant: (context) => context.nothing }));
// @ts-expect-error An option has a type.
app.use(honoTelemetry(telemetry, { ignore: true }));
