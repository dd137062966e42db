/** T19, at the start: thousands of tenants, of which nobody knows anything yet, have something to send at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from '../support.js';
import { expectLawAt, nothingLost } from './accounts.js';
import { startLoadCollector } from './collector.js';
import { hostOf } from './dead.js';
import { createPrograms, type Programs } from './programs.js';
import type { Gateway } from './programs/gateway.js';
import { busiest, percentile, sized } from './scale.js';
import { tenantIds } from './traffic.js';

const TENANTS = tenantIds(sized(1_000, 10_000));
const SHARED_ORIGINS = 50;
/** Exports in each second for a tenth of a core, and what was saved up before, which is what one second may have more. */
const EXPORTS_PER_SECOND = 250;
const BURST = 125;
/** Those under way may be held up together. */
const UNDER_WAY = 64;
/** The share of a core decides how long it takes; a flush interval, and a busy machine. */
const MANY_MS = (TENANTS.length / EXPORTS_PER_SECOND) * 1_000 * 2 + 15_000;

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

it.each([
  { layout: `${SHARED_ORIGINS} origins`, origins: SHARED_ORIGINS },
  { layout: 'an origin each', origins: TENANTS.length },
])(
  'T19: thousands of tenants that are all new have a first delivery soon, with $layout',
  async ({ layout, origins }) => {
    const collector = await startLoadCollector({ host: '0.0.0.0' });
    const gateway = await programs.start<Gateway>('gateway');
    try {
      await gateway.call('open', {
        tenants: Object.fromEntries(
          TENANTS.map((id, index) => [
            id,
            { endpoint: `http://${hostOf(index % origins)}:${collector.port}/${id}` },
          ]),
        ),
        metrics: { intervalMs: 86_400_000 },
      });
      const startMs = Date.now();
      expect(await gateway.call('burst', { count: TENANTS.length, tenantIds: TENANTS })).toBe(TENANTS.length);
      while (collector.taken.length < TENANTS.length && Date.now() - startMs < MANY_MS) await pause(50);
      const afterMs = collector.taken.map(({ atMs }) => atMs - startMs);
      const perSecond = busiest(collector.requestsMs, 1_000);
      figure(
        'T19',
        `${TENANTS.length} new tenants at once, ${layout}: half of them served after ` +
          `${(percentile(afterMs, 50) / 1_000).toFixed(1)} s, all after ${(percentile(afterMs, 100) / 1_000).toFixed(1)} s, ` +
          `${perSecond} exports in the busiest second`,
      );
      expect(new Set(collector.taken.map(({ path }) => path)).size).toBe(TENANTS.length);
      expect(perSecond).toBeLessThanOrEqual(EXPORTS_PER_SECOND + BURST + UNDER_WAY);
      for (const { path, owners } of collector.taken) expect([path.split('/')[1]]).toEqual(owners);
      // The answer to the last one is on its way.
      const { tenants } = await gateway.call('flush', 5_000);
      expect(tenants.logs).toEqual(nothingLost(TENANTS.length));
      await expectLawAt(gateway, TENANTS);
    } finally {
      await gateway.kill();
      await collector.close();
    }
  },
);
