/** Upstream and collector in one process, both as cheap as they can be. */
import http from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import { countRecords } from './count-records.mjs';
import { answerParent } from './processes.mjs';

const REQUEST_COUNTER = 'knoxcall.proxy.requests';
const PATH = /^\/(?<contestant>[^/]+)\/(?<owner>[^/]+)\/v1\/(?<signal>traces|logs|metrics)$/;

const body = '{"ok":true,"items":[1,2,3]}';
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
const answer = Buffer.from(head + body);
const endOfHead = Buffer.from('\r\n\r\n');
/** Requests have no body and come one at a time on each socket. */
const upstream = net.createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (chunk.subarray(-endOfHead.length).equals(endOfHead)) socket.write(answer);
  });
});

/** By path: how much came, the first body, and the last one that holds the request counter. */
const arrivals = new Map();
const collector = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const known = take(request.url, Buffer.concat(chunks), request.headers['content-encoding']);
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
  });
});
// Idle connections stay open: Node's 5 s default would race with gateways that wait for their turn.
collector.keepAliveTimeout = 0;

function take(path, sent, encoding) {
  if (!PATH.test(path)) return false;
  const bytes = encoding === 'gzip' ? gunzipSync(sent) : sent;
  let arrival = arrivals.get(path);
  if (arrival === undefined) {
    arrival = { posts: 0, bytes: 0, records: 0, first: bytes, counter: undefined };
    arrivals.set(path, arrival);
  }
  arrival.posts++;
  arrival.bytes += sent.length;
  arrival.records += countRecords(bytes);
  if (path.endsWith('/metrics') && bytes.includes(REQUEST_COUNTER)) arrival.counter = bytes;
  return true;
}

const listening = (server) =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
const upstreamPort = await listening(upstream);
const collectorPort = await listening(collector);

answerParent({
  ready: () => ({ upstreamPort, collectorPort }),
  arrivals: () =>
    [...arrivals].map(([path, { first, counter, ...numbers }]) => ({
      ...PATH.exec(path).groups,
      ...numbers,
      first: first.toString('base64'),
      counter: counter?.toString('base64'),
    })),
});
