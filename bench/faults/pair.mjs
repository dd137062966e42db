/** A contestant and the collector that it sends to, each in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../processes.mjs';

const POLL_MS = 100;
/** Every pipeline sends a record at once; both contestants' batches wait a second or less. */
const BEGIN_MS = 20_000;

export async function startPair(scenario, contestant, settings) {
  const collector = await startProcess('faults/collector.mjs', {
    name: `${scenario}, collector of ${contestant}`,
    scenario,
  });
  const gateway = await startProcess('faults/contestant.mjs', {
    ...settings,
    name: `${scenario}, ${contestant}`,
    contestant,
    ports: collector.ports,
  });
  await gateway.ask('open');
  const { name } = gateway;
  return {
    name,
    gateway,
    collector,
    /** Without an export in each row there is nothing to compare. */
    async untilAllBegun() {
      const begun = await until(() => gateway.ask('begun'), isPositive, BEGIN_MS);
      const row = Object.keys(begun).find((each) => !isPositive(begun[each]));
      if (row !== undefined) throw new Error(`${name}: nothing was sent to "${row}" in ${BEGIN_MS / 1e3} s.`);
    },
    /** What the collector has seen once it is enough, or when the time is over. */
    requestsUntil: (isEnough, timeoutMs) => until(() => collector.ask('requests'), isEnough, timeoutMs),
    async stop() {
      // Asking fails where it has ended by itself: a dead contestant has the best figures of all.
      await gateway.ask('begun');
      gateway.stop();
      collector.stop();
    },
  };
}

const isPositive = (count) => count > 0;

/** Asks until every row's value is enough. */
async function until(ask, isEnough, timeoutMs) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const rows = await ask();
    if (Object.values(rows).every(isEnough) || performance.now() > end) return rows;
    await sleep(POLL_MS);
  }
}
