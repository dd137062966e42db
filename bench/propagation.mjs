/**
 * Extract and inject of `gateway-otel/propagation` beside the stock OpenTelemetry propagators, format by format:
 * `npm run bench -- --propagation`.
 *
 * One figure is what a gateway does per upstream call: extract from the request's headers (12 ordinary ones and those
 * of the format), make the context of a new span, inject into a copy of the headers. The copies are made before the
 * clock starts, for both sides. 64 requests with ids of their own take turns. Each case has a process of its own, as a
 * gateway has one configuration; in it, ours and stock take turns. The figure is the median over the rounds.
 */
import { startProcess } from './processes.mjs';
import { CASES } from './propagation-cases.mjs';

export async function comparePropagation(rounds, core) {
  const measured = [];
  for (const { name, hostile } of CASES) {
    const { ask, stop } = await startProcess('propagation-case.mjs', { name, rounds }, core);
    const { ours, stock } = await ask('measure');
    stop();
    measured.push({ name, hostile: hostile === true, ours, stock });
  }
  console.log(`ns per extract and inject, median of ${rounds} rounds`);
  console.table(rowsOf(measured.filter(({ hostile }) => !hostile)));
  console.log('The same with one hostile header of 8 KiB');
  console.table(rowsOf(measured.filter(({ hostile }) => hostile)));
  console.log(JSON.stringify({ node: process.version, rounds, cases: measured }));
}

function rowsOf(measured) {
  return Object.fromEntries(
    measured.map(({ name, ours, stock }) => [
      name,
      {
        ours: Math.round(ours),
        stock: stock === undefined ? '–' : Math.round(stock),
        'ours / stock': stock === undefined ? '–' : Number((ours / stock).toFixed(2)),
      },
    ]),
  );
}
