/**
 * Faults of collectors, this library and the stock SDK side by side; `usage` says how to run it.
 *
 * Each contestant is a process of its own, and so is the hostile collector of each. The contestants of a scenario run at the
 * same time, the scenarios one after the other. Figures never fail the run; it fails (exit 1, one sentence) when it could
 * not be made, as when a contestant sent nothing.
 */
import { parseArgs } from 'node:util';
import { runCommand } from '../command.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { startPair } from './pair.mjs';
import { SCENARIOS } from './scenarios.mjs';

const SIGNALS = ['logs', 'traces'];

await runCommand(main);

async function main() {
  const options = readOptions();
  if (options.help) return console.log(usage());
  const figures = {};
  for (const id of options.ids) {
    console.log(`${id}: ${SCENARIOS[id].title}`);
    figures[id] = await sideBySide(id, options);
    console.table(tableOf(figures[id]));
  }
  const { signal, stockExportTimeoutMs } = options;
  console.log(JSON.stringify({ node: process.version, signal, stockExportTimeoutMs, figures }));
}

/** `{ contestant: { row: { figure: value } } }`. */
async function sideBySide(id, { signal, stockExportTimeoutMs }) {
  const { run, settings, start = startPair } = SCENARIOS[id];
  const setup = { ...settings, signal, ...(stockExportTimeoutMs !== undefined && { stockExportTimeoutMs }) };
  const names = Object.keys(CONTESTANTS);
  const pairs = await all(names.map((contestant) => start(id, contestant, setup)));
  const runs = pairs.map(async (pair, index) => {
    const rows = await run(pair);
    await pair.stop();
    return [names[index], rows];
  });
  return Object.fromEntries(await Promise.all(runs));
}

/** Waits for the others too where one fails: a process that is still starting has no way to end quietly. */
async function all(promises) {
  const results = await Promise.allSettled(promises);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.map(({ value }) => value);
}

/** A line for each figure, a column for each contestant. */
function tableOf(figures) {
  const table = {};
  for (const [contestant, rows] of Object.entries(figures)) {
    for (const [row, values] of Object.entries(rows)) {
      for (const [figure, value] of Object.entries(values))
        (table[`${row}: ${figure}`] ??= {})[CONTESTANTS[contestant].title] = value;
    }
  }
  return table;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      signal: { type: 'string', default: 'logs' },
      'stock-export-timeout-ms': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const all = Object.keys(SCENARIOS);
  const ids = values.only?.split(',') ?? all;
  const unknown = ids.find((id) => !Object.hasOwn(SCENARIOS, id));
  if (unknown !== undefined)
    throw new Error(`There is no scenario "${unknown}"; there are ${all.join(', ')}.`);
  if (!SIGNALS.includes(values.signal)) throw new Error(`--signal must be one of ${SIGNALS.join(', ')}.`);
  const timeout = values['stock-export-timeout-ms'];
  if (timeout !== undefined && !(Number.isSafeInteger(Number(timeout)) && Number(timeout) > 0))
    throw new Error('--stock-export-timeout-ms must be a whole number from 1.');
  return {
    ids,
    signal: values.signal,
    stockExportTimeoutMs: timeout === undefined ? undefined : Number(timeout),
    help: values.help,
  };
}

function usage() {
  return `Faults of collectors, this library and the stock SDK side by side, about 3 minutes.

  npm run bench:faults                                             all scenarios
  npm run bench:faults -- --only ${Object.keys(SCENARIOS).slice(0, 2).join(',').padEnd(34)}some of them
  npm run bench:faults -- --signal traces                          spans instead of log records
  npm run bench:faults -- --stock-export-timeout-ms 30000          the stock processor's own default, also in T6

${Object.entries(SCENARIOS)
  .map(([id, { title }]) => `${id.padEnd(5)}${title}`)
  .join('\n')}

The stock SDK is a batch processor with an OTLP/HTTP protobuf exporter for each collector. What is not said here is each
side's default. T6: an export has 1 s (both of the stock time-outs, the exporter's and the processor's), a batch waits
200 ms, and there are at most 5 s between two attempts, which is fixed in the stock exporter. T10: a batch waits 1 s. T13: the
stock SDK's lines of diagnostics are counted although they go nowhere unless the host sets a logger for them. T19: log records
only; ours is one instance with 200 tenants, the stock SDK has one provider set for each. T24: the processes have a list of
name servers of their own, which takes root's rights on Linux (unshare, mount); elsewhere it is left out.`;
}
