/** The host's `redact`, asked once for each record before anybody gets it. What it cannot redact is not sent. */
import { ATTR_URL_PATH } from '@opentelemetry/semantic-conventions';
import { cutText, isUsableKey } from '../model/clean-values.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { DropReason } from '../model/ledger.js';
import type { LogRecordData, SpanEventData, SpanLinkData, SpanRecord } from '../model/records.js';
import type { AttributeLimits, RecordLimits } from '../model/record-limits.js';
import type { RedactableEvent, Redact, RedactionItem } from '../model/redaction.js';
import { containRejection } from '../model/settle.js';
import { copyBudget, copyFields, copyValue, type CopyBudget } from './copy-value.js';

/** Why a record is not sent. */
export type Refusal = Extract<DropReason, 'redacted' | 'redaction_failed'>;

export type Audience = RedactionItem['audience'];

/** Those of the library's own, which do not count for the limit; headers by name are the most of them. */
const OWN_ATTRIBUTES = 192;

export interface Redactor {
  /** Redacts the finished span itself, once, however often it is asked; `undefined`: it may be sent. */
  span(span: object): Refusal | undefined;
  /** A copy, redacted. */
  log(log: LogRecordData, audience: Audience): LogRecordData | Refusal;
}

type MutableSpan = { -readonly [Field in keyof SpanRecord]: SpanRecord[Field] };

export function createRedactor(
  redact: Redact,
  limits: RecordLimits,
  report: (diagnostic: Diagnostic) => void,
): Redactor {
  /** `null`: it may be sent. */
  const asked = new WeakMap<object, Refusal | null>();
  let isAsking = false;

  const failed = (what: string): Refusal => {
    report({ code: 'callback_failed', message: `The redact callback ${what}; the record was not sent` });
    return 'redaction_failed';
  };

  /** A record that the callback makes itself would ask it again, and so on for ever. */
  const ask = (item: RedactionItem): Refusal | undefined => {
    if (isAsking) return 'redaction_failed';
    isAsking = true;
    try {
      const answer: unknown = redact(item);
      if (answer === undefined || answer === true) return undefined;
      if (answer === false) return 'redacted';
      containRejection(answer);
      return failed('gave neither nothing nor true nor false');
    } catch {
      return failed('threw');
    } finally {
      isAsking = false;
    }
  };

  const redactSpan = (span: MutableSpan): Refusal | undefined => {
    const budget = copyBudget(limits.span.maxValueLength);
    const events = (span.events ?? []).map((event) => copyEvent(event, budget));
    const links = (span.links ?? []).map(({ attributes = {} }) => ({
      attributes: copyFields(attributes, budget),
    }));
    const item: RedactionItem = {
      signal: 'span',
      audience: 'operator',
      name: span.name,
      attributes: copyFields({ ...span.attributes, ...span.endAttributes }, budget),
      body: undefined,
      statusMessage: span.status.message,
      events: [...events],
      links: [...links],
    };
    const refusal = ask(item);
    if (refusal !== undefined) return refusal;
    const left = cleaned(item.attributes, limits.span);
    const leftEvents = eventsLeft(span.events ?? [], events, item.events, limits.span);
    const leftLinks = linksLeft(span.links ?? [], links, limits.span);
    const { code } = span.status;
    const message = textOf(item.statusMessage, limits.span.maxValueLength);
    span.attributes = left;
    if (span.endAttributes !== undefined) span.endAttributes = undefined;
    span.events = leftEvents;
    span.links = leftLinks;
    span.status = message === undefined ? { code } : { code, message };
    return undefined;
  };

  return {
    span(span) {
      const known = asked.get(span);
      if (known !== undefined) return known ?? undefined;
      let refusal: Refusal | undefined;
      try {
        refusal = redactSpan(span as MutableSpan);
      } catch {
        refusal = failed('met a span that cannot be copied');
      }
      asked.set(span, refusal ?? null);
      return refusal;
    },
    log(log, audience) {
      try {
        const budget = copyBudget(limits.log.maxValueLength);
        // Limits are for attributes: a long body stays as it is.
        const body = copyValue(log.body, copyBudget(Number.MAX_SAFE_INTEGER));
        const item: RedactionItem = {
          signal: 'log',
          audience,
          name: log.eventName ?? '',
          attributes: copyFields(log.attributes, budget),
          body,
          statusMessage: undefined,
          events: [],
          links: [],
        };
        const refusal = ask(item);
        if (refusal !== undefined) return refusal;
        const attributes = cleaned(item.attributes, limits.log);
        return redactedLog(log, attributes, bodyLeft(log, item, body, attributes));
      } catch {
        return failed('met a record that cannot be copied');
      }
    },
  };
}

function copyEvent({ name, attributes = {} }: SpanEventData, budget: CopyBudget): RedactableEvent {
  return { name, attributes: copyFields(attributes, budget) };
}

/** A copy that the callback cannot change later, within the limits. */
function cleaned(
  attributes: unknown,
  { maxAttributes, maxValueLength }: AttributeLimits,
): Record<string, unknown> {
  const left: Record<string, unknown> = {};
  if (typeof attributes !== 'object' || attributes === null) return left;
  const fields = attributes as Readonly<Record<string, unknown>>;
  const budget = copyBudget(maxValueLength);
  let count = 0;
  for (const key of Object.keys(fields)) {
    if (!isUsableKey(key) || fields[key] === undefined) continue;
    if (++count > maxAttributes + OWN_ATTRIBUTES) break;
    left[key] = copyValue(fields[key], budget);
  }
  return left;
}

function textOf(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' ? cutText(value, maxLength) : undefined;
}

/** Those that the callback has left, with their times; ones of its own have none and are not taken. */
function eventsLeft(
  events: readonly SpanEventData[],
  given: readonly RedactableEvent[],
  left: readonly RedactableEvent[],
  limits: AttributeLimits,
): SpanEventData[] {
  const kept = new Set<RedactableEvent>(left);
  return events.flatMap((event, index) => {
    const copy = given[index];
    if (copy === undefined || !kept.has(copy)) return [];
    const { time, name, droppedAttributesCount } = event;
    return [{ time, name, attributes: cleaned(copy.attributes, limits), droppedAttributesCount }];
  });
}

function linksLeft(
  links: readonly SpanLinkData[],
  given: readonly { readonly attributes: Record<string, unknown> }[],
  limits: AttributeLimits,
): SpanLinkData[] {
  return links.map(({ context, droppedAttributesCount }, index) => ({
    context,
    attributes: cleaned(given[index]?.attributes, limits),
    droppedAttributesCount,
  }));
}

/** The line of a request repeats its path: who has redacted the one has meant the other. */
function bodyLeft(log: LogRecordData, item: RedactionItem, given: unknown, attributes: object): unknown {
  const before = log.attributes[ATTR_URL_PATH];
  const after = (attributes as Readonly<Record<string, unknown>>)[ATTR_URL_PATH];
  const isSame = item.body === given;
  if (isSame && typeof given === 'string' && typeof before === 'string' && before !== '' && after !== before)
    return given.replaceAll(before, () => (typeof after === 'string' ? after : '-'));
  return copyValue(item.body, copyBudget(Number.MAX_SAFE_INTEGER));
}

/** Field by field: the SDK's record has them on its prototype. */
function redactedLog(log: LogRecordData, attributes: Record<string, unknown>, body: unknown): LogRecordData {
  return {
    timeMs: log.timeMs,
    hrTime: log.hrTime,
    observedTimeMs: log.observedTimeMs,
    hrTimeObserved: log.hrTimeObserved,
    severityNumber: log.severityNumber,
    severityText: log.severityText,
    body,
    eventName: log.eventName,
    attributes,
    doubleKeys: log.doubleKeys,
    droppedAttributesCount: log.droppedAttributesCount,
    traceId: log.traceId,
    spanId: log.spanId,
    traceFlags: log.traceFlags,
    spanContext: log.spanContext,
  };
}
