/** Where an exchange stands in its trace: decided once, when it begins. */
import { INVALID_SPAN_CONTEXT } from '@opentelemetry/api';
import type { Link, SpanContext } from '@opentelemetry/api';
import type { BeginOptions, WritableHeaders } from '../model/exchange.js';
import type { ContextToInject, ExtractedContext, Propagation } from '../model/propagation.js';
import { RawTraceState } from '../model/raw-trace-state.js';
import type { Trust } from '../model/trust.js';
import type { HostSpan } from './host-span.js';
import type { IdGenerator } from './ids.js';
import { isSampled, type HeadSampling } from './sampling.js';
import { NOTHING_CARRIED, underTrust } from './trust.js';

const FLAG_SAMPLED = 0x01;
const FLAG_RANDOM = 0x02;

/** What decides about traces, the same for all exchanges of an instance. */
export interface Tracing {
  readonly ids: IdGenerator;
  readonly propagation: Propagation;
  readonly sampling: HeadSampling;
}

export interface ExchangeTrace {
  /** Empty where there is no trace. */
  readonly traceId: string;
  /** Of the SERVER span; without one the caller's, or empty. */
  readonly spanId: string;
  /** `undefined`: nobody has decided, which happens only where the gateway adds no span. */
  readonly sampled: boolean | undefined;
  readonly traceFlags: number;
  /** Of the SERVER span, or of the caller's. */
  readonly spanContext: SpanContext;
  /** The caller's span. */
  readonly parent: SpanContext | undefined;
  /** The gateway adds a hop. */
  readonly isOwn: boolean;
  /** An untrusted caller has chosen the trace id. */
  readonly isIdChosen: boolean;
  /** What came in, as far as it is trusted. */
  readonly carried: ExtractedContext | undefined;
  /** The span of another instrumentation, which stands for the SERVER span. */
  readonly hostSpan?: HostSpan;
}

function flagsOf(sampled: boolean | undefined, random: boolean): number {
  return (sampled === true ? FLAG_SAMPLED : 0) | (random ? FLAG_RANDOM : 0);
}

/** A span context of the API; `traceState` is checked text. */
function spanContextOf(
  traceId: string,
  spanId: string,
  traceFlags: number,
  traceState: string | undefined,
  isRemote: boolean,
): SpanContext {
  if (traceState === undefined) {
    return isRemote ? { traceId, spanId, traceFlags, isRemote } : { traceId, spanId, traceFlags };
  }
  const state = new RawTraceState(traceState);
  return isRemote
    ? { traceId, spanId, traceFlags, isRemote, traceState: state }
    : { traceId, spanId, traceFlags, traceState: state };
}

/** The trace of a gateway that records spans: a new hop in the caller's trace, or a trace of its own. */
export function startTrace(
  { ids, sampling }: Tracing,
  request: BeginOptions | undefined,
  extracted: ExtractedContext | undefined,
  trust: Trust,
): ExchangeTrace {
  const carried = underTrust(extracted, trust);
  const traceId = carried?.traceId ?? ids.traceId();
  const spanId = ids.spanId();
  // Under `restart` a host may still want the caller's decision; under `continue-unsampled` it has said that it does not.
  const decision = trust === 'continue-unsampled' ? undefined : extracted?.sampled;
  const policy = sampling.parent ?? (trust === 'continue' ? 'follow' : 'ignore');
  const isIdChosen = trust !== 'continue' && carried?.traceId !== undefined;
  if (isIdChosen) sampling.chosenIds.add(traceId);
  const sampled = isSampled(sampling, { request, traceId, decision, parent: policy, isIdChosen });
  const traceState = carried?.traceState;
  // A new id is random in its last seven bytes, which level 2 wants to be told.
  const random = carried?.traceId === undefined || carried.random;
  const traceFlags = flagsOf(sampled, random);
  const parent =
    carried?.traceId === undefined || carried.spanId === undefined
      ? undefined
      : spanContextOf(traceId, carried.spanId, flagsOf(carried.sampled, carried.random), traceState, true);
  const spanContext = spanContextOf(traceId, spanId, traceFlags, traceState, false);
  return { traceId, spanId, sampled, traceFlags, spanContext, parent, isOwn: true, isIdChosen, carried };
}

/** The trace of a gateway that records no spans: it adds no hop, and the caller's ids go on as they came. */
export function passTrace(
  { sampling }: Tracing,
  extracted: ExtractedContext | undefined,
  trust: Trust,
): ExchangeTrace {
  const carried = underTrust(extracted, trust);
  const { traceId = '', spanId = '', random = false, traceState } = carried ?? {};
  // An ignored decision is not undecided: most services behind would take that for a no.
  const isOwnDecision = trust === 'continue-unsampled' && traceId !== '';
  if (isOwnDecision) sampling.chosenIds.add(traceId);
  const sampled = isOwnDecision ? sampling.keyedRatioSays(traceId) : carried?.sampled;
  const traceFlags = traceId === '' ? 0 : flagsOf(sampled, random);
  const spanContext =
    traceId === '' || spanId === ''
      ? INVALID_SPAN_CONTEXT
      : spanContextOf(traceId, spanId, traceFlags, traceState, true);
  return {
    traceId,
    spanId,
    sampled,
    traceFlags,
    spanContext,
    parent: undefined,
    isOwn: false,
    isIdChosen: isOwnDecision,
    carried,
  };
}

/**
 * The trace of a span that another instrumentation has made: its ids, its decision and its `tracestate` are not to be
 * decided again. What else came (baggage, the format to answer in, Datadog's tags with the same trace) goes on as
 * configured. `addsSpans`: spans of ours are wanted below it.
 */
export function joinTrace(
  hostSpan: HostSpan,
  extracted: ExtractedContext | undefined,
  trust: Trust,
  addsSpans: boolean,
): ExchangeTrace {
  const spanContext = hostSpan.span.spanContext();
  const { traceId, spanId, traceFlags } = spanContext;
  const traceState = spanContext.traceState?.serialize() || undefined;
  return {
    traceId,
    spanId,
    sampled: (traceFlags & FLAG_SAMPLED) !== 0,
    traceFlags,
    spanContext,
    parent: undefined,
    isOwn: addsSpans,
    isIdChosen: false,
    carried: carriedBeside(traceId, traceState, underTrust(extracted, trust)),
    hostSpan,
  };
}

function carriedBeside(
  traceId: string,
  traceState: string | undefined,
  came: ExtractedContext | undefined,
): ExtractedContext | undefined {
  if (came === undefined) return traceState === undefined ? undefined : { ...NOTHING_CARRIED, traceState };
  if (came.traceId === traceId)
    return traceState === undefined || traceState === came.traceState ? came : { ...came, traceState };
  // Another trace than the one that goes on: of its own state nothing may.
  const { format, baggage, formatBaggage, isUntrusted } = came;
  return { ...NOTHING_CARRIED, format, baggage, formatBaggage, isUntrusted, traceState };
}

/** Writes this trace for an upstream call, with the id of the span that makes the call. `false`: it could not. */
export function injectTrace(
  propagation: Propagation,
  trace: ExchangeTrace,
  spanId: string,
  headers: WritableHeaders,
): boolean {
  const context: ContextToInject | undefined =
    trace.traceId === ''
      ? undefined
      : {
          traceId: trace.traceId,
          spanId: spanId === '' ? undefined : spanId,
          sampled: trace.sampled,
          random: (trace.traceFlags & FLAG_RANDOM) !== 0,
        };
  return propagation.inject(headers, context, trace.carried);
}

/** W3C `traceparent`, whatever formats are spoken; empty where there is no span to name. */
export function traceparentOf({ traceId, spanId, sampled, traceFlags }: ExchangeTrace): string {
  if (traceId === '' || spanId === '') return '';
  const flags = flagsOf(sampled, (traceFlags & FLAG_RANDOM) !== 0);
  return `00-${traceId}-${spanId}-0${flags}`;
}

/** The caller's other traces, as links of the SERVER span. */
export function linksOf({ carried }: ExchangeTrace): Link[] {
  return (carried?.links ?? []).map(({ traceId, spanId, sampled, random, traceState }) => ({
    context: spanContextOf(traceId, spanId, flagsOf(sampled, random), traceState, true),
  }));
}
