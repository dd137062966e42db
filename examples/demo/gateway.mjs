/** A streaming reverse proxy on node:http with telemetry. This is the file to copy. */
import http from 'node:http';
import { pipeline } from 'node:stream';
import { urlToHttpOptions } from 'node:url';
import { httpTelemetry } from 'gateway-otel/http';

const UPSTREAM_TIMEOUT_MS = 30_000;

/** Headers that concern one connection only and must not travel further. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Makes the server. `routes` are `{ name, prefix, upstream }`; `upstream` is an origin such as `http://orders.internal`.
 * A real gateway takes the tenant from the credentials that it has checked; this one believes a header.
 */
export function createGateway(telemetry, routes) {
  const agent = new http.Agent({ keepAlive: true });
  const routeOf = ({ url }) => routes.find(({ prefix }) => `${url.split('?')[0]}/`.startsWith(`${prefix}/`));

  const server = http.createServer(
    httpTelemetry(
      telemetry,
      (request, response, exchange) => {
        const route = routeOf(request);
        if (route === undefined) sendText(response, 404, 'The gateway has no such route.');
        else forward({ request, response, exchange, upstream: new URL(route.upstream), agent });
      },
      {
        tenant: (request) => request.headers['x-tenant'],
        route: (request) => routeOf(request)?.name,
      },
    ),
  );
  server.on('close', () => agent.destroy());
  return server;
}

function forward({ request, response, exchange, upstream, agent }) {
  const headers = requestHeaders(request);
  exchange.inject(headers);
  exchange.setUpstream({ address: upstream.hostname, attempts: 1 });

  const sentAt = performance.now();
  const upstreamRequest = http.request({
    ...urlToHttpOptions(upstream),
    method: request.method,
    // As it came. Joining it to the upstream with `new URL` would let `//elsewhere/` choose the upstream.
    path: request.url,
    headers,
    agent,
  });

  upstreamRequest.on('response', (upstreamResponse) => {
    const { statusCode } = upstreamResponse;
    exchange.setUpstream({ statusCode, latencyMs: performance.now() - sentAt });
    response.writeHead(statusCode, endToEnd(upstreamResponse.headers));
    response.flushHeaders();
    // If the upstream breaks off, the response is destroyed with that error, so the client cannot take the half for the
    // whole. If the client goes away, the upstream's response is destroyed. Telemetry sees either by itself.
    pipeline(upstreamResponse, response, () => {});
  });

  upstreamRequest.on('error', (error) => {
    // The answer is on its way already, or the client has gone: not the upstream's fault.
    if (response.headersSent || response.destroyed) return;
    exchange.recordError(error);
    const isTimeout = error.code === 'ETIMEDOUT';
    sendText(response, isTimeout ? 504 : 502, `The upstream ${isTimeout ? 'took too long' : 'failed'}.`);
  });

  upstreamRequest.setTimeout(UPSTREAM_TIMEOUT_MS, () => {
    upstreamRequest.destroy(Object.assign(new Error('The upstream is silent.'), { code: 'ETIMEDOUT' }));
  });

  response.on('close', () => {
    if (!response.writableFinished) upstreamRequest.destroy();
  });

  // Not `pipeline`: when the upstream fails it would destroy the request, and with it the socket that the 502 needs.
  request.pipe(upstreamRequest);
  // What nobody wants any more is read to its end, so that the client's connection can be used again.
  upstreamRequest.on('close', () => request.unpipe(upstreamRequest).resume());
}

/** The client's headers as the upstream gets them. */
function requestHeaders(request) {
  const headers = endToEnd(request.headers);
  // `http.request` writes the upstream's own name; and the server has answered `Expect: 100-continue` already.
  delete headers.host;
  delete headers.expect;
  // The body stays framed as it came. Without this, Node would send the body of a GET or DELETE unframed.
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
  if (coding !== undefined) headers['transfer-encoding'] = 'chunked';
  else if (length !== undefined) headers['content-length'] = length;
  return headers;
}

/** Headers without the hop-by-hop ones and those that `Connection` names. */
function endToEnd(headers) {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name)),
  );
}

function sendText(response, status, sentence) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}
