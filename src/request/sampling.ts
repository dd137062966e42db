/** The head decision: the host's, the caller's, or the gateway's own ratio on the random part of the trace id. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Diagnostic } from '../model/diagnostic.js';
import type { BeginOptions } from '../model/exchange.js';
import { createRatioSampler, type RatioSampler } from '../model/ratio-sampler.js';
import { containRejection } from '../model/settle.js';

/** What becomes of the caller's decision. */
export type ParentSampling = 'follow' | 'follow-drop' | 'ignore';

/** `sampling.decide`, which neither throws nor gives anything useless. */
export type HostDecision = (request: BeginOptions) => boolean | number | undefined;

/** What decides, the same for all exchanges of an instance. */
export interface HeadSampling {
  readonly ratioSays: RatioSampler;
  /**
   * For traces whose id an untrusted caller has chosen: ratios decide on this keyed hash of it, or the caller could pick ids
   * that are always, or never, sampled. One trace has one decision in this process; other hops follow it by the flag.
   */
  readonly keyedId: (traceId: string) => string;
  /** The ratio on it. */
  readonly keyedRatioSays: RatioSampler;
  /** Which ids those are, for what is recorded in such a trace beside its request. */
  readonly chosenIds: ChosenIds;
  /** `undefined`: `follow` for callers whose trust is `continue`, else `ignore`. */
  readonly parent: ParentSampling | undefined;
  readonly decide: HostDecision | undefined;
}

/** Traces whose records may still come; of further ones the one that was not seen for longest is forgotten. About 1 MB. */
const MAX_CHOSEN_IDS = 10_000;

export class ChosenIds {
  readonly #ids = new Set<string>();

  add(traceId: string): void {
    this.#ids.delete(traceId);
    this.#ids.add(traceId);
    if (this.#ids.size <= MAX_CHOSEN_IDS) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  has(traceId: string): boolean {
    return this.#ids.has(traceId);
  }
}

export function createHeadSampling(
  ratio: number,
  parent: ParentSampling | undefined,
  decide: HostDecision | undefined,
): HeadSampling {
  const ratioSays = createRatioSampler(ratio);
  const key = randomBytes(32);
  // 32 hex digits, as a trace id has.
  const keyedId = (traceId: string): string =>
    createHmac('sha256', key).update(traceId).digest('hex').slice(0, 32);
  const isConstant = ratio >= 1 || ratio <= 0;
  return {
    ratioSays,
    keyedId,
    chosenIds: new ChosenIds(),
    keyedRatioSays: isConstant ? ratioSays : (traceId) => ratioSays(keyedId(traceId)),
    parent,
    decide,
  };
}

/** The host's `decide` behind a wall: one that throws or gives anything useless has not decided. */
export function guardDecision(
  decide: ((request: BeginOptions) => boolean | number | undefined) | undefined,
  report: (diagnostic: Diagnostic) => void,
): HostDecision | undefined {
  if (decide === undefined) return undefined;
  return (request) => {
    try {
      const answer: unknown = decide(request);
      containRejection(answer);
      if (answer === undefined || typeof answer === 'boolean') return answer;
      if (typeof answer === 'number' && answer >= 0 && answer <= 1) return answer;
    } catch {
      // Reported below.
    }
    report({
      code: 'callback_failed',
      message:
        'sampling.decide threw, or gave neither a boolean nor a number from 0 to 1 nor undefined; the usual rules decided',
    });
    return undefined;
  };
}

/** Whose trace it is, and what its caller has said. */
export interface HeadFacts {
  /** `undefined`: no request has come, as for a webhook of the gateway's own; the host is not asked. */
  readonly request: BeginOptions | undefined;
  readonly traceId: string;
  /** The caller's decision, as far as it is believed. */
  readonly decision: boolean | undefined;
  readonly parent: ParentSampling;
  /** An untrusted caller has chosen the id. */
  readonly isIdChosen: boolean;
}

export function isSampled(sampling: HeadSampling, facts: HeadFacts): boolean {
  const { request } = facts;
  const said = request === undefined ? undefined : sampling.decide?.(request);
  if (typeof said === 'boolean') return said;
  const { decision, parent, traceId, isIdChosen } = facts;
  if (parent === 'follow' && decision !== undefined) return decision;
  if (parent === 'follow-drop' && decision === false) return false;
  if (said === undefined) return isIdChosen ? sampling.keyedRatioSays(traceId) : sampling.ratioSays(traceId);
  return createRatioSampler(said)(isIdChosen ? sampling.keyedId(traceId) : traceId);
}
