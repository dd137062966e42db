import { expect, it } from 'vitest';
import type { Lane } from '../../src/delivery/lane.js';
import { createScheduler } from '../../src/delivery/scheduler.js';
import { eventually } from './support.js';

it('a lane that throws keeps no other from being pumped', async () => {
  const errors: unknown[] = [];
  let pumped = 0;
  const scheduler = createScheduler({
    tickMs: 10,
    onTick: () => false,
    onError: (error) => errors.push(error),
  });
  const laneThat = (pump: () => void): Lane => ({ pump, isEmpty: false }) as unknown as Lane;
  const broken = laneThat(() => {
    throw new Error('broken');
  });
  for (const lane of [broken, laneThat(() => void pumped++)]) scheduler.wake(lane, true);
  await eventually(() => expect(pumped).toBeGreaterThan(2), 2_000);
  expect(errors.length).toBeGreaterThan(0);
  scheduler.close();
});
