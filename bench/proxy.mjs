/** The thin streaming proxy that every contestant runs, so that only the telemetry differs. */
import http from 'node:http';

/** Gives `forward(request, response, headers)`: passes the request on with these headers and streams the answer back. */
export function createForward(upstreamPort) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  return (request, response, headers) => {
    const options = {
      host: '127.0.0.1',
      port: upstreamPort,
      path: request.url,
      method: request.method,
      headers,
      agent,
    };
    // Looked up on the module at each call: instrumentation-http patches it there.
    const upstream = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => {
      if (response.headersSent) return response.destroy();
      response.writeHead(502).end();
    });
    request.pipe(upstream);
  };
}
