import express from 'express';
import type { Request, RequestHandler } from 'express';
import { createGatewayTelemetry } from 'gateway-otel';
import { expressTelemetry } from 'gateway-otel/express';

interface TenantRequest extends Request {
  tenantId?: string;
}

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });
const app = express();

app.use(expressTelemetry(telemetry));
app.use('/path', expressTelemetry(telemetry));
app.get('/route', expressTelemetry(telemetry), (request, response) => {
  telemetry.of(request).setTenant('acme');
  response.end();
});
express.Router().use(expressTelemetry(telemetry));
// What the callbacks are given is known without saying it.
app.use(expressTelemetry(telemetry, { tenant: (request) => request.get('x-tenant') }));
app.use(
  expressTelemetry(telemetry, { tenant: (request: TenantRequest) => request.tenantId }) as RequestHandler,
);

// @ts-expect-error It is Express's request, not any.
app.use(expressTelemetry(telemetry, { tenant: (request) => request.nothing }));
// @ts-expect-error An option has a type.
app.use(expressTelemetry(telemetry, { ignore: true }));
