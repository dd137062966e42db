/**
 * Datadog's headers. Ids are unsigned decimals of 64 bits; the high half of the trace id travels as the tag `_dd.p.tid`.
 * Repeated headers: the last counts; tags are combined.
 */
import type { ContextToInject, ExtractedContext } from '../model/propagation.js';
import {
  datadogFor,
  formatTags,
  isOrigin,
  parsePriority,
  parseTags,
  TRACE_ID_HIGH_TAG,
} from './datadog-state.js';
import { decimalOfHex, hexOfDecimal } from './decimal.js';
import { FoundContext, type Format } from './format.js';
import { isAllZero, isLowerHex, ZERO_16 } from './hex.js';
import type { HeaderReader } from './read-headers.js';
import { lastOf, withoutSpace } from './text.js';
import type { Outgoing } from './write-headers.js';

const TRACE_ID = 'x-datadog-trace-id';
const PARENT_ID = 'x-datadog-parent-id';
const PRIORITY = 'x-datadog-sampling-priority';
const ORIGIN = 'x-datadog-origin';
const TAGS = 'x-datadog-tags';
/** Repeats included. */
const MAX_ID_TEXT = 256;

/** 16 hex digits; `undefined`: absent; `null`: malformed or zero. */
function idOf(headers: HeaderReader, name: string): string | null | undefined {
  const raw = headers.get(name);
  if (raw === undefined) return undefined;
  if (raw.length > MAX_ID_TEXT) return null;
  const text = lastOf(raw) ?? '';
  const hex = hexOfDecimal(text, 0, text.length);
  return hex === undefined || hex === ZERO_16 ? null : hex;
}

/** An origin may hold commas; Node joins repeats with a comma and a space. */
function originOf(headers: HeaderReader): string | undefined {
  const raw = headers.get(ORIGIN);
  if (raw === undefined) return undefined;
  const origin = withoutSpace(raw.slice(raw.lastIndexOf(', ') + 1));
  return isOrigin(origin) ? origin : undefined;
}

function extract(headers: HeaderReader): FoundContext | undefined {
  const traceId = idOf(headers, TRACE_ID);
  const parentId = idOf(headers, PARENT_ID);
  if (traceId === null || parentId === null) return undefined;
  const priorityText = headers.get(PRIORITY);
  const priority = priorityText === undefined ? undefined : parsePriority(lastOf(priorityText) ?? '');
  const sampled = priority === undefined ? undefined : priority > 0;
  if (traceId === undefined || parentId === undefined) {
    if (priority === undefined) return undefined;
    const decision = new FoundContext('datadog', undefined, undefined, sampled);
    decision.datadog = { priority, origin: originOf(headers), tags: {} };
    return decision;
  }
  const { [TRACE_ID_HIGH_TAG]: high, ...tags } = parseTags(headers.get(TAGS));
  const isHigh = high?.length === 16 && isLowerHex(high, 0, 16) && !isAllZero(high, 0, 16);
  const found = new FoundContext('datadog', isHigh ? high + traceId : traceId, parentId, sampled);
  found.datadog = { priority, origin: originOf(headers), tags };
  return found;
}

function inject(
  outgoing: Outgoing,
  context: ContextToInject | undefined,
  state: ExtractedContext | undefined,
): void {
  // A low half of zeros is an id that nobody could read.
  if (context !== undefined && (context.spanId === undefined || isAllZero(context.traceId, 16, 32))) return;
  const { priority, origin, tags } = datadogFor(
    context === undefined ? state?.sampled : context.sampled,
    state,
  );
  if (context?.spanId !== undefined) {
    outgoing.put(TRACE_ID, decimalOfHex(context.traceId.slice(16)));
    outgoing.put(PARENT_ID, decimalOfHex(context.spanId));
  }
  if (priority !== undefined) outgoing.put(PRIORITY, String(priority));
  if (origin !== undefined) outgoing.put(ORIGIN, origin);
  const high =
    context === undefined || isAllZero(context.traceId, 0, 16) ? undefined : context.traceId.slice(0, 16);
  const text = formatTags(tags, high);
  if (text !== '') outgoing.put(TAGS, text);
}

export const datadog: Format = {
  headers: [TRACE_ID, PARENT_ID, PRIORITY, ORIGIN, TAGS],
  extract,
  inject,
  traceId: (traceId) => decimalOfHex(traceId.slice(16)),
};
