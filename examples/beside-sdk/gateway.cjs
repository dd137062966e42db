/**
 * A gateway in an application that runs the OpenTelemetry SDK already. Either way each request has one SERVER span:
 *
 *   PORT=8080 node gateway.cjs               # the SDK's, which the exchange joins
 *   PORT=8080 INCOMING=off node gateway.cjs  # the library's
 */
const { exporter } = require('./tracing.cjs'); // before anything that loads node:http
const http = require('node:http');
const { createGatewayTelemetry } = require('gateway-otel');
const { httpTelemetry } = require('gateway-otel/http');

const telemetry = createGatewayTelemetry({
  serviceName: 'beside-sdk',
  namespace: 'gateway',
  operator: { exporters: { traces: exporter } },
});

const server = http.createServer(
  httpTelemetry(telemetry, (request, response, exchange) => {
    exchange.setHttpRoute('/orders/:id');
    response.end('ok\n');
  }),
);
server.listen(Number(process.env.PORT ?? '8080'), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown()));
}
