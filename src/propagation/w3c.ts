/** W3C Trace Context, level 2: `traceparent` and `tracestate`. */
import type { ContextToInject, ExtractedContext } from '../model/propagation.js';
import { DATADOG_MEMBER, datadogFor, formatMember } from './datadog-state.js';
import { FoundContext, type Format, type InjectPlan } from './format.js';
import { hexDigit, isAllZero, isLowerHex } from './hex.js';
import type { HeaderReader } from './read-headers.js';
import { withoutSpace } from './text.js';
import { parseTraceState, withMember } from './trace-state.js';
import type { Outgoing } from './write-headers.js';

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

/** Two `traceparent` headers arrive joined by a comma, which no valid value holds. A bad one hides its `tracestate`. */
function extract(headers: HeaderReader): FoundContext | undefined {
  const raw = headers.get(TRACEPARENT);
  if (raw === undefined) return undefined;
  // Optional white space around a header value is not part of it; only object callers can leave it in.
  const value = raw.length === LENGTH ? raw : withoutSpace(raw);
  if (!isValid(value)) return undefined;
  const flags = hexDigit(value, 53) * 16 + hexDigit(value, 54);
  const found = new FoundContext(
    'w3c',
    value.slice(3, 35),
    value.slice(36, 52),
    (flags & FLAG_SAMPLED) !== 0,
  );
  found.random = (flags & FLAG_RANDOM) !== 0;
  found.traceState = parseTraceState(headers.get(TRACESTATE));
  return found;
}

/**
 * Writes version 00. Bits other than sampled and random are always zero, as level 2 demands. Undecided is written as 0,
 * the standard's default for a decision that is yet to be made.
 */
function inject(
  outgoing: Outgoing,
  context: ContextToInject | undefined,
  state: ExtractedContext | undefined,
  plan: InjectPlan,
): void {
  if (context?.spanId === undefined) return;
  const sampled = context.sampled === true;
  const random = context.random === true;
  const flags = sampled ? (random ? '03' : '01') : random ? '02' : '00';
  outgoing.put(TRACEPARENT, `00-${context.traceId}-${context.spanId}-${flags}`);
  let traceState = state?.traceState;
  if (plan.datadogMember || state?.datadog !== undefined) {
    const member = formatMember(datadogFor(context.sampled, state), context.spanId);
    traceState = withMember(DATADOG_MEMBER, member, traceState);
  }
  if (traceState !== undefined) outgoing.put(TRACESTATE, traceState);
}

export const w3c: Format = {
  headers: [TRACEPARENT, TRACESTATE],
  extract,
  inject,
  traceId: (traceId) => traceId,
};
