/** What is left of a caller's context, as far as it is believed. */
import type { TraceState } from '@opentelemetry/api';
import type { Diagnostic } from '../model/diagnostic.js';
import { RawTraceState } from '../model/raw-trace-state.js';
import { containRejection } from '../model/settle.js';
import { TRUSTS, type Trust } from '../model/trust.js';
import type { ExtractedContext, LinkedContext } from '../model/propagation.js';

/** Members of `tracestate` that carry decisions: Datadog's priority, and the thresholds of consistent sampling. */
const DECIDING_MEMBERS = ['dd', 'ot'];

/** The context without what it decided. Of Datadog nothing but the ids is left: its tags decide too. */
function withoutDecision(context: ExtractedContext): ExtractedContext {
  const { traceState } = context;
  return {
    ...context,
    sampled: undefined,
    debug: false,
    datadog: undefined,
    traceState: traceState === undefined ? undefined : withoutMembers(traceState),
    isUntrusted: true,
  };
}

function withoutMembers(traceState: string): string | undefined {
  let state: TraceState = new RawTraceState(traceState);
  for (const key of DECIDING_MEMBERS) state = state.unset(key);
  const text = state.serialize();
  return text === '' ? undefined : text;
}

/** Nothing valid came. */
export const NOTHING_CARRIED: ExtractedContext = Object.freeze({
  format: undefined,
  traceId: undefined,
  spanId: undefined,
  parentSpanId: undefined,
  sampled: undefined,
  debug: false,
  random: false,
  traceIdDigits: 32,
  traceState: undefined,
  datadog: undefined,
  baggage: undefined,
  formatBaggage: undefined,
  links: [],
  isUntrusted: false,
});

/** Whatever the headers hold is not to go on either. */
const NOTHING_TRUSTED: ExtractedContext = Object.freeze({ ...NOTHING_CARRIED, isUntrusted: true });

/**
 * The caller's trace becomes a link. Its format stays, so that `preserve` answers in it; so does baggage, by its own option.
 * Whatever else a context may come to hold is left behind.
 */
function restarted(context: ExtractedContext): ExtractedContext {
  const { traceId, spanId, sampled, random, traceState, format, baggage, formatBaggage } = context;
  const own: LinkedContext[] =
    traceId === undefined || spanId === undefined ? [] : [{ traceId, spanId, sampled, random, traceState }];
  return { ...NOTHING_TRUSTED, format, baggage, formatBaggage, links: [...own, ...context.links] };
}

export function underTrust(
  context: ExtractedContext | undefined,
  trust: Trust,
): ExtractedContext | undefined {
  if (trust === 'continue') return context;
  if (context === undefined) return NOTHING_TRUSTED;
  return trust === 'restart' ? restarted(context) : withoutDecision(context);
}

/** A word for trust; anything else is none. */
export function trustOf(answer: unknown): Trust | undefined {
  return TRUSTS.find((trust) => trust === answer);
}

/** A value or a callback. One that throws or gives no word for trust has not said that the caller may be trusted. */
export function askForTrust<Source>(
  trust: Trust | ((source: Source) => Trust),
  source: Source,
  report: (diagnostic: Diagnostic) => void,
): Trust {
  if (typeof trust !== 'function') return trust;
  try {
    const answer: unknown = trust(source);
    containRejection(answer);
    const known = trustOf(answer);
    if (known !== undefined) return known;
  } catch {
    // Reported below.
  }
  reportNoTrust(report);
  return 'restart';
}

export function reportNoTrust(report: (diagnostic: Diagnostic) => void): void {
  report({
    code: 'callback_failed',
    message: `The trust callback threw, or trust was not one of ${TRUSTS.join(', ')}; the request began a trace of its own`,
  });
}
