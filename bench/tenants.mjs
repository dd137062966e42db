/**
 * What tenants cost: memory, sockets, event loop, delay.
 *
 *   npm run bench:tenants                             everything, about 6 minutes
 *   npm run bench:tenants -- --only idle,cost         some of the parts
 *
 * idle     bytes per tenant that is configured and has had no request, of 10,000; the plan has 2,048 at most
 * active   1,000 and 10,000 tenants that all have traffic, at 50 origins and with an origin each (127.x.y.z); the stock SDK
 *          with one provider set per tenant at 1,000, in the same run. 10,000 of ours: 512 open sockets at most, and 200 MB
 *          are the aim. How much garbage V8 keeps decides most of that, so they run a second time with a heap of 256 MB
 * cost     CPU per request, from begin to the return of end, with 1, 100, 1,000 and 10,000 tenants in turn
 *
 * Each contestant is a process of its own, and so is the collector. "active" sends 500 requests a second, tenants in turn;
 * delays are those of log records, from the end of the request to their arrival, of what arrived after everybody has had a
 * first request and the first exports were over. All times are defaults: a batch waits 1 s on both sides, readings of the
 * metrics come once a minute and may fall into a run. Where more is due than the share of a core for exports allows (250
 * exports a second by default), ours exports less often, and delays grow with the number of tenants: that is what the share is for.
 *
 * Figures never fail the run; it fails (exit 1, one sentence) when it could not be made, as when nothing arrived.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command.mjs';
import { startProcess } from './processes.mjs';
import { CONTESTANTS } from './tenants/contestants.mjs';

const IDLE_TENANTS = 10_000;
const PER_SECOND = 500;
const SHARED_ORIGINS = 50;
const SMALL_HEAP_MB = 256;
const MANY_MS = { 1_000: { warmUp: 6_000, window: 8_000 }, 10_000: { warmUp: 25_000, window: 25_000 } };
const LAYOUTS = [
  { contestant: 'ours', tenants: 1_000, origins: SHARED_ORIGINS },
  { contestant: 'stock', tenants: 1_000, origins: SHARED_ORIGINS },
  { contestant: 'ours', tenants: 1_000, origins: 1_000 },
  { contestant: 'stock', tenants: 1_000, origins: 1_000 },
  { contestant: 'ours', tenants: 10_000, origins: SHARED_ORIGINS },
  { contestant: 'ours', tenants: 10_000, origins: 10_000 },
  { contestant: 'ours', tenants: 10_000, origins: SHARED_ORIGINS, heapMb: SMALL_HEAP_MB },
  { contestant: 'ours', tenants: 10_000, origins: 10_000, heapMb: SMALL_HEAP_MB },
];
const COST_TENANTS = [1, 100, 1_000, 10_000];

const PARTS = { idle: measureIdle, active: measureActive, cost: measureCost };

await runCommand(main);

async function main() {
  const { parts, help } = readOptions();
  if (help) return console.log(usage());
  const figures = {};
  for (const part of parts) figures[part] = await PARTS[part]();
  console.log(JSON.stringify({ node: process.version, figures }));
}

async function measureIdle() {
  const child = await startProcess('tenants/idle.mjs', { tenants: IDLE_TENANTS });
  const { bytes } = await child.ask('bytesPerTenant');
  child.stop();
  console.log(`${IDLE_TENANTS} idle tenants: ${Math.round(bytes)} bytes each`);
  return Math.round(bytes);
}

async function measureActive() {
  const rows = {};
  for (const layout of LAYOUTS) {
    const { contestant, tenants, origins, heapMb } = layout;
    const heap = heapMb === undefined ? '' : `, heap of ${heapMb} MB`;
    rows[`${CONTESTANTS[contestant].title}, ${tenants} tenants, ${origins} origins${heap}`] =
      await runLayout(layout);
  }
  console.table(rows);
  return rows;
}

async function runLayout({ contestant, tenants, origins, heapMb }) {
  const { warmUp, window } = MANY_MS[tenants];
  const collector = await startProcess('tenants/collector.mjs', {});
  const gateway = await startProcess('tenants/contestant.mjs', {
    name: `${contestant}, ${tenants} tenants`,
    contestant,
    tenants,
    origins,
    port: collector.port,
    perSecond: PER_SECOND,
    execArgv: heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`],
  });
  await sleep(warmUp);
  await collector.ask('figures');
  await gateway.ask('reset');
  await sleep(window);
  const { requests, delaysMs } = await collector.ask('figures');
  const figures = await gateway.ask('stop');
  gateway.stop();
  collector.stop();
  if (delaysMs.length === 0) throw new Error(`${gateway.name}: no log record arrived.`);
  delaysMs.sort((a, b) => a - b);
  const delayMs = (percent) => delaysMs[Math.floor((delaysMs.length * percent) / 100)];
  return {
    'RSS MiB': Math.round(figures.rssMib),
    'of it before': Math.round(figures.rssBeforeMib),
    'sockets at most': figures.mostSockets,
    'longest block ms': Math.round(figures.longestBlockMs),
    'delay p50 ms': delayMs(50),
    'delay p99 ms': delayMs(99),
    'exports/s': Math.round((requests * 1e3) / window),
    'CPU µs/request': Math.round(figures.cpuUsPerRequest),
    'opened in ms': Math.round(figures.openMs),
  };
}

async function measureCost() {
  const rows = {};
  for (const tenants of COST_TENANTS) {
    const child = await startProcess('tenants/request-cost.mjs', { tenants });
    const { lowerQuartileUs, medianUs } = await child.ask('cost');
    child.stop();
    rows[`${tenants} tenants`] = {
      'µs, lower quartile': Number(lowerQuartileUs.toFixed(2)),
      'µs, median': Number(medianUs.toFixed(2)),
    };
  }
  console.table(rows);
  return rows;
}

function readOptions() {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  const all = Object.keys(PARTS);
  const parts = values.only?.split(',') ?? all;
  const unknown = parts.find((part) => !Object.hasOwn(PARTS, part));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; there are ${all.join(', ')}.`);
  return { parts, help: values.help };
}

/** The comment at the top of this file. */
function usage() {
  const [, comment] = /\/\*\*\n(.*?)\n \*\//s.exec(readFileSync(new URL(import.meta.url), 'utf8'));
  return comment.replace(/^ \* ?/gm, '');
}
