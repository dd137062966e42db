/** T19: one tenant in a hundred is dead, in three ways; the others' records arrive as soon as they do where nobody is. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from '../support.js';
import { expectLawAt, nothingLost } from './accounts.js';
import { startLoadCollector, type LoadCollector } from './collector.js';
import { deathOf, hostOf, openGraveyard, type Graveyard } from './dead.js';
import { createPrograms, type Program, type Programs } from './programs.js';
import type { Gateway } from './programs/gateway.js';
import { busiest, inPercentiles, percentile, sized } from './scale.js';
import { tenantIds } from './traffic.js';

/** More than there may be sockets. */
const TENANTS = tenantIds(sized(600, 10_000));
/** Two of each kind in the short form. */
const DEAD = sized(6, 99);
const SHARED_ORIGINS = 50;
/** More records than exports may go, so that the share of a core binds in both forms; and few enough for the tenants' 64 MiB. */
const PER_SECOND = sized(500, 1_000);
/** Long enough that everybody has sent once, and left the lane of the new ones. */
const WARM_UP_MS = sized(2_000, 90_000);
const WINDOW_MS = sized(2_500, 60_000);
const SETTLE_MS = sized(20_000, 300_000);
/** Of the plan. */
const MAX_RATIO = 1.1;
/** Ticks, and a busy machine. One that waits behind a dead one waits for a deadline, which is 10 s. */
const SLACK_MS = 2_000;
/** Of all tenants together, and those that are about to have closed. */
const MAX_SOCKETS = 512 + 16;
/** Exports in each second for a tenth of a core, and what was saved up before, which is what any stretch may have more. */
const EXPORTS_PER_SECOND = 250;
const BURST = 125;
const STRETCHES_MS = [1_000, 10_000];
/** Those under way may be held up together, and arrive with those of the next second. */
const UNDER_WAY = 64;
const MIB = 1024 * 1024;

const isDead = (index: number): boolean =>
  Math.floor(((index + 1) * DEAD) / TENANTS.length) > Math.floor((index * DEAD) / TENANTS.length);
const DEAD_IDS = TENANTS.filter((_id, index) => isDead(index));

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

/** Where a tenant's own collector is: among `origins` of them. */
const hostAmong = (index: number, origins: number): string => hostOf(index % origins);

interface Run {
  readonly gateway: Program<Gateway>;
  readonly collector: LoadCollector;
  readonly healthyIds: readonly string[];
}

async function start(graveyard: Graveyard | undefined, origins: number): Promise<Run> {
  const collector = await startLoadCollector({ host: '0.0.0.0' });
  const gateway = await programs.start<Gateway>('gateway');
  await gateway.call('watchResources', false);
  const endpointOf = (id: string, index: number): string => {
    const dead = DEAD_IDS.indexOf(id);
    return graveyard === undefined || dead < 0
      ? `http://${hostAmong(index, origins)}:${collector.port}/${id}`
      : graveyard.url(deathOf(dead), origins === TENANTS.length ? hostAmong(index, origins) : undefined);
  };
  await gateway.call('open', {
    tenants: Object.fromEntries(TENANTS.map((id, index) => [id, { endpoint: endpointOf(id, index) }])),
    // Readings take from the same share; without them a short run and a long one measure the same.
    metrics: { intervalMs: 86_400_000 },
  });
  const healthyIds = graveyard === undefined ? TENANTS : TENANTS.filter((id) => !DEAD_IDS.includes(id));
  return { gateway, collector, healthyIds };
}

interface Measured {
  readonly delaysMs: readonly number[];
  readonly expected: number;
  readonly arrived: number;
}

/** How long records of the window were on their way. Only of tenants that live in both runs. */
async function measure({ gateway, collector, healthyIds }: Run): Promise<Measured> {
  const load = { perSecond: PER_SECOND, tenantIds: TENANTS };
  await gateway.call('traffic', { ...load, durationMs: WARM_UP_MS });
  const fromMs = Date.now();
  const sent = await gateway.call('traffic', { ...load, durationMs: WINDOW_MS });
  // No flush, which would bring forward what waits.
  const healthy = new Set(healthyIds);
  const expected = Array.from({ length: sent }).filter((_unused, mark) =>
    healthy.has(TENANTS[mark % TENANTS.length] ?? ''),
  ).length;
  const arrived = (): number => collector.taken.reduce((sum, { marks }) => sum + marks.length, 0);
  const endMs = Date.now() + SETTLE_MS;
  while (arrived() < expected && Date.now() < endMs) await pause(100);
  const inBoth = collector.taken.filter(({ path }) => !DEAD_IDS.includes(path.split('/')[1] ?? ''));
  return {
    expected,
    arrived: arrived(),
    delaysMs: inBoth.flatMap(({ atMs, delaysMs }) => delaysMs.filter((delayMs) => atMs - delayMs >= fromMs)),
  };
}

it.each([
  { layout: `${SHARED_ORIGINS} origins`, origins: SHARED_ORIGINS },
  { layout: 'an origin each', origins: TENANTS.length },
])('T19: dead tenants cost the others nothing, with $layout', async ({ layout, origins }) => {
  const graveyard = await openGraveyard();
  // Both at the same time, so that a busy machine is busy for both.
  const runs = [await start(undefined, origins), await start(graveyard, origins)];
  try {
    const [without, withDead] = (await Promise.all(runs.map(measure))) as [Measured, Measured];
    const [before, after] = [percentile(without.delaysMs, 99), percentile(withDead.delaysMs, 99)];
    const resources = await Promise.all(runs.map(({ gateway }) => gateway.call('resources')));
    const described = resources.map(
      ({ rssBytes, mostSockets, cpuMs }) =>
        `${Math.round(rssBytes / MIB)} MiB, ${mostSockets} sockets, ${Math.round(cpuMs)} ms of CPU`,
    );
    const rates = runs.map(({ collector }) =>
      STRETCHES_MS.map((stretchMs) => busiest(collector.requestsMs, stretchMs)),
    );
    figure(
      'T19',
      `${TENANTS.length} tenants, ${layout}: all healthy ${inPercentiles(without.delaysMs)} (${described[0]}); ` +
        `${DEAD} dead ${inPercentiles(withDead.delaysMs)} (${described[1]}); ` +
        `exports in the busiest second and ten seconds ${rates.map((rate) => rate.join(' and ')).join('; ')}`,
    );
    for (const { expected, arrived } of [without, withDead]) expect(arrived).toBe(expected);
    for (const { gateway, collector, healthyIds } of runs) {
      const statuses = await gateway.call('tenants', healthyIds);
      for (const [index, { destinations }] of statuses.entries()) {
        const ledger = destinations[0]?.signals.logs?.ledger;
        expect(ledger, healthyIds[index]).toEqual(nothingLost(ledger?.accepted ?? 0));
      }
      for (const { path, owners } of collector.taken) expect([path.split('/')[1]]).toEqual(owners);
      await expectLawAt(gateway, TENANTS);
    }
    for (const { mostSockets } of resources) expect(mostSockets).toBeLessThanOrEqual(MAX_SOCKETS);
    for (const rate of rates)
      for (const [index, stretchMs] of STRETCHES_MS.entries())
        expect(rate[index], `exports in ${stretchMs} ms`).toBeLessThanOrEqual(
          (EXPORTS_PER_SECOND * stretchMs) / 1_000 + BURST + UNDER_WAY,
        );
    expect(after).toBeLessThanOrEqual(before * MAX_RATIO + SLACK_MS);
  } finally {
    for (const { gateway, collector } of runs) {
      await gateway.kill();
      await collector.close();
    }
    await graveyard.close();
  }
});
