/** One contestant of T24 and its silent name server in one process; says on standard output how its look-ups went. */
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTESTANTS, requestPath } from '../tenants/contestants.mjs';

const TENANTS = 50;
const RECORD_EVERY_MS = 200;
/** The exports have begun by then. */
const WARM_UP_MS = 3_000;
const LOOK_UPS = 100;
const EVERY_MS = 100;
/** After the last of them; what has no answer then has waited at least so long. */
const PATIENCE_MS = 20_000;

const { contestant, server } = JSON.parse(process.argv[2]);
for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];

let questions = 0;
const silent = createSocket('udp4', () => void questions++);
silent.bind(53, server);
await once(silent, 'listening');

const endpointOf = (index) => `https://t${index}.example.com`;
const { record } = await CONTESTANTS[contestant].open({ count: TENANTS, endpointOf, tenantEgress: 'public' });
const recordAll = () => {
  for (let index = 0; index < TENANTS; index++) record(index, requestPath(index));
};
recordAll();
setInterval(recordAll, RECORD_EVERY_MS);
await sleep(WARM_UP_MS);
if (questions === 0) throw new Error('nobody has asked the silent name server.');

const asked = [];
for (let index = 0; index < LOOK_UPS; index++) {
  const look = { startMs: performance.now(), ms: undefined };
  asked.push(look);
  // In the hosts file: nothing but a free thread is needed.
  void dns.lookup('localhost').then(() => (look.ms = performance.now() - look.startMs));
  await sleep(EVERY_MS);
}
const endMs = performance.now() + PATIENCE_MS;
while (asked.some(({ ms }) => ms === undefined) && performance.now() < endMs) await sleep(EVERY_MS);
const times = asked.map(({ startMs, ms }) => ms ?? performance.now() - startMs).sort((a, b) => a - b);
const at = (share) => Number(times[Math.ceil(share * LOOK_UPS) - 1].toFixed(1));
console.log(
  JSON.stringify({
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    [`unanswered after ${PATIENCE_MS / 1e3} s or more`]: asked.filter(({ ms }) => ms === undefined).length,
  }),
);
process.exit();
