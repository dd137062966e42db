/** One contestant with its tenants in a process of its own: sends finished requests, and measures itself. */
import { subscribe } from 'node:diagnostics_channel';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from '../processes.mjs';
import { CONTESTANTS, requestPath } from './contestants.mjs';

const STEP_MS = 5;
const MIB = 1024 * 1024;

/** `deadPorts`: the first tenants have these instead, one each. */
const { contestant, tenants, origins, port, deadPorts = [], perSecond } = JSON.parse(process.argv[2]);
// The stock SDK would read them.
for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];

let sockets = 0;
let mostSockets = 0;
// Idle ones as well: Node's own list of what is active does not have them.
subscribe('net.client.socket', ({ socket }) => {
  mostSockets = Math.max(mostSockets, ++sockets);
  socket.once('close', () => sockets--);
});

/** Linux answers on every address that begins with 127. */
const endpointOf = (index) => {
  const origin = index % origins;
  return `http://127.1.${origin >>> 8}.${origin & 255}:${deadPorts[index] ?? port}/t${index}`;
};
const rssBefore = process.memoryUsage.rss();
const opened = performance.now();
const { record } = await CONTESTANTS[contestant].open({ count: tenants, endpointOf });
const openMs = performance.now() - opened;
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const cpuBefore = process.cpuUsage();
let sent = 0;
let peakRss = 0;
let isOver = false;
const sending = send();

answerParent({
  ready: () => ({}),
  /** What is sent from now on is what counts. */
  reset() {
    loop.reset();
    return { sent };
  },
  async stop() {
    isOver = true;
    await sending;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      sent,
      openMs,
      rssMib: peakRss / MIB,
      rssBeforeMib: rssBefore / MIB,
      mostSockets,
      longestBlockMs: loop.max / 1e6,
      cpuUsPerRequest: (user + system) / sent,
    };
  },
});

async function send() {
  const startMs = performance.now();
  while (!isOver) {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1e3);
    for (; sent < due; sent++) record(sent % tenants, requestPath(sent));
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
    await sleep(STEP_MS);
  }
}
