/**
 * A gateway by hand on undici, with retries, and telemetry in five lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import http from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Agent, interceptors } from 'undici';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';
import { undiciTelemetry } from 'gateway-otel/undici';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const telemetry = createGatewayTelemetry({ serviceName: 'proxy-gateway', spans: 'server+client' }); // 1: one instance

const retry = interceptors.retry({ maxRetries: 2, minTimeout: 100, throwOnError: false });
const dispatcher = new Agent().compose(undiciTelemetry(telemetry), retry); // 2: first, so that it sees each retry

async function forward(request, response) {
  const { method, url: path } = request;
  const gone = new AbortController();
  response.on('close', () => gone.abort()); // 3: a client that leaves is no fault of the upstream
  const body = method === 'GET' || method === 'HEAD' ? null : request;
  const headers = endToEnd(request.headers);
  try {
    const options = { origin: UPSTREAM, path, method, headers, body, signal: gone.signal };
    const answer = await dispatcher.request(options);
    response.writeHead(answer.statusCode, endToEnd(answer.headers));
    await pipeline(answer.body, response);
  } catch {
    // Why it is a 502, its error.type says.
    if (!response.headersSent && !response.destroyed) response.writeHead(502).end();
  }
}

const server = http.createServer(httpTelemetry(telemetry, forward)); // 4: every request
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 5: what still waits is sent
}

/** Without the headers that concern one connection only. */
function endToEnd(headers) {
  const names = `connection,keep-alive,proxy-authorization,te,trailer,transfer-encoding,upgrade,host,expect,${headers.connection ?? ''}`;
  const dropped = new Set(names.toLowerCase().split(/\s*,\s*/));
  // The length of the body stays, whatever a client says: without it there would be no end to be seen.
  dropped.delete('content-length');
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
