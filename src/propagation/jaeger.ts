/** Jaeger: `uber-trace-id: {trace}:{span}:{parent}:{flags}`, and baggage as `uberctx-{key}`. Deprecated, still met. */
import { FoundContext, isDebug, type Format } from './format.js';
import { readPairs, readPrefixed, writePrefixed } from './format-baggage.js';
import { hexDigit, idIn, isLowerHex, sizedTraceId } from './hex.js';
import { withoutSpace } from './text.js';

const HEADER = 'uber-trace-id';
/** Forces a debug trace in old clients. Not read, and not left to go beside what is written. */
const DEBUG_HEADER = 'jaeger-debug-id';
const BAGGAGE_PREFIX = 'uberctx-';
/** Written by hand, for trying: `key1=value1, key2=value2`. Read only. */
const BAGGAGE_HEADER = 'jaeger-baggage';
/** 32 + 16 + 16 + 2 digits and three colons, each colon possibly `%3A`; nothing longer is worth reading. */
const MAX_LENGTH = 80;

const FLAG_SAMPLED = 0x01;
/** Has a meaning only together with sampled. */
const FLAG_DEBUG = 0x02;

/** Ids may be shorter: zeros are put before them. Sizes are told by the digits that came, never by value. */
function parse(raw: string): FoundContext | undefined {
  if (raw.length > MAX_LENGTH) return undefined;
  let text = withoutSpace(raw);
  if (text.includes('%')) text = text.replace(/%3a/gi, ':');
  const first = text.indexOf(':');
  const second = text.indexOf(':', first + 1);
  const third = text.indexOf(':', second + 1);
  if (first < 1 || second < 0 || third < 0) return undefined;
  const spanDigits = second - first - 1;
  if (first > 32 || spanDigits > 16 || third === second + 1) return undefined;
  const traceId = idIn(text, 0, first);
  const spanId = idIn(text, first + 1, second);
  const flagDigits = text.length - third - 1;
  if (traceId === undefined || spanId === undefined || flagDigits < 1 || flagDigits > 2) return undefined;
  const flags = flagsOf(text, third + 1);
  if (flags === undefined) return undefined;
  const sampled = (flags & FLAG_SAMPLED) !== 0;
  const found = new FoundContext(
    'jaeger',
    traceId.padStart(first > 16 ? 32 : 16, '0'),
    spanId.padStart(16, '0'),
    sampled,
  );
  found.debug = sampled && (flags & FLAG_DEBUG) !== 0;
  // Deprecated and often `0`; a bad one is nobody's loss.
  if (third - second - 1 <= 16) found.parentSpanId = idIn(text, second + 1, third)?.padStart(16, '0');
  return found;
}

/** One or two digits in either case. */
function flagsOf(text: string, from: number): number | undefined {
  const digits = text.slice(from).toLowerCase();
  if (!isLowerHex(digits, 0, digits.length)) return undefined;
  const last = hexDigit(digits, digits.length - 1);
  return digits.length === 1 ? last : hexDigit(digits, 0) * 16 + last;
}

export const jaeger: Format = {
  headers: [HEADER, DEBUG_HEADER],
  baggage: { names: [BAGGAGE_HEADER], prefixes: [BAGGAGE_PREFIX] },
  extract(headers) {
    const raw = headers.get(HEADER);
    const found = raw === undefined ? undefined : parse(raw);
    if (found !== undefined) {
      found.formatBaggage = readPairs(headers.get(BAGGAGE_HEADER), readPrefixed(headers, BAGGAGE_PREFIX));
    }
    return found;
  },
  traceId: (traceId, state) => sizedTraceId(traceId, state?.traceIdDigits),
  inject(outgoing, context, state) {
    if (context?.spanId === undefined) return;
    const traceId = sizedTraceId(context.traceId, state?.traceIdDigits);
    const flags = isDebug(context, state) ? '3' : context.sampled === true ? '1' : '0';
    const parent = context.parentSpanId ?? '0';
    outgoing.put(HEADER, `${traceId}:${context.spanId}:${parent}:${flags}`);
    writePrefixed(outgoing, BAGGAGE_PREFIX, state?.formatBaggage);
  },
};
