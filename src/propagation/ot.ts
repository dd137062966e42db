/** OpenTracing's text map, as Lightstep and others wrote it: `ot-tracer-*`, and baggage as `ot-baggage-{key}`. Deprecated. */
import { FoundContext, type Format } from './format.js';
import { readPrefixed, writePrefixed } from './format-baggage.js';
import { isAllZero, spanIdOf, traceIdOf } from './hex.js';
import { withoutSpace } from './text.js';

const TRACE_ID = 'ot-tracer-traceid';
const SPAN_ID = 'ot-tracer-spanid';
const SAMPLED = 'ot-tracer-sampled';
const BAGGAGE_PREFIX = 'ot-baggage-';

function decisionOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  const decision = withoutSpace(text);
  if (decision === 'true' || decision === '1') return true;
  return decision === 'false' || decision === '0' ? false : undefined;
}

export const ot: Format = {
  headers: [TRACE_ID, SPAN_ID, SAMPLED],
  baggage: { names: [], prefixes: [BAGGAGE_PREFIX] },
  /** 16 or 32 digits come in. */
  extract(headers) {
    const rawTraceId = headers.get(TRACE_ID);
    const rawSpanId = headers.get(SPAN_ID);
    const traceId = rawTraceId === undefined ? undefined : traceIdOf(withoutSpace(rawTraceId));
    const spanId = rawSpanId === undefined ? undefined : spanIdOf(withoutSpace(rawSpanId));
    if (rawTraceId !== undefined && traceId === undefined) return undefined;
    if (rawSpanId !== undefined && spanId === undefined) return undefined;
    const sampled = decisionOf(headers.get(SAMPLED));
    if (traceId === undefined || spanId === undefined) {
      return sampled === undefined ? undefined : new FoundContext('ot', undefined, undefined, sampled);
    }
    const found = new FoundContext('ot', traceId, spanId, sampled);
    found.formatBaggage = readPrefixed(headers, BAGGAGE_PREFIX);
    return found;
  },
  /** The low 16 digits go out. */
  traceId: (traceId) => traceId.slice(16),
  inject(outgoing, context, state) {
    if (context !== undefined) {
      // A low half of zeros is an id that nobody could read.
      if (context.spanId === undefined || isAllZero(context.traceId, 16, 32)) return;
      outgoing.put(TRACE_ID, context.traceId.slice(16));
      outgoing.put(SPAN_ID, context.spanId);
      writePrefixed(outgoing, BAGGAGE_PREFIX, state?.formatBaggage);
    }
    const sampled = context === undefined ? state?.sampled : context.sampled;
    if (sampled !== undefined) outgoing.put(SAMPLED, sampled ? 'true' : 'false');
  },
};
