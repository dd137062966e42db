/**
 * A gateway on http-proxy-middleware, 3 or 4, in Express, with telemetry in four lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { createGatewayTelemetry } from 'gateway-otel';
import { expressTelemetry } from 'gateway-otel/express';
import { proxyTelemetry } from 'gateway-otel/proxy';

const { UPSTREAM: target = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const telemetry = createGatewayTelemetry({ serviceName: 'proxy-gateway', spans: 'server+client' }); // 1: one instance

const app = express();
app.use(expressTelemetry(telemetry)); // 2: first, and it sees everything
app.use(createProxyMiddleware({ target, plugins: [proxyTelemetry(telemetry)] })); // 3: every call of an upstream

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 4: what still waits is sent
}
