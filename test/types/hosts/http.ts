import { createServer } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const server = createServer(
  httpTelemetry(
    telemetry,
    (req, res) => {
      res.end(req.url);
    },
    { tenant: (req) => req.headers['x-tenant'] as string | undefined },
  ),
);
