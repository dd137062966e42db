/** T41: 500 tenants, faults of every sort, tenants that come, go and move: nobody sees foreign records, and nothing grows. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom, figure } from '../support.js';
import { expectLawAt, nothingLost } from './accounts.js';
import { startLoadCollector, type Answer, type Arrival } from './collector.js';
import { deathOf, hostOf, openGraveyard } from './dead.js';
import { createPrograms, type Programs } from './programs.js';
import type { Gateway } from './programs/gateway.js';
import type { Resources } from './programs/resource-watch.js';
import { sized } from './scale.js';
import { tenantIds } from './traffic.js';
import { trendOf } from './trend.js';

const MIB = 1024 * 1024;
const TENANTS = tenantIds(500);
/** One in fifty is dead at any time. */
const DEAD_EVERY = 50;
const PER_SECOND = sized(300, 500);
const CHANGES_PER_SECOND = 20;
const ORIGINS = 20;
const WARM_UP_MS = sized(8_000, 120_000);
const SOAK_MS = sized(25_000, 28 * 60_000);
const SAMPLE_MS = sized(1_000, 10_000);
/** Small, so that the dead ones' queues are full before the soak begins: what grows then is a leak. */
const QUEUE = { maxBytes: 64 * 1024, maxItems: 128, maxAgeMs: 10_000 };
/** Idle ones, those of requests under way, the operator's. */
const MAX_SOCKETS = 512 + 64 + 8;
/** Single samples are up to 2 MiB apart; after half an hour a MiB an hour is half of that. */
const MAX_GROWTH = { heapBytes: 3 * MIB, rssBytes: sized(20, 16) * MIB, sockets: sized(60, 20), timers: 30 };

/** What one tenant's destination is now. */
interface Current {
  place: number;
  credential: number;
  isRemoved: boolean;
}

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

it('T41: a soak under faults and churn: no foreign record, nothing grows', async () => {
  const random = createRandom(41);
  const foreign: string[] = [];
  let arrivals = 0;
  const answer = ({ path, authorization, owners, signal, text }: Arrival): Answer => {
    arrivals++;
    const [, id = ''] = path.split('/');
    const isOwn = owners.every((owner) => owner === id) && authorization.startsWith(`${id}.`);
    // A reading may have the tenant's own losses alone, which name nobody.
    if (!isOwn || (signal === 'logs' && owners.length === 0) || text.includes('operator-secret'))
      foreign.push(`${path} ${authorization} ${owners.join(' ')}`);
    const fate = random();
    if (fate < 0.05) return { status: 503 };
    if (fate < 0.08) return { status: 429, retryAfter: '1' };
    if (fate < 0.1) return { status: 400 };
    if (fate < 0.101) return { status: 0 };
    return { status: 200, delayMs: random() < 0.2 ? Math.floor(random() * 200) : 0 };
  };
  const collector = await startLoadCollector({ host: '0.0.0.0', keeps: false, answer });
  const operator = await startLoadCollector({ keeps: false });
  const graveyard = await openGraveyard();
  const current = TENANTS.map((): Current => ({ place: 0, credential: 0, isRemoved: false }));
  const destinationOf = (index: number, { place, credential }: Current) => ({
    endpoint:
      (index + place) % DEAD_EVERY === 0
        ? graveyard.url(deathOf(place), hostOf((index + place) % ORIGINS))
        : `http://${hostOf((index + place) % ORIGINS)}:${collector.port}/${TENANTS[index]}/${place}`,
    headers: { authorization: `${TENANTS[index]}.${credential}` },
    timeoutMs: 2_000,
  });
  try {
    const gateway = await programs.start<Gateway>('gateway');
    await gateway.call('watchResources', true);
    await gateway.call('open', {
      operator: { endpoint: operator.url, headers: { authorization: 'operator-secret' } },
      tenants: Object.fromEntries(
        TENANTS.map((id, index) => [id, destinationOf(index, current[index] as Current)]),
      ),
      metrics: { intervalMs: 5_000 },
      delivery: { tenants: QUEUE },
    });
    let changes = 0;
    const change = async (): Promise<void> => {
      const index = Math.floor(random() * TENANTS.length);
      const now = current[index] as Current;
      const kind = random();
      now.isRemoved = !now.isRemoved && kind < 0.2;
      now.credential++;
      if (kind > 0.6) now.place++;
      changes++;
      await gateway.call('setTenant', {
        id: TENANTS[index] ?? '',
        destination: now.isRemoved ? null : destinationOf(index, now),
      });
    };
    let isOver = false;
    const churn = (async () => {
      for (; !isOver; await pause(1_000 / CHANGES_PER_SECOND)) await change();
    })();
    const load = { perSecond: PER_SECOND, tenantIds: TENANTS };
    await gateway.call('traffic', { ...load, durationMs: WARM_UP_MS });
    const traffic = gateway.call('traffic', { ...load, durationMs: SOAK_MS }).finally(() => (isOver = true));
    const samples: (Resources & { readonly atMs: number })[] = [];
    for (; !isOver; await pause(SAMPLE_MS))
      samples.push({ atMs: Date.now(), ...(await gateway.call('resources')) });
    const sent = await traffic;
    await churn;

    const trend = (of: keyof typeof MAX_GROWTH) =>
      trendOf(
        // Every socket has a timer of its own.
        samples.map(({ atMs, ...now }) => ({
          atMs,
          value: of === 'timers' ? now.timers - now.sockets : now[of],
        })),
      );
    const inMiB = (bytes: number): string => (bytes / MIB).toFixed(1);
    const last = samples.at(-1);
    figure(
      'T41',
      `${sent} requests of ${TENANTS.length} tenants, ${changes} changes, ${arrivals} exports: foreign ` +
        `${foreign.length}; heap ${inMiB(trend('heapBytes').growth)} MiB more (${inMiB(trend('heapBytes').perHour)} an ` +
        `hour), RSS ${inMiB(trend('rssBytes').growth)} MiB more (${inMiB(trend('rssBytes').perHour)} an hour), now ` +
        `${inMiB(last?.rssBytes ?? 0)}; sockets ${trend('sockets').growth.toFixed(1)} more, now ${last?.sockets}; timers ` +
        `${trend('timers').growth.toFixed(1)} more, now ${last?.timers}`,
    );
    expect(foreign).toEqual([]);
    expect(arrivals).toBeGreaterThan(0);
    for (const [of, most] of Object.entries(MAX_GROWTH))
      expect(trend(of as keyof typeof MAX_GROWTH).growth, of).toBeLessThanOrEqual(most);
    expect(last?.mostSockets).toBeLessThanOrEqual(MAX_SOCKETS);

    const { operator: ofOperator, tenants } = await gateway.call('flush', 5_000);
    for (const ledger of [ofOperator.logs, ofOperator.traces]) expect(ledger).toEqual(nothingLost(sent));
    expect(tenants.logs?.delivered).toBeGreaterThan(0);
    await expectLawAt(gateway, TENANTS);
    await gateway.call('shutdown', 1_000);
    const endMs = Date.now() + 5_000;
    let left = await gateway.call('resources');
    for (; left.sockets + left.timers > 0 && Date.now() < endMs; await pause(50))
      left = await gateway.call('resources');
    expect([left.sockets, left.timers]).toEqual([0, 0]);
    expect(await gateway.end()).toBe(0);
  } finally {
    for (const each of [collector, operator, graveyard]) await each.close();
  }
});
