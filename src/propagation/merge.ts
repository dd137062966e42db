/** Several contexts in one request: the same trace in two formats, or another trace. */
import type { DatadogContext } from '../model/propagation.js';
import { DECISION_MAKER_TAG } from './datadog-state.js';
import type { FoundContext } from './format.js';

/** Enough for every format; a request cannot make the list grow. */
const MAX_LINKS = 16;

/** Also where one format carries only the low half of the id. */
function isSameTrace(one: FoundContext, other: FoundContext): boolean {
  const { traceId: a = '', traceIdDigits: digitsOfA } = one;
  const { traceId: b = '', traceIdDigits: digitsOfB } = other;
  if (a === b) return true;
  return (digitsOfA === 16 || digitsOfB === 16) && digitsOfA !== digitsOfB && a.endsWith(b.slice(16));
}

/** The first context keeps its ids; another of the same trace adds what it knows; a different trace becomes a link. */
export function mergeContexts(first: FoundContext, other: FoundContext): void {
  if (!isSameTrace(first, other)) {
    addLink(first, other);
    return;
  }
  // The same id with zeros before it is not longer.
  if (first.traceIdDigits < other.traceIdDigits && first.traceId !== other.traceId) {
    first.traceId = other.traceId;
    first.traceIdDigits = other.traceIdDigits;
  }
  // Hops that know W3C only change `traceparent` and leave Datadog's headers stale: its parent is the newer one.
  if (first.format === 'datadog' && other.format === 'w3c') first.spanId = other.spanId;
  first.spanId ??= other.spanId;
  first.parentSpanId ??= other.parentSpanId;
  first.sampled ??= other.sampled;
  first.debug ||= other.debug && first.sampled === true;
  first.random ||= other.random;
  first.traceState ??= other.traceState;
  first.datadog = mergeDatadog(first.datadog, other.datadog);
  first.formatBaggage ??= other.formatBaggage;
}

function mergeDatadog(
  first: DatadogContext | undefined,
  other: DatadogContext | undefined,
): DatadogContext | undefined {
  if (first === undefined || other === undefined) return first ?? other;
  const tags = { ...other.tags, ...first.tags };
  // Who decided goes with the decision.
  const decided = first.priority === undefined ? other : first;
  const maker = decided.tags[DECISION_MAKER_TAG];
  if (maker === undefined) delete tags[DECISION_MAKER_TAG];
  else tags[DECISION_MAKER_TAG] = maker;
  return { priority: decided.priority, origin: first.origin ?? other.origin, tags };
}

function addLink(first: FoundContext, { traceId, spanId, sampled, random, traceState }: FoundContext): void {
  // The API's links need both ids.
  if (traceId === undefined || spanId === undefined || first.links.length === MAX_LINKS) return;
  if (first.links.some((link) => link.traceId === traceId)) return;
  first.links = [...first.links, { traceId, spanId, sampled, random, traceState }];
}
