/** T11: half of all answers are 429: about half gets through, nothing comes twice, and its end brings no herd. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { GatewayTelemetry } from '../../../src/index.js';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { createRandom, figure } from '../support.js';
import { expectOnlyOwn, lossOf } from './accounts.js';
import { mostTimes, startLoadCollector, timesTaken, type LoadCollector } from './collector.js';
import { busiest, sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const STEADY_MS = sized(3_000, 10_000);
const STORM_MS = sized(4_000, 60_000);
const AFTER_MS = sized(3_000, 10_000);
const TENANTS = tenantIds(10);
/** The plan's numbers. In a window of a few seconds one pause more or less is a third of it: there they are half as strict. */
const MIN_GOODPUT = sized(0.15, 0.45);
const MAX_HERD = sized(4, 2);

const delivered = (telemetry: GatewayTelemetry): number => {
  const { operator, tenants } = telemetry.status();
  const { logs, traces } = operator[0]?.signals ?? {};
  return [logs?.ledger, traces?.ledger, tenants.totals.logs].reduce(
    (sum, ledger) => sum + (ledger?.delivered ?? 0),
    0,
  );
};

/**
 * Every second attempt costs its whole destination a pause, of 1 s where that is asked for, else of 2.5 s, then 10 s (T10
 * allows two requests in 10 s). What the batches between two pauses hold is all that can get through: the paces are below it.
 */
const STORMS = [
  { wish: 'Retry-After: 1', headers: { retryAfter: '1' }, perSecond: 100 },
  { wish: 'no Retry-After', headers: {}, perSecond: 50 },
];

it.each(STORMS)(
  'T11: half of a storm of 429 with $wish gets through',
  async ({ wish, headers, perSecond }) => {
    const random = createRandom(11);
    let isStorm = false;
    const answer = () => (isStorm && random() < 0.5 ? { status: 429, ...headers } : { status: 200 });
    const collectors = new Map<string, LoadCollector>();
    for (const owner of ['operator', ...TENANTS]) collectors.set(owner, await startLoadCollector({ answer }));
    const to = (owner: string) => ({ endpoint: collectors.get(owner)?.url ?? '' });
    const requestsIn = (fromMs: number, toMs: number): number[] =>
      [...collectors.values()]
        .flatMap(({ requestsMs }) => requestsMs)
        .filter((atMs) => atMs >= fromMs && atMs < toMs);
    try {
      await withTelemetry(
        {
          operator: to('operator'),
          tenants: Object.fromEntries(TENANTS.map((id) => [id, to(id)])),
          metrics: { intervalMs: 86_400_000 },
        },
        async (telemetry) => {
          let sent = 0;
          const traffic = (durationMs: number): Promise<number> =>
            paced(perSecond, durationMs, () => {
              sendMarked(telemetry, TENANTS[sent % TENANTS.length], sent, {});
              sent++;
            });
          await traffic(STEADY_MS / 3);
          const steadyFromMs = Date.now();
          await traffic((STEADY_MS * 2) / 3);
          const stormFromMs = Date.now();
          // Peak against peak: all that is due goes with one tick, so that a mean would say little.
          const steady = busiest(requestsIn(steadyFromMs, stormFromMs), 1_000);
          const before = { sent, delivered: delivered(telemetry) };
          isStorm = true;
          await traffic(STORM_MS);
          isStorm = false;
          const stormToMs = Date.now();
          // Of one request: the operator's record, its span, and the tenant's record.
          const goodput = (delivered(telemetry) - before.delivered) / ((sent - before.sent) * 3);
          await traffic(AFTER_MS);
          const peak = busiest(requestsIn(stormToMs, stormToMs + AFTER_MS), 1_000);

          const endMs = Date.now() + 60_000;
          while (!(await telemetry.flush({ timeoutMs: 5_000 })).complete && Date.now() < endMs)
            await pause(100);
          const { operator, tenants } = await telemetry.flush();
          const losses = [operator.logs, operator.traces, tenants.logs].map(lossOf);
          figure(
            'T11',
            `${wish}: goodput ${(goodput * 100).toFixed(0)} % at ${perSecond}/s; busiest second ${steady} requests before ` +
              `the storm, ${peak} after it; lost ${losses.join(' + ')} of 3 x ${sent}`,
          );
          // Nothing comes twice.
          const taken = [...collectors].map(([owner, collector]) => ({ owner, taken: collector.taken }));
          for (const { ledger, signal, isOperator } of [
            { ledger: operator.logs, signal: 'logs', isOperator: true },
            { ledger: operator.traces, signal: 'traces', isOperator: true },
            { ledger: tenants.logs, signal: 'logs', isOperator: false },
          ] as const) {
            expect(ledger).toMatchObject({ accepted: sent, rejected: 0, buffered: 0 });
            const times = timesTaken(
              taken.flatMap((one) => ((one.owner === 'operator') === isOperator ? one.taken : [])),
              signal,
            );
            expect([times.size, mostTimes(times)]).toEqual([ledger?.delivered, 1]);
          }
          expectOnlyOwn(collectors);
          expectLaw(telemetry, TENANTS);
          expect(peak).toBeLessThanOrEqual(MAX_HERD * steady);
          expect(goodput).toBeGreaterThanOrEqual(MIN_GOODPUT);
        },
      );
    } finally {
      for (const collector of collectors.values()) await collector.close();
    }
  },
);
