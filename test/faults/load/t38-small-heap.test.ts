/** T38: a heap of 128 MiB, 2,000 requests a second and no collector: records are shed in their order, and it lives. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ledger } from '../../../src/index.js';
import { figure } from '../support.js';
import { expectLawAt, expectOnlyOwn } from './accounts.js';
import { startLoadCollector, timesTaken } from './collector.js';
import { createPrograms, type Programs } from './programs.js';
import type { Gateway } from './programs/gateway.js';
import { sized } from './scale.js';
import { tenantIds } from './traffic.js';

const MIB = 1024 * 1024;
const HEAP_MIB = 128;
const PER_SECOND = sized(1_000, 2_000);
/** In the full form all bounds fill by themselves first. */
const FILL_MS = sized(2_000, 60_000);
const LOOK_MS = 100;
/** Pressure is looked at once a second, twice before it counts; the machine may be busy. */
const SHED_MS = 15_000;
const TENANTS = tenantIds(50);
const ATTRIBUTES = { pad: 'x'.repeat(1_000) };
/** How full the host itself makes it: enough for the first level, and for the second. */
const HIGH = 0.85;
const CRITICAL = 0.93;

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

const shedOf = (ledger: Ledger | undefined): number => ledger?.dropped.memory_pressure ?? 0;

it('T38: it sheds when memory is short, does not run out of it, and recovers', async () => {
  let isAway = true;
  const answer = () => ({ status: isAway ? 503 : 200 });
  const operator = await startLoadCollector({ answer });
  const collectors = new Map([['operator', operator]]);
  for (const id of TENANTS) collectors.set(id, await startLoadCollector({ answer }));
  const to = (owner: string) => ({ endpoint: collectors.get(owner)?.url ?? '' });
  try {
    const gateway = await programs.start<Gateway>('gateway', [`--max-old-space-size=${HEAP_MIB}`]);
    await gateway.call('watchResources', false);
    await gateway.call('open', {
      operator: to('operator'),
      tenants: Object.fromEntries(TENANTS.map((id) => [id, to(id)])),
      metrics: { intervalMs: 86_400_000 },
    });
    let leastFreeBytes = Number.POSITIVE_INFINITY;
    const load = { perSecond: PER_SECOND, tenantIds: TENANTS, attributes: ATTRIBUTES };
    const resources = async () => {
      const now = await gateway.call('resources');
      leastFreeBytes = Math.min(leastFreeBytes, HEAP_MIB * MIB - now.heapBytes);
      return now;
    };
    /**
     * Goes on sending until it is so, or the time is over. Without collections of the test's own in between: V8 gives up a
     * process that is over 80 % and does little else than collect, whoever asked for that.
     */
    const sendUntil = async (isSo: () => Promise<boolean>): Promise<number> => {
      const startMs = Date.now();
      while (!(await isSo()) && Date.now() < startMs + SHED_MS) {
        await gateway.call('traffic', { ...load, durationMs: LOOK_MS });
      }
      const tookMs = Date.now() - startMs;
      await resources();
      return tookMs;
    };
    const tenantsBytes = async (): Promise<number> => (await gateway.call('status')).memory.tenantsBytes;
    const ofTenants = async (): Promise<Ledger | undefined> =>
      (await gateway.call('status')).tenants.totals.logs;
    /** The host takes as much as brings the heap to this share of its limit. */
    const fillHeap = async (share: number): Promise<void> => {
      await gateway.call('holdHeap', 0);
      const { heapBytes } = await resources();
      await gateway.call('holdHeap', Math.max(0, HEAP_MIB * MIB * share - heapBytes));
    };

    const delivered = async (): Promise<number> => (await ofTenants())?.delivered ?? 0;

    await gateway.call('traffic', { ...load, durationMs: FILL_MS });
    const { heapBytes, rssBytes } = await resources();
    const filledBytes = await tenantsBytes();
    expect(shedOf(await ofTenants())).toBe(0);

    await fillHeap(HIGH);
    const { tenantsMaxBytes } = (await gateway.call('status')).memory;
    const highMs = await sendUntil(
      async () => shedOf(await ofTenants()) > 0 || filledBytes < tenantsMaxBytes / 2,
    );
    await fillHeap(CRITICAL);
    const criticalMs = await sendUntil(async () => (await tenantsBytes()) === 0);
    const shed = shedOf(await ofTenants());
    expect(await tenantsBytes()).toBe(0);
    expect(shed).toBeGreaterThan(0);
    expect(await delivered()).toBe(0);

    await gateway.call('holdHeap', 0);
    isAway = false;
    const recoveryMs = await sendUntil(async () => (await delivered()) > 0);
    expect(await delivered()).toBeGreaterThan(0);
    const sheds = shedOf(await ofTenants());
    const endMs = Date.now() + 60_000;
    while (!(await gateway.call('flush', 2_000)).complete && Date.now() < endMs) await pause(50);
    const sent = await gateway.call('traffic', { ...load, durationMs: LOOK_MS });
    while (!(await gateway.call('flush', 2_000)).complete && Date.now() < endMs) await pause(50);

    const status = await expectLawAt(gateway, TENANTS);
    const { logs } = status.tenants.totals;
    figure(
      'T38',
      `heap of ${HEAP_MIB} MiB, ${PER_SECOND}/s: ${(heapBytes / MIB).toFixed(0)} MiB used while ` +
        `records wait (RSS ${(rssBytes / MIB).toFixed(0)}); tenants shed after ${highMs} and ${criticalMs} ms, at least ${(leastFreeBytes / MIB).toFixed(1)} MiB were free, ` +
        `delivery again after ${recoveryMs} ms; ${JSON.stringify(logs)}`,
    );
    expect(logs).toMatchObject({ accepted: sent, rejected: 0, buffered: 0 });
    expect(leastFreeBytes).toBeGreaterThan(0);
    // Once memory is there again, nothing more is shed.
    expect(shedOf(logs)).toBe(sheds);
    expect(timesTaken(operator.taken, 'logs').size).toBeGreaterThan(0);
    expectOnlyOwn(collectors);
    await gateway.call('shutdown', 1_000);
    expect(await gateway.end()).toBe(0);
    expect(gateway.errors).toBe('');
  } finally {
    for (const collector of collectors.values()) await collector.close();
  }
});
