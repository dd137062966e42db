/** The hostile collector, a process of its own: one port for each row of a scenario. */
import http from 'node:http';
import net from 'node:net';
import { countRecords } from '../count-records.mjs';
import { answerParent } from '../processes.mjs';
import { SCENARIOS } from './scenarios.mjs';

const { scenario } = JSON.parse(process.argv[2]);
/** Since when every request is answered well. */
let healedMs = Number.POSITIVE_INFINITY;
/** By row: when each request had come whole, and how many records it held. */
const requests = {};
const ports = {};

for (const [row, { answer, reads = true }] of Object.entries(SCENARIOS[scenario].rows)) {
  requests[row] = [];
  ports[row] = await listen(row, answer, reads);
}

answerParent({
  ready: () => ({ ports }),
  requests: () => requests,
  heal() {
    healedMs = performance.now();
    return healedMs;
  },
});

async function listen(row, answer, reads) {
  const web = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const atMs = performance.now();
      const records = countRecords(Buffer.concat(chunks));
      requests[row].push({ atMs, records });
      if (atMs > healedMs) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      else answer({ response, socket: request.socket, records });
    });
  });
  // Idle connections stay open: Node's 5 s default would add faults of its own.
  web.keepAliveTimeout = 0;
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (!reads && healedMs === Number.POSITIVE_INFINITY) return;
    web.emit('connection', socket);
    socket.resume();
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server.address().port;
}
