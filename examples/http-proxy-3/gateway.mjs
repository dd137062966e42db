/**
 * A gateway on http-proxy-3 (http-proxy works alike), WebSockets included, with telemetry in five lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import http from 'node:http';
import httpProxy from 'http-proxy-3';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpServerTelemetry } from 'gateway-otel/http';
import { proxyTelemetry } from 'gateway-otel/proxy';

const { UPSTREAM: target = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const telemetry = createGatewayTelemetry({ serviceName: 'proxy-gateway', spans: 'server+client' }); // 1: one instance

const proxy = httpProxy.createProxyServer({ target });
proxyTelemetry(telemetry)(proxy); // 2: every call of an upstream
proxy.on('error', (_error, _request, response) => {
  if (!('writeHead' in response)) response.destroy();
  else if (!response.headersSent) response.writeHead(502).end(); // 3: why, its error.type says
});

const server = http.createServer((request, response) => proxy.web(request, response));
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
httpServerTelemetry(telemetry, server); // 4: every request and upgrade

server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 5: what still waits is sent
}
