/** The head decision: the caller's, or the gateway's own ratio on the random part of the trace id. */
import { createHmac, randomBytes } from 'node:crypto';

/** What becomes of the caller's decision. */
export type ParentSampling = 'follow' | 'follow-drop' | 'ignore';

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

/**
 * The same ratio for traces whose id an untrusted caller has chosen: it decides on a keyed hash, or the caller could pick
 * ids that are always, or never, sampled. One trace has one decision in this process; other hops follow it by the flag.
 */
export function createKeyedSampler(ratio: number): RatioSampler {
  const ratioSays = createRatioSampler(ratio);
  if (ratio >= 1 || ratio <= 0) return ratioSays;
  const key = randomBytes(32);
  // 32 hex digits, as a trace id has.
  return (traceId) => ratioSays(createHmac('sha256', key).update(traceId).digest('hex').slice(0, 32));
}

/** `follow`: the caller's decision, if there is one. `follow-drop`: only its no. `ignore`: never. */
export function isSampled(
  traceId: string,
  decision: boolean | undefined,
  parent: ParentSampling,
  ratioSays: RatioSampler,
): boolean {
  if (parent === 'follow' && decision !== undefined) return decision;
  if (parent === 'follow-drop' && decision === false) return false;
  return ratioSays(traceId);
}
