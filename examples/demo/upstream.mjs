/** The service behind the gateway: a small order service. It knows nothing of telemetry. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const REMEMBERED = 1000;

/** Starts it. `seen` holds what the last requests carried, so that the demo can show where a trace went. */
export async function startUpstream() {
  const seen = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, traceparent: headers.traceparent });
    if (seen.length > REMEMBERED) seen.shift();
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request, response) {
  const path = request.url.split('?')[0];
  const [, collection, id] = path.split('/');
  if (request.method === 'POST') return json(response, 201, await digestOf(request));
  if (collection === 'old-orders') return response.writeHead(301, { location: `/orders/${id}` }).end();
  if (path === '/reports/daily') return slowReport(response);
  if (path === '/reports/cut') return cutReport(response);
  if (path === '/orders/broken') return json(response, 500, { error: 'This order is broken.' });
  if (collection === 'health') return json(response, 200, { ok: true });
  if (collection === 'orders' && Number(id) > 0 && Number(id) < 1000) {
    return json(response, 200, { id: Number(id), item: 'book' });
  }
  return json(response, 404, { error: 'There is no such thing.' });
}

function json(response, status, value) {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Length and hash of a body: the proof that it came through the gateway unharmed. */
async function digestOf(request) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** 100 lines in ten seconds: time enough for a client to lose its patience. */
async function slowReport(response) {
  response.writeHead(200, { 'content-type': 'text/plain' });
  for (let line = 1; line <= 100 && !response.destroyed; line += 1) {
    response.write(`line ${line} of 100\n`);
    await pause(100);
  }
  response.end();
}

/** Promises 1,000 bytes, sends a few and hangs up. */
async function cutReport(response) {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 1000 });
  response.write('half of the rep');
  await pause(50);
  response.destroy();
}
