/** T20: every tenant is dead, for five minutes. The gateway has what its bounds say and not a byte more, and serves. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from '../support.js';
import { expectLawAt, nothingLost } from './accounts.js';
import { startLoadCollector } from './collector.js';
import { deathOf, hostOf, openGraveyard } from './dead.js';
import { createPrograms, type Programs } from './programs.js';
import type { Client } from './programs/client.js';
import type { Gateway } from './programs/gateway.js';
import { inPercentiles, percentile, sized } from './scale.js';
import { tenantIds } from './traffic.js';
import { trendOf, type Sample } from './trend.js';

const MIB = 1024 * 1024;
const TENANTS = tenantIds(sized(500, 10_000));
const PER_SECOND = sized(500, 1_000);
/** Long enough to fill the bound, several times over in the full form. */
const FILL_MS = sized(3_500, 60_000);
const FULL_MS = sized(4_500, 180_000);
/** Without collections of the test's own, which would hold up requests. */
const ASKED_MS = sized(4_000, 60_000);
/** Of the other requests meanwhile: few enough for a busy machine, where one that falls behind is late for ever. */
const BESIDE_PER_SECOND = 500;
const SAMPLE_MS = sized(300, 2_000);
const MAX_BYTES_OF_ALL = sized(2, 64) * MIB;
const ATTRIBUTES = { pad: 'x'.repeat(2_000) };
/** The client's own share of the requests, to measure latency. */
const ASKED_PER_SECOND = 50;
const MAX_SOCKETS = 64;
/**
 * Of the requests' p99 over that of a gateway with the same traffic and the same operator, and no destinations of tenants, on
 * the same machine at the same time. A busy machine is unfair to either; one that waits for a dead tenant waits 10 s.
 */
const MAX_RATIO = 3;
const SLACK_MS = 100;
/**
 * Of what a slope of 0 looks like: collections come when they like, and the operator's two queues of 16 MiB are fuller while a busy
 * machine holds up its collector.
 */
const MAX_GROWTH_BYTES = { heap: sized(3, 4) * MIB, rss: sized(16, 40) * MIB };

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

it('T20: with all tenants dead, memory stays at its bound and the operator loses nothing', async () => {
  const graveyard = await openGraveyard();
  const operator = await startLoadCollector({ keeps: false });
  try {
    const client = await programs.start<Client>('client');
    const without = await programs.start<Gateway>('gateway');
    await without.call('open', {
      operator: { endpoint: operator.url },
      metrics: { intervalMs: 86_400_000 },
    });
    const gateway = await programs.start<Gateway>('gateway');
    await gateway.call('watchResources', false);
    await gateway.call('open', {
      operator: { endpoint: operator.url },
      tenants: Object.fromEntries(
        TENANTS.map((id, index) => [id, { endpoint: graveyard.url(deathOf(index), hostOf(index)) }]),
      ),
      metrics: { intervalMs: 86_400_000 },
      delivery: { maxBytesOfAllTenants: MAX_BYTES_OF_ALL },
    });
    const load = { perSecond: PER_SECOND, tenantIds: TENANTS, attributes: ATTRIBUTES };
    const asking = { perSecond: ASKED_PER_SECOND, tenantIds: TENANTS, durationMs: ASKED_MS, first: 0 };

    const memory: number[] = [];
    const look = async (): Promise<void> => {
      memory.push((await gateway.call('status')).memory.tenantsBytes);
    };
    const filling = gateway.call('traffic', { ...load, durationMs: FILL_MS });
    for (const endMs = Date.now() + FILL_MS; Date.now() < endMs; await pause(SAMPLE_MS)) await look();
    await filling;
    const filledBytes = (await gateway.call('status')).memory.tenantsBytes;

    let isOver = false;
    const traffic = gateway.call('traffic', { ...load, durationMs: FULL_MS }).finally(() => (isOver = true));
    const heap: Sample[] = [];
    const rss: Sample[] = [];
    let mostSockets = 0;
    for (; !isOver; await pause(SAMPLE_MS)) {
      const atMs = Date.now();
      const resources = await gateway.call('resources');
      heap.push({ atMs, value: resources.heapBytes });
      rss.push({ atMs, value: resources.rssBytes });
      ({ mostSockets } = resources);
      await look();
    }
    await traffic;

    const asked = await Promise.all(
      [without, gateway].map(async (one) => {
        const port = await one.call('serve');
        const during = one.call('traffic', {
          ...load,
          perSecond: BESIDE_PER_SECOND,
          durationMs: ASKED_MS,
        });
        const { latencyMs } = await client.call('ask', { ...asking, port });
        return { latencyMs, sent: await during };
      }),
    );
    const [{ latencyMs: ofOther }, { latencyMs, sent }] = asked as [(typeof asked)[0], (typeof asked)[0]];
    await look();
    const [before, after] = [percentile(ofOther, 99), percentile(latencyMs, 99)];
    const [ofHeap, ofRss] = [trendOf(heap), trendOf(rss)];
    figure(
      'T20',
      `${TENANTS.length} dead tenants: at most ${(Math.max(...memory) / MIB).toFixed(2)} MiB of ` +
        `${MAX_BYTES_OF_ALL / MIB}; once full, in ${FULL_MS / 1_000} s, the heap grew by ` +
        `${(ofHeap.growth / MIB).toFixed(1)} MiB and RSS by ${(ofRss.growth / MIB).toFixed(1)} MiB ` +
        `(${((rss.at(-1)?.value ?? 0) / MIB).toFixed(0)} MiB at the end); at most ${mostSockets} sockets; ` +
        `requests ${inPercentiles(latencyMs)}, without tenants ${inPercentiles(ofOther)}: ` +
        `${(after / before).toFixed(2)} times the p99`,
    );
    expect(filledBytes).toBeGreaterThan(MAX_BYTES_OF_ALL * 0.9);
    expect(Math.max(...memory)).toBeLessThanOrEqual(MAX_BYTES_OF_ALL);
    expect(ofHeap.growth).toBeLessThanOrEqual(MAX_GROWTH_BYTES.heap);
    expect(ofRss.growth).toBeLessThanOrEqual(MAX_GROWTH_BYTES.rss);
    expect(mostSockets).toBeLessThanOrEqual(MAX_SOCKETS);
    expect(after).toBeLessThanOrEqual(before * MAX_RATIO + SLACK_MS);

    const items = sent + latencyMs.length;
    const { operator: ofOperator, tenants } = await gateway.call('flush', 2_000);
    for (const ledger of [ofOperator.logs, ofOperator.traces]) expect(ledger).toEqual(nothingLost(items));
    expect(tenants.logs).toMatchObject({ accepted: items, delivered: 0, rejected: 0 });
    await expectLawAt(gateway, TENANTS);
    await gateway.call('shutdown', 500);
    expect(await gateway.end()).toBe(0);
  } finally {
    await operator.close();
    await graveyard.close();
  }
});
