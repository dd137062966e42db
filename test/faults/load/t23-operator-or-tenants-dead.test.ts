/** T23: the operator's destination is dead and the tenants' are fine; and the other way round. Neither notices. */
import { expect, it } from 'vitest';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure } from '../support.js';
import { expectOnlyOwn, nothingLost } from './accounts.js';
import { exportDelaysMs, startLoadCollector, timesTaken, type LoadCollector } from './collector.js';
import { inPercentiles, percentile, sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const TENANTS = tenantIds(10);
const PER_SECOND = sized(500, 1_000);
const DURATION_MS = sized(2_500, 60_000);
/** A record waits up to 1.2 s for company, and the tick after that: what is more would be somebody else's doing. */
const MAX_DELAY_MS = 5_000;

it.each(['operator', 'tenants'] as const)(
  'T23: with a dead collector of the %s the others lose nothing and go on in time',
  async (dead) => {
    const answer = () => ({ status: 0 });
    const collectors = new Map<string, LoadCollector>();
    for (const owner of ['operator', ...TENANTS]) {
      const isDead = (owner === 'operator') === (dead === 'operator');
      collectors.set(owner, await startLoadCollector(isDead ? { answer } : {}));
    }
    const to = (owner: string) => ({ endpoint: collectors.get(owner)?.url ?? '' });
    try {
      await withTelemetry(
        {
          operator: to('operator'),
          tenants: Object.fromEntries(TENANTS.map((id) => [id, to(id)])),
          metrics: { intervalMs: 86_400_000 },
        },
        async (telemetry) => {
          const sent = await paced(PER_SECOND, DURATION_MS, (number) =>
            sendMarked(telemetry, TENANTS[number % TENANTS.length], number),
          );
          const { operator, tenants } = await telemetry.flush({ timeoutMs: 1_500 });
          const healthy = dead === 'operator' ? [tenants.logs] : [operator.logs, operator.traces];
          for (const ledger of healthy) expect(ledger).toEqual(nothingLost(sent));
          for (const ledger of dead === 'operator' ? [operator.logs, operator.traces] : [tenants.logs])
            expect(ledger).toMatchObject({ accepted: sent, delivered: 0, rejected: 0 });
          const delays: number[] = [];
          for (const [owner, collector] of collectors) {
            delays.push(...exportDelaysMs(collector.taken, 'logs'));
            if ((owner === 'operator') === (dead === 'operator')) {
              expect(collector.taken).toEqual([]);
            } else {
              expect(timesTaken(collector.taken, 'logs').size).toBe(
                owner === 'operator' ? sent : sent / TENANTS.length,
              );
            }
          }
          expectOnlyOwn(collectors);
          expectLaw(telemetry, TENANTS);
          figure(
            'T23',
            `${dead} dead: the others lost 0 of ${sent} each, export delay ${inPercentiles(delays)}`,
          );
          expect(percentile(delays, 99)).toBeLessThanOrEqual(MAX_DELAY_MS);
        },
      );
    } finally {
      for (const collector of collectors.values()) await collector.close();
    }
  },
);
