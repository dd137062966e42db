/**
 * A streaming proxy on Express, 4 or 5, with telemetry in five lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import express from 'express';
import { createGatewayTelemetry } from 'gateway-otel';
import { expressTelemetry } from 'gateway-otel/express';
import { forward } from '../forward.mjs';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const keys = new Map([['key-of-acme', 'acme']]);
const telemetry = createGatewayTelemetry({ serviceName: 'express-gateway' }); // 1: one instance

const app = express();
app.use(expressTelemetry(telemetry, { tenant: (request) => request.tenantId })); // 2: first, and it sees everything

app.use((request, response, next) => {
  request.tenantId = keys.get(request.get('x-api-key'));
  if (request.tenantId === undefined) response.sendStatus(401);
  else next();
});
app.all('/things/:id', (request, response) => {
  forward(request, response, telemetry.of(request), UPSTREAM); // 3: the exchange of this request
});
app.use((error, request, response, _next) => {
  telemetry.of(request).recordError(error); // 4: why it is a 500
  response.sendStatus(500);
});

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 5: what still waits is sent
}
