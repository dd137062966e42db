/** A beginning that a host tells of afterwards. */

/** What had waited longer would long have been given up. */
const MAX_AGE_MS = 86_400_000;

/**
 * How long ago that was; 0 for what cannot be: a time to come would make a negative duration, and one of another clock, such
 * as `performance.now()`, decades.
 */
export function ageAt(nowMs: number, startTimeMs: number | undefined): number {
  if (startTimeMs === undefined) return 0;
  const ageMs = nowMs - startTimeMs;
  return ageMs > 0 && ageMs < MAX_AGE_MS ? ageMs : 0;
}
