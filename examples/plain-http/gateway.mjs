/**
 * The smallest streaming proxy on plain `http`, with telemetry in six lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import http from 'node:http';
import { pipeline } from 'node:stream';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const { hostname, port } = new URL(UPSTREAM);
const telemetry = createGatewayTelemetry({ serviceName: 'plain-gateway' }); // 1: one instance

const server = http.createServer(
  // 2: a span, a log record and metrics for every request
  httpTelemetry(telemetry, (request, response, exchange) => {
    const { method, url: path } = request;
    const headers = upstreamHeaders(request.headers);
    exchange.inject(headers); // 3: the trace goes on to the upstream
    const ask = http.request({ hostname, port, method, path, headers });
    ask.on('response', (answer) => {
      exchange.setUpstream({ statusCode: answer.statusCode }); // 4: whose answer it is
      response.writeHead(answer.statusCode, endToEnd(answer.headers));
      pipeline(answer, response, () => {});
    });
    ask.on('error', (error) => {
      if (response.headersSent || response.destroyed) return;
      exchange.recordError(error); // 5: why it is a 502
      response.writeHead(502).end();
    });
    response.on('close', () => response.writableFinished || ask.destroy());
    request.pipe(ask).on('close', () => request.unpipe(ask).resume());
  }),
);
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 6: what still waits is sent
}

function upstreamHeaders({ host: _host, expect: _expect, ...headers }) {
  const framing = 'transfer-encoding' in headers ? { 'transfer-encoding': 'chunked' } : {};
  return { ...endToEnd(headers), ...framing };
}

/** Without the headers that concern one connection only. */
function endToEnd(headers) {
  const names = `keep-alive,proxy-authorization,te,trailer,transfer-encoding,upgrade,${headers.connection ?? ''}`;
  const dropped = new Set(['connection', ...names.toLowerCase().split(/\s*,\s*/)]);
  // The length of the body stays, whatever a client says: without it there would be no end to be seen.
  dropped.delete('content-length');
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
