/** W3C Trace Context, level 2: `traceparent` and `tracestate`. */
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';
import type { ContextToInject, ExtractedContext } from '../model/propagation.js';
import { readHeader, removeHeader, writeHeader } from './headers.js';
import { hexDigit, isAllZero, isLowerHex } from './hex.js';
import { parseTraceState } from './trace-state.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
/** `00-{32}-{16}-{2}`: exactly so long in version 00; later versions may go on after another dash. */
const LENGTH = 55;
/** No known version is longer; anything beyond is not worth reading. */
const MAX_LENGTH = 512;
const DASH = 0x2d;

const FLAG_SAMPLED = 0x01;
const FLAG_RANDOM = 0x02;

function isValid(value: string): boolean {
  if (value.length < LENGTH || value.length > MAX_LENGTH) return false;
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(35) !== DASH || value.charCodeAt(52) !== DASH)
    return false;
  if (
    !isLowerHex(value, 0, 2) ||
    !isLowerHex(value, 3, 35) ||
    !isLowerHex(value, 36, 52) ||
    !isLowerHex(value, 53, 55)
  ) {
    return false;
  }
  if (isAllZero(value, 3, 35) || isAllZero(value, 36, 52)) return false;
  const version = hexDigit(value, 0) * 16 + hexDigit(value, 1);
  if (version === 0xff) return false;
  return value.length === LENGTH || (version !== 0 && value.charCodeAt(LENGTH) === DASH);
}

/** Without spaces and tabs around it; `trim` would take every Unicode space. */
function withoutSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text.charCodeAt(from) === 0x20 || text.charCodeAt(from) === 0x09)) from++;
  while (to > from && (text.charCodeAt(to - 1) === 0x20 || text.charCodeAt(to - 1) === 0x09)) to--;
  return text.slice(from, to);
}

/** Two `traceparent` headers arrive joined by a comma, which no valid value holds. A bad one hides its `tracestate`. */
export function extractW3c(headers: ReadableHeaders): ExtractedContext | undefined {
  const raw = readHeader(headers, TRACEPARENT);
  if (raw === undefined) return undefined;
  // Optional white space around a header value is not part of it; only object callers can leave it in.
  const value = raw.length === LENGTH ? raw : withoutSpace(raw);
  if (!isValid(value)) return undefined;
  const flags = hexDigit(value, 53) * 16 + hexDigit(value, 54);
  return {
    format: 'w3c',
    traceId: value.slice(3, 35),
    spanId: value.slice(36, 52),
    sampled: (flags & FLAG_SAMPLED) !== 0,
    random: (flags & FLAG_RANDOM) !== 0,
    traceState: parseTraceState(readHeader(headers, TRACESTATE)),
  };
}

/** Writes version 00. Bits other than sampled and random are always zero, as level 2 demands. */
export function injectW3c(
  headers: WritableHeaders,
  context: ContextToInject | undefined,
  extracted: ExtractedContext | undefined,
): void {
  if (context === undefined) {
    removeHeader(headers, TRACEPARENT);
    removeHeader(headers, TRACESTATE);
    return;
  }
  const flags = context.sampled ? (context.random ? '03' : '01') : context.random ? '02' : '00';
  writeHeader(headers, TRACEPARENT, `00-${context.traceId}-${context.spanId}-${flags}`);
  if (extracted?.traceState !== undefined && extracted.traceId === context.traceId) {
    writeHeader(headers, TRACESTATE, extracted.traceState);
  } else {
    removeHeader(headers, TRACESTATE);
  }
}
