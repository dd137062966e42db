/**
 * Where in a trace something stands that the gateway does beside answering a request: below the running exchange, below or
 * beside a place that was stored, or in a trace of its own.
 */
import { isSpanContextValid, TraceFlags, trace as apiTrace } from '@opentelemetry/api';
import type { Context, Link, SpanContext } from '@opentelemetry/api';
import type { ExtractedContext } from '../model/propagation.js';
import type { ExchangeHome } from './exchange-home.js';
import { passTrace, startTrace, type ExchangeTrace } from './exchange-trace.js';
import type { LiveExchange } from './exchange.js';
import { NOTHING_CARRIED } from './trust.js';

/** A stored place, and how to belong to it. */
export interface StoredPlace {
  readonly context: ExtractedContext;
  readonly as: 'parent' | 'link';
}

/** `isTracing`: spans are recorded at this moment. Without, nothing is begun, and what is there goes on. */
export function relatedTrace(
  home: ExchangeHome,
  isTracing: boolean,
  exchange: LiveExchange | undefined,
  stored: StoredPlace | undefined,
): ExchangeTrace {
  if (stored !== undefined) return storedTrace(home, isTracing, stored);
  const around = exchange?.trace;
  if (!isTracing)
    return around === undefined
      ? passTrace(home, undefined, 'continue')
      : { ...around, isOwn: false, parent: undefined };
  const active = apiTrace.getSpanContext(home.contexts.active());
  const span = active !== undefined && isSpanContextValid(active) ? active : undefined;
  if (around?.isOwn === true)
    // A custom span of the host's that is active within the exchange is nearer than the SERVER span.
    return below(home, span?.traceId === around.traceId ? span : around.spanContext, around.carried);
  // Of an ignored request, or one that began while nothing was recorded: what came with it has been judged then.
  if (around !== undefined) return startTrace(home, undefined, around.carried, 'continue');
  return span === undefined
    ? startTrace(home, undefined, undefined, 'continue')
    : below(home, span, undefined);
}

function storedTrace(home: ExchangeHome, isTracing: boolean, { context, as }: StoredPlace): ExchangeTrace {
  // A link needs a span that it stands on; without one the trace goes on, so that the two ends still meet.
  if (!isTracing) return passTrace(home, context, 'continue');
  if (as === 'link') return startTrace(home, undefined, context, 'restart');
  // The gateway has decided on this trace before, whatever it makes of callers' decisions.
  const { ids, propagation } = home;
  const sampling = { ...home.sampling, parent: 'follow' as const };
  return startTrace({ ids, propagation, sampling }, undefined, context, 'continue');
}

function below(
  home: ExchangeHome,
  parent: SpanContext,
  carried: ExtractedContext | undefined,
): ExchangeTrace {
  const { traceId, traceFlags } = parent;
  const traceState = parent.traceState?.serialize() || undefined;
  const spanId = home.ids.spanId();
  return {
    traceId,
    spanId,
    sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
    traceFlags,
    spanContext: { ...parent, spanId, isRemote: false },
    parent,
    isOwn: true,
    isIdChosen: false,
    carried: carried ?? (traceState === undefined ? undefined : { ...NOTHING_CARRIED, traceState }),
  };
}

/** To the request that has brought a call which goes on in another trace. */
export function linksToCarrier(
  home: ExchangeHome,
  exchange: LiveExchange | undefined,
  { traceId }: ExchangeTrace,
): Link[] {
  const carrier = exchange ?? home.contexts.exchange();
  if (carrier === undefined || carrier.traceId === traceId || !carrier.span.isRecording()) return [];
  return [{ context: carrier.span.spanContext() }];
}

/** What a host's span processor is told of the parent. */
export function parentContext(home: ExchangeHome, { parent }: ExchangeTrace): Context {
  const active = home.contexts.active();
  return parent === undefined ? apiTrace.deleteSpan(active) : apiTrace.setSpanContext(active, parent);
}
