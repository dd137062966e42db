/** B3, single and several headers. The standard has lower-case ids of 16 or 32 digits, and so has this reader. */
import type { ContextToInject, ExtractedContext } from '../model/propagation.js';
import { FoundContext, type Format } from './format.js';
import { isAllZero, isId, isLowerHex, sizedTraceId } from './hex.js';
import type { HeaderReader } from './read-headers.js';
import { firstOf, withoutSpace } from './text.js';

const SINGLE = 'b3';
const TRACE_ID = 'x-b3-traceid';
const SPAN_ID = 'x-b3-spanid';
const PARENT_SPAN_ID = 'x-b3-parentspanid';
const SAMPLED = 'x-b3-sampled';
const FLAGS = 'x-b3-flags';
const HEADERS = [SINGLE, TRACE_ID, SPAN_ID, PARENT_SPAN_ID, SAMPLED, FLAGS];

const DASH = 0x2d;

/** What one character says: accept, deny, or debug, which implies accept. */
function setDecision(context: FoundContext, state: string | undefined): boolean {
  if (state === '1' || state === 'd') context.sampled = true;
  else if (state === '0') context.sampled = false;
  else return false;
  context.debug = state === 'd';
  return true;
}

/** `{trace}-{span}[-{0|1|d}][-{parent}]` or `0`, `1`, `d`. Anything else, also behind it, is malformed: `null`. */
function parseSingle(raw: string): FoundContext | null {
  const text = withoutSpace(raw);
  if (text.length === 1) {
    const decision = new FoundContext('b3-single', undefined, undefined, undefined);
    return setDecision(decision, text) ? decision : null;
  }
  const traceEnd = text.charCodeAt(16) === DASH ? 16 : 32;
  const spanEnd = traceEnd + 17;
  if (text.length < spanEnd || text.charCodeAt(traceEnd) !== DASH) return null;
  if (!isId(text, 0, traceEnd) || !isId(text, traceEnd + 1, spanEnd)) return null;
  const found = new FoundContext(
    'b3-single',
    text.slice(0, traceEnd),
    text.slice(traceEnd + 1, spanEnd),
    undefined,
  );
  let at = spanEnd;
  if (at < text.length && (text.length === at + 2 || text.charCodeAt(at + 2) === DASH)) {
    if (text.charCodeAt(at) !== DASH || !setDecision(found, text[at + 1])) return null;
    at += 2;
  }
  if (at < text.length) {
    if (text.length !== at + 17 || text.charCodeAt(at) !== DASH || !isLowerHex(text, at + 1, at + 17))
      return null;
    if (!isAllZero(text, at + 1, at + 17)) found.parentSpanId = text.slice(at + 1);
  }
  return found;
}

/** Repeats: the first. A decision stands alone where ids are missing, not where they are malformed: `null`. */
function parseMulti(headers: HeaderReader): FoundContext | null | undefined {
  const traceId = firstOf(headers.get(TRACE_ID));
  const spanId = firstOf(headers.get(SPAN_ID));
  const hasTraceId = traceId !== undefined && traceId !== '';
  const hasSpanId = spanId !== undefined && spanId !== '';
  if (hasTraceId && !((traceId.length === 16 || traceId.length === 32) && isId(traceId, 0, traceId.length))) {
    return null;
  }
  if (hasSpanId && !(spanId.length === 16 && isId(spanId, 0, 16))) return null;
  const hasIds = hasTraceId && hasSpanId;
  const found = new FoundContext('b3', hasIds ? traceId : undefined, hasIds ? spanId : undefined, undefined);
  const sampled = firstOf(headers.get(SAMPLED));
  if (sampled === '1' || sampled === 'true') found.sampled = true;
  else if (sampled === '0' || sampled === 'false') found.sampled = false;
  if (firstOf(headers.get(FLAGS)) === '1') {
    found.debug = true;
    found.sampled = true;
  }
  if (!hasIds) return found.sampled === undefined ? undefined : found;
  const parent = firstOf(headers.get(PARENT_SPAN_ID));
  if (parent?.length === 16 && isId(parent, 0, 16)) found.parentSpanId = parent;
  return found;
}

/** The single header first; a malformed one, or one with a decision only, leaves the ids to the several headers. */
function extract(headers: HeaderReader): FoundContext | undefined {
  const raw = headers.get(SINGLE);
  const single = raw === undefined ? undefined : parseSingle(raw);
  if (single?.traceId !== undefined) return single;
  const multi = parseMulti(headers);
  if (multi?.traceId !== undefined) {
    if (single) {
      multi.sampled = single.sampled;
      multi.debug = single.debug;
    }
    return multi;
  }
  // A decision beside malformed ids is as doubtful as they are.
  if (single === null || multi === null) return undefined;
  return single ?? multi;
}

function traceId(id: string, state: ExtractedContext | undefined): string {
  return sizedTraceId(id, state?.traceIdDigits);
}

/** Without ids there may still be a decision to pass on. */
function decisionOf(
  context: ContextToInject | undefined,
  state: ExtractedContext | undefined,
): '0' | '1' | 'd' | undefined {
  const sampled = context === undefined ? state?.sampled : context.sampled;
  if (state?.debug === true && sampled !== false) return 'd';
  return sampled === undefined ? undefined : sampled ? '1' : '0';
}

export const b3: Format = {
  headers: HEADERS,
  extract,
  traceId,
  inject(outgoing, context, state) {
    if (context !== undefined) {
      if (context.spanId === undefined) return;
      outgoing.put(TRACE_ID, traceId(context.traceId, state));
      outgoing.put(SPAN_ID, context.spanId);
      if (context.parentSpanId !== undefined) outgoing.put(PARENT_SPAN_ID, context.parentSpanId);
    }
    const decision = decisionOf(context, state);
    // Debug implies accept, which is then not to be sent.
    if (decision === 'd') outgoing.put(FLAGS, '1');
    else if (decision !== undefined) outgoing.put(SAMPLED, decision);
  },
};

export const b3Single: Format = {
  headers: HEADERS,
  extract,
  traceId,
  inject(outgoing, context, state) {
    const decision = decisionOf(context, state);
    if (context === undefined) {
      if (decision !== undefined) outgoing.put(SINGLE, decision);
      return;
    }
    if (context.spanId === undefined) return;
    let value = `${traceId(context.traceId, state)}-${context.spanId}`;
    if (decision !== undefined) value += `-${decision}`;
    if (context.parentSpanId !== undefined) value += `-${context.parentSpanId}`;
    outgoing.put(SINGLE, value);
  },
};
