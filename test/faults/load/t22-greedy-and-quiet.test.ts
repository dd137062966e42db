/** T22: fifty greedy tenants fill the bound of all; a quiet one, whose collector is away as well, loses nothing. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { droppedOf, expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure } from '../support.js';
import { expectOnlyOwn, nothingLost } from './accounts.js';
import { startLoadCollector, timesTaken } from './collector.js';
import { fairness, sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const MIB = 1024 * 1024;
const GREEDY = tenantIds(50);
const QUIET = 'quiet';
const DURATION_MS = sized(3_000, 60_000);
/** A record of each greedy tenant's for every one in `GREEDY.length`, and one of the quiet one's for `A_ROUND`. */
const PER_SECOND = sized(1_500, 2_000);
const A_ROUND = 201;
/** Several times the bound in both forms. */
const ATTRIBUTES = { pad: 'x'.repeat(3_000) };
const MAX_BYTES_OF_ALL = sized(4, 64) * MIB;

it('T22: the quiet tenant loses nothing while fifty greedy ones fill the bound', async () => {
  let isAway = true;
  const answer = () => ({ status: isAway ? 503 : 200 });
  const greedy = await startLoadCollector({ answer });
  const quiet = await startLoadCollector({ answer });
  try {
    await withTelemetry(
      {
        tenants: {
          ...Object.fromEntries(GREEDY.map((id) => [id, { endpoint: `${greedy.url}/${id}` }])),
          [QUIET]: { endpoint: quiet.url },
        },
        metrics: { intervalMs: 86_400_000 },
        // Each could fill the bound alone.
        delivery: { tenants: { maxBytes: MAX_BYTES_OF_ALL }, maxBytesOfAllTenants: MAX_BYTES_OF_ALL },
      },
      async (telemetry) => {
        let most = 0;
        let quietSent = 0;
        const sent = await paced(PER_SECOND, DURATION_MS, (number) => {
          if (number % A_ROUND === 0) {
            sendMarked(telemetry, QUIET, number);
            quietSent++;
          } else {
            sendMarked(telemetry, GREEDY[number % GREEDY.length], number, ATTRIBUTES);
          }
          if (number % 50 === 0) most = Math.max(most, telemetry.status().memory.tenantsBytes);
        });
        const logsOf = (id: string) => telemetry.status(id).destinations[0]?.signals.logs?.ledger;
        const kept = GREEDY.map((id) => logsOf(id)?.buffered ?? 0);
        const lost = GREEDY.reduce((sum, id) => sum + droppedOf(logsOf(id)), 0);
        figure(
          'T22',
          `quiet tenant lost ${droppedOf(logsOf(QUIET))} of ${quietSent}; the greedy ones ${lost} of ` +
            `${sent - quietSent}, fairness of what they keep ${fairness(kept).toFixed(3)}; at most ` +
            `${(most / MIB).toFixed(2)} MiB of ${MAX_BYTES_OF_ALL / MIB}`,
        );
        expect(logsOf(QUIET)).toMatchObject({ accepted: quietSent, dropped: {}, buffered: quietSent });
        for (const id of GREEDY) expect(Object.keys(logsOf(id)?.dropped ?? {})).toEqual(['budget_full']);
        expect(most).toBeLessThanOrEqual(MAX_BYTES_OF_ALL);

        isAway = false;
        const endMs = Date.now() + 20_000;
        while (!(await telemetry.flush({ timeoutMs: 2_000 })).complete && Date.now() < endMs) await pause(50);
        expect(logsOf(QUIET)).toEqual(nothingLost(quietSent));
        expect(timesTaken(quiet.taken, 'logs').size).toBe(quietSent);
        expectOnlyOwn(new Map([[QUIET, quiet]]));
        for (const id of GREEDY) {
          const taken = greedy.taken.filter(({ path }) => path.startsWith(`/${id}/`));
          expectOnlyOwn(new Map([[id, { ...greedy, taken }]]));
        }
        expectLaw(telemetry, [...GREEDY, QUIET]);
      },
    );
  } finally {
    for (const collector of [greedy, quiet]) await collector.close();
  }
});
