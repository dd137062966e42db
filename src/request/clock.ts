/** Time: durations from the monotonic clock, timestamps from the wall clock, and the two kept together. */

/** How far the wall clock may run from ours before it is followed: a step of the clock, or a suspended machine. */
const MAX_DRIFT_MS = 1_000;
/** How often that is looked at. */
const CHECK_EVERY_MS = 1_000;

/** A clock that tests can replace. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  monotonicMs(): number;
  /** Epoch milliseconds, with a fraction, of a monotonic time. */
  epochMs(monotonicMs: number): number;
}

/** The process's clock. */
export function createClock(
  monotonicNow: () => number = () => performance.now(),
  wallNow: () => number = Date.now,
): Clock {
  let offset = wallNow() - monotonicNow();
  let checkAt = monotonicNow() + CHECK_EVERY_MS;
  return {
    monotonicMs: monotonicNow,
    epochMs(monotonicMs) {
      if (monotonicMs >= checkAt) {
        const now = monotonicNow();
        checkAt = now + CHECK_EVERY_MS;
        const seen = wallNow() - now;
        if (Math.abs(seen - offset) > MAX_DRIFT_MS) offset = seen;
      }
      return offset + monotonicMs;
    },
  };
}
