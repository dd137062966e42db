/** A ratio on the random part of a trace id: what the head decision, destinations and custom spans have in common. */

/** Says whether a trace is sampled, the same for every gateway with this ratio. */
export type RatioSampler = (traceId: string) => boolean;

/** 28 bits: half of the 56 that W3C level 2 says are random. */
const HALF = 2 ** 28;
/** The low 56 bits are the last 14 hex digits. */
const FROM = 18;
const MIDDLE = 25;

/**
 * Sampled if the low 56 bits are at least `(1 - ratio) · 2^56`, as the specification's consistent sampling has it: a lower
 * ratio keeps a subset of what a higher one keeps.
 */
export function createRatioSampler(ratio: number): RatioSampler {
  if (ratio >= 1) return () => true;
  if (ratio <= 0) return () => false;
  const threshold = Math.round((1 - ratio) * HALF * HALF);
  const high = Math.floor(threshold / HALF);
  const low = threshold % HALF;
  return (traceId) => {
    const top = Number.parseInt(traceId.slice(FROM, MIDDLE), 16);
    return top > high || (top === high && Number.parseInt(traceId.slice(MIDDLE), 16) >= low);
  };
}
