/** Milliseconds as records tell them. */

/** Finer digits are noise. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
