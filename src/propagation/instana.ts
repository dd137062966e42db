/** Instana: `X-INSTANA-T`, `X-INSTANA-S`, `X-INSTANA-L`. */
import { FoundContext, type Format } from './format.js';
import { sizedTraceId, spanIdOf, traceIdOf } from './hex.js';
import { withoutSpace } from './text.js';

const TRACE_ID = 'x-instana-t';
const SPAN_ID = 'x-instana-s';
const LEVEL = 'x-instana-l';

/** Its first character decides; `,correlationType=…` may follow. */
function decisionOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  const level = withoutSpace(text);
  if (level.length > 1 && level[1] !== ',' && level[1] !== ' ') return undefined;
  return level[0] === '1' ? true : level[0] === '0' ? false : undefined;
}

export const instana: Format = {
  headers: [TRACE_ID, SPAN_ID, LEVEL],
  extract(headers) {
    const rawTraceId = headers.get(TRACE_ID);
    const rawSpanId = headers.get(SPAN_ID);
    if (rawTraceId === undefined || rawSpanId === undefined) return undefined;
    const traceId = traceIdOf(withoutSpace(rawTraceId));
    const spanId = spanIdOf(withoutSpace(rawSpanId));
    if (traceId === undefined || spanId === undefined) return undefined;
    return new FoundContext('instana', traceId, spanId, decisionOf(headers.get(LEVEL)));
  },
  traceId: (traceId, state) => sizedTraceId(traceId, state?.traceIdDigits),
  inject(outgoing, context, state) {
    if (context?.spanId === undefined) return;
    outgoing.put(TRACE_ID, sizedTraceId(context.traceId, state?.traceIdDigits));
    outgoing.put(SPAN_ID, context.spanId);
    if (context.sampled !== undefined) outgoing.put(LEVEL, context.sampled ? '1' : '0');
  },
};
