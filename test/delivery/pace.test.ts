/** `requestsPerMinute`: no minute, wherever it begins, has more requests than that. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/delivery/pace.js';

const MINUTE_MS = 60_000;

/** When requests began, asked for at these times, as many at once as it allows. */
function play(requestsPerMinute: number, startMs: number, steps: Iterable<number>): readonly number[] {
  const pace = new Pace(requestsPerMinute, startMs);
  const beganMs: number[] = [];
  let nowMs = startMs;
  for (const step of steps) {
    nowMs += step;
    while (pace.allows(nowMs)) {
      pace.take(nowMs);
      beganMs.push(nowMs);
    }
  }
  return beganMs;
}

/** The most in any minute: it begins with a request. */
function busiestMinute(beganMs: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [last, atMs] of beganMs.entries()) {
    while (atMs - (beganMs[first] as number) >= MINUTE_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

const LIMITS = [1, 2, 30, 60, 61, 119, 120, 600, 60_000];

describe.each(LIMITS)('%i a minute', (limit) => {
  it('is never exceeded, however they come', () => {
    const step = fc.oneof(
      fc.constant(0),
      fc.nat(50),
      fc.nat(5_000),
      fc.nat(70_000),
      fc.double({ min: 0, max: 2_000, noNaN: true }),
      fc.double({ min: MINUTE_MS / limit - 1e-3, max: MINUTE_MS / limit + 1e-3, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.array(step, { minLength: 1, maxLength: 200 }),
        (startMs, steps) => {
          expect(busiestMinute(play(limit, startMs, steps))).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is nearly reached by somebody who always has something to send', () => {
    const beganMs = play(limit, 12_345.678, Array<number>(30_000).fill(10));
    expect(busiestMinute(beganMs)).toBeLessThanOrEqual(limit);
    // Five minutes. Asked every 10 ms, a tenth of a second is lost to each of up to six a second.
    const perMinute = beganMs.length / 5;
    expect(perMinute).toBeGreaterThan(limit * 0.9);
    expect(perMinute).toBeLessThanOrEqual(limit + 1);
  });

  it('asking costs nothing', () => {
    const pace = new Pace(limit, 0);
    for (let turn = 0; turn < 1_000; turn++) expect(pace.allows(0)).toBe(true);
  });
});
