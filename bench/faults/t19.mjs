/** T19: 200 tenants with an origin each; then three of them dead, each in a way of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../processes.mjs';

const TENANTS = 200;
/** One each: less than our exports may take of a core. */
const PER_SECOND = 200;
/** Everybody has sent, and the dead have failed for the first time. */
const WARM_UP_MS = 12_000;
const WINDOW_MS = 8_000;

export const title = `${TENANTS} tenants; then one refuses, one is silent, one drips`;
export const settings = {};

export async function start(scenario, contestant) {
  const runs = {};
  const processes = [];
  for (const [row, isAnyDead] of Object.entries({ 'all healthy': false, 'three dead': true })) {
    const collector = await startProcess('tenants/collector.mjs', {});
    runs[row] = { collector, isAnyDead, contestant, name: `${scenario}, ${contestant}, ${row}` };
    processes.push(collector);
  }
  return { runs, processes, stop: async () => processes.forEach((each) => each.stop()) };
}

export async function run({ runs, processes }) {
  const figures = {};
  // One after the other, so that the two do not take the processor from each other.
  for (const [row, each] of Object.entries(runs)) figures[row] = await measure(each, processes);
  return figures;
}

async function measure({ collector, isAnyDead, contestant, name }, processes) {
  const gateway = await startProcess('tenants/contestant.mjs', {
    name,
    contestant,
    tenants: TENANTS,
    origins: TENANTS,
    port: collector.port,
    deadPorts: isAnyDead ? collector.deadPorts : [],
    perSecond: PER_SECOND,
  });
  processes.push(gateway);
  await sleep(WARM_UP_MS);
  await collector.ask('figures');
  await sleep(WINDOW_MS);
  const { delaysMs } = await collector.ask('figures');
  const { mostSockets, rssMib, cpuUsPerRequest } = await gateway.ask('stop');
  if (delaysMs.length === 0) throw new Error(`${name}: no log record arrived.`);
  delaysMs.sort((a, b) => a - b);
  return {
    'export delay of the healthy, p50 ms': delaysMs[Math.floor(delaysMs.length / 2)],
    'export delay of the healthy, p99 ms': delaysMs[Math.floor(delaysMs.length * 0.99)],
    'sockets at most': mostSockets,
    'RSS MiB': Math.round(rssMib),
    'CPU µs/request': Math.round(cpuUsPerRequest),
  };
}
