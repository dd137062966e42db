import { expect, it } from 'vitest';
import type { Lane } from '../../src/delivery/lane.js';
import type { SendResult } from '../../src/model/delivery.js';
import { createScheduler } from '../../src/delivery/scheduler.js';
import { startDelivery, tenantAt } from './delivery-bench.js';
import { recordOf } from './lane-bench.js';
import { eventually, pause } from './support.js';

it('a lane that throws keeps no other from being pumped', async () => {
  const errors: unknown[] = [];
  let pumped = 0;
  const scheduler = createScheduler({
    tickMs: 10,
    monotonicMs: () => performance.now(),
    onTick: () => false,
    onError: (error) => errors.push(error),
  });
  const laneThat = (pump: () => number): Lane => ({ pump, isEmpty: false }) as unknown as Lane;
  const broken = laneThat(() => {
    throw new Error('broken');
  });
  for (const lane of [broken, laneThat(() => -++pumped)]) scheduler.wake(lane);
  await eventually(() => expect(pumped).toBeGreaterThan(2), 2_000);
  expect(errors.length).toBeGreaterThan(0);
  scheduler.close();
});

it('a lane is looked at when it wants to be, and every few seconds at the latest', async () => {
  const times: number[] = [];
  const start = performance.now();
  let nextMs = start + 100;
  const scheduler = createScheduler({
    tickMs: 10,
    monotonicMs: () => performance.now(),
    onTick: () => false,
    onError: () => undefined,
  });
  const pump = (): number => {
    times.push(performance.now() - start);
    return (nextMs += 100);
  };
  scheduler.wakeAt({ pump, isEmpty: false } as unknown as Lane, nextMs);
  await eventually(() => expect(times.length).toBeGreaterThan(3), 2_000);
  scheduler.close();
  times.slice(0, 4).forEach((atMs, index) => expect(atMs).toBeGreaterThanOrEqual(99 * (index + 1)));
});

it('nothing ticks for a record that there was no room for', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const bench = startDelivery({
    tenants: Object.fromEntries([...ids, 'last'].map((id) => [id, tenantAt(id)])),
    maxBytesOfAllTenants: 1_048_576,
  });
  const { delivery } = bench;
  const open: ((result: SendResult) => void)[] = [];
  bench.answer = () => new Promise((resolve) => void open.push(resolve));
  for (const id of ids) delivery.tenant(id)?.log(recordOf(200_000));
  bench.nowMs += 60;
  await eventually(() => expect(open.length).toBe(ids.length), 2_000);
  // What is in flight cannot go, so its own record does.
  delivery.tenant('last')?.log(recordOf(200_000));
  expect(delivery.tenantStatus('last').destinations[0]?.signals.logs?.ledger.dropped).toEqual({
    budget_full: 1,
  });
  for (const answer of open) answer({ kind: 'delivered', rejected: 0 });
  await eventually(() => expect(delivery.status().memory.tenantsBytes).toBe(0), 2_000);
  await pause(100);
  let ticks = 0;
  Object.defineProperty(bench, 'memoryShare', { get: () => ticks++ && 0 });
  for (let second = 0; second < 10; second++) {
    bench.nowMs += 1_001;
    await pause(20);
  }
  expect(ticks).toBe(0);
  delivery.close();
});
