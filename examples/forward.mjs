/** What the examples' gateways have in common: a request goes on to the upstream, streaming both ways. */
import http from 'node:http';
import { pipeline } from 'node:stream';

export function forward(request, response, exchange, upstream) {
  const { hostname, port } = new URL(upstream);
  const { method, url: path } = request;
  const headers = upstreamHeaders(request.headers);
  exchange.inject(headers); // the trace goes on to the upstream
  exchange.setUpstream({ address: hostname });
  const ask = http.request({ hostname, port, method, path, headers });
  ask.on('response', (answer) => {
    exchange.setUpstream({ statusCode: answer.statusCode });
    response.writeHead(answer.statusCode, endToEnd(answer.headers));
    pipeline(answer, response, () => {});
  });
  ask.on('error', (error) => {
    if (response.headersSent || response.destroyed) return;
    exchange.recordError(error); // why it is a 502
    response.writeHead(502).end();
  });
  response.on('close', () => response.writableFinished || ask.destroy());
  request.pipe(ask).on('close', () => request.unpipe(ask).resume());
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
