/** Long work in slices: all of it together, one slice a turn. */
import { expect, it } from 'vitest';
import { SLICE_MS } from '../../src/delivery/bounds.js';
import { createSlices, type Slices } from '../../src/delivery/slices.js';

interface Bench {
  readonly slices: Slices;
  readonly errors: unknown[];
  /** Plays one turn of the event loop. */
  turn(): void;
}

function setUp(): Bench {
  let planned: (() => void) | undefined;
  const errors: unknown[] = [];
  const slices = createSlices({
    nextTurn: (work) => {
      expect(planned, 'planned once').toBeUndefined();
      planned = work;
    },
    onError: (error) => errors.push(error),
  });
  const turn = (): void => {
    const work = planned;
    planned = undefined;
    work?.();
  };
  return { slices, errors, turn };
}

function* steps(count: number, onStep: () => void): Generator<void> {
  for (let step = 0; step < count; step++) yield onStep();
}

const spinForMs = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

it('three pieces of work have one slice of a turn together, and each its part of it', () => {
  const { slices, turn } = setUp();
  const done = [0, 0, 0];
  for (const piece of done.keys()) {
    const onStep = (): void => {
      done[piece] = (done[piece] ?? 0) + 1;
      spinForMs(1);
    };
    void slices.run(steps(100, onStep));
  }
  turn();
  const first = [...done];
  expect(Math.min(...first)).toBeGreaterThan(0);
  // A step each after the end of the slice at most.
  expect(first.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(SLICE_MS + done.length);
});

it('work that throws is reported, and keeps nothing from its end', async () => {
  const { slices, errors, turn } = setUp();
  const broken = slices.run(
    steps(1, () => {
      throw new Error('broken');
    }),
  );
  let count = 0;
  const other = slices.run(steps(3, () => void count++));
  turn();
  await Promise.all([broken, other]);
  expect([errors.length, count]).toEqual([1, 3]);
});

it('closed, everybody goes on at once, and nothing is done any more', async () => {
  const { slices, turn } = setUp();
  let count = 0;
  const before = slices.run(steps(3, () => void count++));
  slices.close();
  turn();
  await Promise.all([before, slices.run(steps(3, () => void count++))]);
  expect(count).toBe(0);
});
