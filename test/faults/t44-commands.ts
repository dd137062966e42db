/** T44: random histories for the lanes of four destinations, in virtual time. */
import fc from 'fast-check';
import { vi } from 'vitest';
import type { SendResult } from '../../src/model/delivery.js';
import { World } from './t44-bench.js';
import { checkEnd, checkFlushes, checkInvariants } from './t44-checks.js';

type Step = fc.AsyncCommand<object, World>;

/** Commands done so far, over all histories. */
let commandsDone = 0;

async function observe(world: World, isAfterTick: boolean): Promise<void> {
  checkInvariants(world);
  // A flush is over two microtasks after its reason.
  await Promise.resolve();
  await Promise.resolve();
  checkFlushes(world, isAfterTick);
}

function command(name: string, run: (world: World) => void | Promise<void>): Step {
  return {
    check: () => true,
    toString: () => name,
    async run(_model, world) {
      commandsDone++;
      await run(world);
      await observe(world, name === 'tick');
    },
  };
}

const of = <T>(items: readonly T[], index: number): T => items[index % items.length] as T;

const retry = (more: object = {}): SendResult => ({ kind: 'retry', errorClass: 'http_503', ...more });
const refused = (reason: Extract<SendResult, { kind: 'refused' }>['reason']): SendResult => ({
  kind: 'refused',
  errorClass: 'any',
  reason,
});
const DELIVERED: SendResult = { kind: 'delivered', rejected: 0 };
const RESULTS: readonly SendResult[] = [
  DELIVERED,
  DELIVERED,
  { kind: 'delivered', rejected: 1 },
  { kind: 'delivered', rejected: 99 },
  retry(),
  retry(),
  retry({ retryAfterMs: 0 }),
  retry({ retryAfterMs: 5_000 }),
  retry({ retryAfterMs: 900_000 }),
  retry({ isThrottled: true }),
  retry({ isThrottled: true, retryAfterMs: 2_000 }),
  refused('rejected'),
  refused('unauthorized'),
  refused('refused'),
  refused('exporter_failed'),
  refused('too_large'),
  refused('too_large'),
];
const HOUR_MS = 3_600_000;
/** Half a tick to more than the five days after which a destination is given up. */
const TIMES_MS = [100, 500, 1_000, 1_000, 2_000, 10_000, 64_000, 300_500, 400_000, HOUR_MS, 121 * HOUR_MS];

const lane = fc.nat(7);
const add = fc
  .tuple(
    lane,
    fc.integer({ min: 1, max: 9 }),
    fc.oneof(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 8, max: 1_000 })),
  )
  .map(([index, count, size]) =>
    command(`add ${count} of ${size} bytes to ${index}`, (world) => {
      const subject = of(world.subjects, index);
      for (let turn = 0; turn < count; turn++) world.addTo(subject, size);
    }),
  );
const settle = fc.tuple(fc.nat(20), fc.constantFrom(...RESULTS)).map(([index, result]) =>
  command(`settle ${index} as ${JSON.stringify(result)}`, (world) => {
    if (world.underWay.length > 0) world.settle(of(world.underWay, index), result);
  }),
);
/** What an outage is: whatever goes out fails, again and again. */
const outage = fc.tuple(fc.constantFrom(...RESULTS), fc.integer({ min: 2, max: 8 })).map(([result, rounds]) =>
  command(`${rounds} rounds of ${JSON.stringify(result)}`, async (world) => {
    for (let round = 0; round < rounds; round++) {
      for (const one of [...world.underWay]) world.settle(one, result);
      await observe(world, false);
      world.nowMs += 10_000;
      world.tick();
      await observe(world, true);
    }
  }),
);
const pass = fc.constantFrom(...TIMES_MS).map((ms) =>
  command(`pass ${ms} ms`, (world) => {
    world.nowMs += ms;
  }),
);
const turn = fc.constant(command('turn', (world) => void world.turn()));
const tick = fc.constant(command('tick', (world) => world.tick()));
const onPlace = (name: string, run: (world: World, index: number) => void): fc.Arbitrary<Step> =>
  fc.nat(3).map((index) => command(`${name} ${index}`, (world) => run(world, index)));
const flush = onPlace('flush', (world, index) => world.flush(of(world.places, index)));
const revive = onPlace('revive', (world, index) => world.revive(of(world.places, index)));
const share = fc.constantFrom(0, 0.25, 0.5, 1, 1);
const limitBytes = fc
  .tuple(lane, share)
  .map(([index, part]) =>
    command(`limit ${index} to ${part}`, (world) => world.limitBytes(of(world.subjects, index), part)),
  );
const limitBudget = share.map((part) => command(`limit all to ${part}`, (world) => world.limitBudget(part)));
const close = lane.map((index) =>
  command(`close ${index}`, (world) => world.close(of(world.subjects, index))),
);

const often = [add, add, add, settle, settle, settle, settle, turn, turn, turn, tick, tick, pass, pass];
const steps = [
  ...often,
  ...often,
  ...often,
  outage,
  outage,
  flush,
  flush,
  flush,
  revive,
  limitBytes,
  limitBudget,
  close,
];

/** Resolves with the number of commands; rejects with the seed and the shortest history that fails. */
export async function playHistories(histories: number, seed?: number): Promise<number> {
  commandsDone = 0;
  vi.spyOn(Math, 'random').mockReturnValue(0);
  try {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 120, size: 'max' }), async (history) => {
        const world = new World();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), history);
        checkEnd(world);
      }),
      { numRuns: histories, ...(seed !== undefined && { seed }) },
    );
  } finally {
    vi.restoreAllMocks();
  }
  return commandsDone;
}
