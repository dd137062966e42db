import { expect, it } from 'vitest';
import type { Lane } from '../../src/delivery/lane.js';
import { createScheduler } from '../../src/delivery/scheduler.js';
import { eventually } from './support.js';

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
