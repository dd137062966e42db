/**
 * What telemetry costs a thin streaming proxy: CPU per request of the gateway process (user and system time, divided by
 * the requests it served), for the same proxy with different telemetry.
 *
 *   npm run bench                                     all contestants, under 3 minutes
 *   npm run bench -- --rounds 8 --seconds 2           the defaults
 *   npm run bench -- --only bare,ours,naive           some of them
 *   npm run bench -- --stock-delay-ms 1000            the stock batch processors' own default instead of 200
 *   npm run bench -- --hot-path                       one exchange without sockets, part by part
 *   npm run bench -- --propagation                    extract and inject beside the stock propagators, 25 rounds
 *   npm run bench -- --gen-ai                         watching a model's answer, per streamed chunk, 25 rounds
 *
 * bare       the proxy alone
 * ours       gateway-otel, operator plus 1 of 100 tenants, everything on
 * stock-all  instrumentation-http and the SDK: traces, logs, metrics, operator only
 * naive      the same, plus one provider set for each of 100 tenants
 * spin20     (only when named) the proxy and a loop of 20 µs, to see what the measurement makes of a known cost
 *
 * Each gateway is a process of its own on core 0; load generator, upstream and collector share core 1 (with `taskset`;
 * without it nothing is pinned, and the output says so). Rounds are interleaved, so that a noisy machine hurts all
 * alike, and the figure is the lower quartile over the rounds. A round ends only when the batches that it filled have
 * been sent, so exporting is counted. Metric readings come every 5 s for everyone and fall into some rounds only: the
 * mean, printed beside the quartile, holds them in proportion. The first load, which warms up, does not count.
 *
 * A slower gateway leaves core 1 idle more often, and on virtual machines each write to a sleeping peer is then dearer:
 * some of the difference to `bare` is system time that no contestant's code spends. `spin20` shows how much; "user" leaves
 * system time out.
 *
 * The run fails (exit 1, one sentence) when requests fail, or when a contestant's spans, log records and counted
 * requests did not arrive at the collector, at the operator's path and at those of all 100 tenants.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { MEASURED_CORE, OTHERS_CORE, pinSelf, startProcess, whyNotPinned } from './processes.mjs';

const TENANTS = 100;
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;
/** Longer than any contestant's batches wait: ours 1 s and a fifth. */
const SETTLE_MS = 1_300;
const TARGET = 1 / 6;
const AIM = 1 / 10;

await runCommand(main);

async function main() {
  const options = readOptions();
  if (options.help) return console.log(usage());
  const unpinned = whyNotPinned();
  if (unpinned === undefined) pinSelf(OTHERS_CORE);
  else console.log(`Not pinned to cores (${unpinned}): expect more noise.`);
  const cores = unpinned === undefined ? { measured: MEASURED_CORE, others: OTHERS_CORE } : {};
  if (options.propagation) {
    const { comparePropagation } = await import('./propagation.mjs');
    return comparePropagation(options.rounds, cores.measured);
  }
  if (options.genAi) {
    const { measureChunks } = await import('./gen-ai.mjs');
    return measureChunks(options.rounds, cores.measured);
  }
  const peers = await startProcess('peers.mjs', {}, cores.others);
  if (options.hotPath) {
    const collector = `http://127.0.0.1:${peers.collectorPort}/hot-path`;
    const hotPath = await startProcess('hot-path.mjs', { collector, rounds: options.rounds }, cores.measured);
    await hotPath.ask('measure');
    hotPath.stop();
  } else {
    await sideBySide(options, peers, cores);
  }
  peers.stop();
}

async function sideBySide(options, peers, cores) {
  const { default: autocannon } = await import('autocannon');
  const { verify } = await import('./verify.mjs');
  const gateways = [];
  for (const name of options.names) {
    const setup = {
      name,
      upstreamPort: peers.upstreamPort,
      collector: `http://127.0.0.1:${peers.collectorPort}/${name}`,
      tenantCount: TENANTS,
      stockDelayMs: options.stockDelayMs,
    };
    const gateway = await startProcess('gateway.mjs', setup, cores.measured);
    gateways.push({ ...gateway, cpuUs: [], userUs: [], perSecond: [] });
  }
  for (const gateway of gateways) await load(autocannon, gateway, WARM_UP_SECONDS);
  await sleep(SETTLE_MS);

  for (let round = 0; round < options.rounds; round++) {
    for (const gateway of gateways) {
      const before = await gateway.ask('usage');
      await load(autocannon, gateway, options.seconds);
      await sleep(SETTLE_MS);
      const after = await gateway.ask('usage');
      const requests = after.requests - before.requests;
      const userUs = after.userUs - before.userUs;
      const systemUs = after.systemUs - before.systemUs;
      gateway.cpuUs.push((userUs + systemUs) / requests);
      gateway.userUs.push(userUs / requests);
      gateway.perSecond.push(requests / options.seconds);
      gateway.rss = after.rss;
    }
  }

  for (const gateway of gateways) {
    await gateway.ask('drain');
    gateway.requests = (await gateway.ask('usage')).requests;
  }
  const arrivals = await peers.ask('arrivals');
  for (const gateway of gateways) {
    const { expects } = CONTESTANTS[gateway.name];
    gateway.exported = verify(gateway.name, expects, gateway.requests, TENANTS, arrivals);
    gateway.stop();
  }
  report(options, cores, gateways);
}

async function load(autocannon, { name, port }, seconds) {
  const url = `http://127.0.0.1:${port}/orders/1`;
  const { errors, timeouts, non2xx } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { 'user-agent': 'bench' },
  });
  if (errors + timeouts + non2xx > 0) {
    const counts = `${errors} connection errors, ${timeouts} time-outs, ${non2xx} answers that were not 2xx`;
    throw new Error(`${name} did not serve all requests: ${counts}.`);
  }
}

function report(options, cores, gateways) {
  const base = gateways.find(({ name }) => name === 'bare');
  const over = (gateway, figure, time = 'cpuUs') =>
    base === undefined ? undefined : figure(gateway[time]) - figure(base[time]);
  const rows = gateways.map((gateway) => ({
    name: gateway.name,
    cpuUs: round1(lowerQuartile(gateway.cpuUs)),
    overUs: round1(over(gateway, lowerQuartile)),
    meanOverUs: round1(over(gateway, mean)),
    userOverUs: round1(over(gateway, lowerQuartile, 'userUs')),
    requestsPerSecond: Math.round(median(gateway.perSecond)),
    rssMb: Math.round(gateway.rss / 1e6),
    spreadUs: [Math.min(...gateway.cpuUs), Math.max(...gateway.cpuUs)].map(round1),
    requests: gateway.requests,
    exported: Object.fromEntries(
      Object.entries(gateway.exported).map(([key, value]) => [key, Number(value.toFixed(3))]),
    ),
  }));

  console.log(`CPU per request of the gateway process, ${options.rounds} rounds of ${options.seconds} s`);
  console.table(
    Object.fromEntries(
      rows.map((row) => [
        row.name,
        {
          'µs/request': row.cpuUs,
          'over bare': row.overUs,
          'over bare (mean)': row.meanOverUs,
          'over bare (user)': row.userOverUs,
          'lowest–highest': row.spreadUs.join('–'),
          'requests/s': row.requestsPerSecond,
          'RSS MB': row.rssMb,
        },
      ]),
    ),
  );
  console.log('Arrived at the collector, per request');
  console.table(
    Object.fromEntries(
      rows.map(({ name, exported }) => [
        name,
        {
          bytes: Math.round(exported.bytes),
          POSTs: exported.posts,
          spans: exported.spans,
          'logs (operator)': exported.logs,
          'logs (tenants)': exported.tenantLogs,
          'counted (operator)': exported.counted,
          'counted (tenants)': exported.tenantCounted,
        },
      ]),
    ),
  );

  const ratios = {};
  for (const [key, rival] of Object.entries({ oursToNaive: 'naive', oursToStockAll: 'stock-all' })) {
    const ours = rows.find(({ name }) => name === 'ours');
    const other = rows.find(({ name }) => name === rival);
    if (ours?.overUs === undefined || other === undefined) continue;
    ratios[key] = Number((ours.overUs / other.overUs).toFixed(3));
    ratios[`${key}Mean`] = Number((ours.meanOverUs / other.meanOverUs).toFixed(3));
    ratios[`${key}User`] = Number((ours.userOverUs / other.userOverUs).toFixed(3));
    const others = `mean ${ratios[`${key}Mean`]}, user time alone ${ratios[`${key}User`]}`;
    console.log(`ours over bare / ${rival} over bare = ${ratios[key]} (${others})`);
  }
  if (ratios.oursToNaive !== undefined) {
    const verdict =
      ratios.oursToNaive <= AIM ? 'aim met' : ratios.oursToNaive <= TARGET ? 'target met' : 'MISSED';
    console.log(
      `target for ours / naive: at most ${TARGET.toFixed(3)} (1/6), aim ${AIM.toFixed(3)} (1/10): ${verdict}`,
    );
  }
  const { rounds, seconds, stockDelayMs } = options;
  const pinned = cores.measured !== undefined;
  console.log(JSON.stringify({ node: process.version, pinned, rounds, seconds, stockDelayMs, ratios, rows }));
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      only: { type: 'string' },
      'stock-delay-ms': { type: 'string', default: '200' },
      'hot-path': { type: 'boolean', default: false },
      propagation: { type: 'boolean', default: false },
      'gen-ai': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const all = Object.keys(CONTESTANTS);
  const names = values.only?.split(',') ?? all.filter((name) => CONTESTANTS[name].onlyWhenNamed !== true);
  const unknown = names.find((name) => !Object.hasOwn(CONTESTANTS, name));
  if (unknown !== undefined) {
    throw new Error(`There is no contestant "${unknown}"; there are ${all.join(', ')}.`);
  }
  return {
    names,
    rounds: positive('--rounds', values.rounds ?? (values.propagation || values['gen-ai'] ? '25' : '8')),
    seconds: positive('--seconds', values.seconds),
    stockDelayMs: positive('--stock-delay-ms', values['stock-delay-ms']),
    hotPath: values['hot-path'],
    propagation: values.propagation,
    genAi: values['gen-ai'],
    help: values.help,
  };
}

function positive(name, text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number from 1.`);
}

/** The comment at the top of this file. */
function usage() {
  const [, comment] = /\/\*\*\n(.*?)\n \*\//s.exec(readFileSync(new URL(import.meta.url), 'utf8'));
  return comment.replace(/^ \* ?/gm, '');
}

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)];
}

function lowerQuartile(values) {
  return quantile(values, 0.25);
}

function median(values) {
  return quantile(values, 0.5);
}

function mean(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function round1(value) {
  return value === undefined ? undefined : Number(value.toFixed(1));
}
