/** T21: one tenant has a hundred times the others' traffic and a dead collector: it pays, and the others lose nothing. */
import { expect, it } from 'vitest';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure } from '../support.js';
import { expectOnlyOwn, lossOf, nothingLost } from './accounts.js';
import { exportDelaysMs, startLoadCollector, timesTaken, type LoadCollector } from './collector.js';
import { fairness, inPercentiles, sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const KIB = 1024;
const OTHERS = tenantIds(20);
const NOISY = 'noisy';
const PER_SECOND_EACH = sized(10, 20);
const DURATION_MS = sized(3_000, 60_000);
/** Longer than a record waits for company. */
const SETTLE_MS = 2_000;
const NOISE = 100;
/** Far less than what the noisy one sends, and its own bounds are no help: this is about the bound of all. */
const MAX_BYTES_OF_ALL = sized(1024, 16 * 1024) * KIB;
const MIN_FAIRNESS = 0.95;

it('T21: only the noisy and dead tenant pays', async () => {
  const operator = await startLoadCollector();
  const dead = await startLoadCollector({ answer: () => ({ status: 0 }) });
  const collectors = new Map<string, LoadCollector>();
  for (const id of OTHERS) collectors.set(id, await startLoadCollector());
  const endpoints = [...collectors].map(([id, { url }]) => [id, { endpoint: url }] as const);
  try {
    await withTelemetry(
      {
        operator: { endpoint: operator.url },
        tenants: { ...Object.fromEntries(endpoints), [NOISY]: { endpoint: dead.url } },
        metrics: { intervalMs: 86_400_000 },
        delivery: {
          tenants: { maxBytes: 64 * KIB * KIB, maxItems: 1_000_000 },
          maxBytesOfAllTenants: MAX_BYTES_OF_ALL,
        },
      },
      async (telemetry) => {
        const aRound = OTHERS.length + NOISE;
        let most = 0;
        const sendAndLook = (id: string, mark: number): void => {
          sendMarked(telemetry, id, mark);
          if (mark % 50 === 0) most = Math.max(most, telemetry.status().memory.tenantsBytes);
        };
        const mixed = await paced(PER_SECOND_EACH * aRound, DURATION_MS, (number) =>
          sendAndLook(OTHERS[number % aRound] ?? NOISY, number),
        );
        // The noise goes on, and there is time for what the others sent last.
        const noise = await paced(PER_SECOND_EACH * NOISE, SETTLE_MS, (number) =>
          sendAndLook(NOISY, mixed + number),
        );
        const sent = mixed + noise;
        const rounds = mixed / aRound;
        const logsOf = (id: string) => telemetry.status(id).destinations[0]?.signals.logs?.ledger;
        // Before a flush, which would make all of them equal.
        const fair = fairness(OTHERS.map((id) => logsOf(id)?.delivered ?? 0));
        await telemetry.flush({ timeoutMs: 1_000 });
        const noisy = logsOf(NOISY);
        const delays = [...collectors.values()].flatMap(({ taken }) => exportDelaysMs(taken, 'logs'));
        figure(
          'T21',
          `others lost 0 of ${rounds * OTHERS.length}, fairness ${fair.toFixed(3)}, export delay ` +
            `${inPercentiles(delays)}; the noisy one lost ${lossOf(noisy)} of ${noisy?.accepted} ` +
            `(${JSON.stringify(noisy?.dropped)}); at most ${Math.round(most / KIB)} KiB of ${MAX_BYTES_OF_ALL / KIB}`,
        );
        for (const [index, id] of OTHERS.entries()) {
          expect(logsOf(id)).toEqual(nothingLost(rounds));
          const collector = collectors.get(id) as LoadCollector;
          const marks = [...timesTaken(collector.taken, 'logs').keys()];
          expect(marks).toHaveLength(rounds);
          expect(marks.every((mark) => mark % aRound === index)).toBe(true);
        }
        expectOnlyOwn(collectors);
        expect(noisy).toMatchObject({ accepted: rounds * NOISE + noise, delivered: 0, rejected: 0 });
        expect(Object.keys(noisy?.dropped ?? {})).toEqual(['budget_full']);
        expect(most).toBeLessThanOrEqual(MAX_BYTES_OF_ALL);
        expect(fair).toBeGreaterThanOrEqual(MIN_FAIRNESS);
        expect(telemetry.status().operator[0]?.signals.logs?.ledger).toEqual(nothingLost(sent));
        expectLaw(telemetry, [...OTHERS, NOISY]);
      },
    );
    expect(dead.taken).toEqual([]);
  } finally {
    for (const collector of [operator, dead, ...collectors.values()]) await collector.close();
  }
});
