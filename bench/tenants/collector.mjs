/**
 * A collector in a process of its own, on every address of this machine: it sees how long log records were on their way. Beside
 * it are three that are dead, each in a way of its own.
 */
import http from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import { answerParent } from '../processes.mjs';

/** The value of an attribute: a string of 26 bytes, as `requestPath` in contestants.mjs makes it. */
const PATH = /\n\x1a\/r\/\d{9}\/(\d{13})/g;

let delaysMs = [];
let requests = 0;
const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('error', () => {});
  request.on('end', () => {
    const atMs = Date.now();
    requests++;
    const sent = Buffer.concat(chunks);
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    for (const [, sentMs] of bytes.toString('latin1').matchAll(PATH)) delaysMs.push(atMs - Number(sentMs));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
// Idle connections stay open: Node's 5 s default would add faults of its own.
server.keepAliveTimeout = 0;
const listen = (each) =>
  new Promise((resolve) => {
    each.listen(0, '0.0.0.0', () => resolve(each.address().port));
  });
const port = await listen(server);
const refusing = net.createServer();
const refused = await listen(refusing);
await new Promise((resolve) => {
  refusing.close(resolve);
});
const silent = net.createServer((socket) => socket.on('error', () => {}).resume());
const dripping = net.createServer((socket) => {
  socket.on('error', () => {}).resume();
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
  const timer = setInterval(() => socket.write('x'), 300);
  socket.on('close', () => clearInterval(timer));
});
const deadPorts = [refused, await listen(silent), await listen(dripping)];

answerParent({
  ready: () => ({ port, deadPorts }),
  /** Since the last time. */
  figures() {
    const figures = { requests, delaysMs };
    delaysMs = [];
    requests = 0;
    return figures;
  },
});
