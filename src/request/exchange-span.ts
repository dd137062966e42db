/**
 * SERVER and CLIENT spans as objects of our own: the API's `Span` on one side, what exporters read on the other. The SDK's
 * span drops the W3C random flag, cannot be kept late, and costs more than everything else of a request together.
 */
import { isSpanContextValid } from '@opentelemetry/api';
import type {
  Attributes as ApiAttributes,
  AttributeValue as ApiAttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api';
import { exceptionText } from '../model/exception-text.js';
import { readException, type ExceptionFacts } from '../model/exception.js';
import { hasFields } from '../model/fields.js';
import { hrTimeOf } from '../model/hr-time.js';
import type { HrTimePair } from '../model/hr-time.js';
import type { MutableAttributes } from '../model/attributes.js';
import { exceptionAttributes } from './exception-attributes.js';
import type { RecordLimits, SpanLimits } from '../model/record-limits.js';
import type { SpanEventData, SpanLinkData, SpanRecord } from '../model/records.js';
import { cleanName, cleanValue, isUsableKey, MAX_VALUE_LENGTH } from './limits.js';

/** The API's numbers. */
export const KIND_INTERNAL = 0;
export const KIND_SERVER = 1;
export const KIND_CLIENT = 2;
export const SPAN_ERROR = Object.freeze({ code: 2 });
const STATUS_UNSET = 0;
const FLAG_SAMPLED = 0x01;
/** The last that fits 64 bits of nanoseconds, in 2554. */
const MAX_EPOCH_MS = 18_446_744_073_709;

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_EPOCH_MS / 1_000;
}

/** What the span needs from its instance. */
export interface SpanHome {
  readonly names: { readonly doubleKeys: readonly string[] };
  readonly scope: { readonly name: string; readonly version: string };
  readonly exceptions: { readonly stackTraces: boolean };
  /** The operator's resource as an SDK object, made when a host's processor or exporter asks for it. */
  resource(): object;
  nowEpochMs(): number;
  readonly limits: RecordLimits;
}

/** A span of one exchange, which alone ends it; after that it does not change. */
export class ExchangeSpan implements Span, SpanRecord {
  readonly kind: number;
  readonly startTimeMs: number;
  readonly parentSpanContext: SpanContext | undefined;
  readonly links: SpanLinkData[] = [];
  readonly events: SpanEventData[] = [];
  attributes: MutableAttributes = {};
  endAttributes: MutableAttributes | undefined;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  status: SpanStatus = { code: STATUS_UNSET };
  endTimeMs: number;
  ended = false;
  #name: string;
  #renamed = false;
  #attributeCount = 0;
  #doubleKeys: readonly string[] | undefined;
  #exceptions: WeakSet<object> | undefined;
  readonly #context: SpanContext;
  readonly #home: SpanHome;

  constructor(
    home: SpanHome,
    kind: number,
    name: string,
    context: SpanContext,
    parent: SpanContext | undefined,
    startTimeMs: number,
  ) {
    this.#home = home;
    this.kind = kind;
    this.#name = name;
    this.#context = context;
    this.parentSpanContext = parent;
    this.startTimeMs = startTimeMs;
    this.endTimeMs = startTimeMs;
  }

  get name(): string {
    return this.#name;
  }

  get startTime(): HrTimePair {
    return hrTimeOf(this.startTimeMs);
  }

  get endTime(): HrTimePair {
    return hrTimeOf(this.endTimeMs);
  }

  get duration(): HrTimePair {
    return hrTimeOf(this.endTimeMs - this.startTimeMs);
  }

  get resource(): object {
    return this.#home.resource();
  }

  get instrumentationScope(): { readonly name: string; readonly version: string } {
    return this.#home.scope;
  }

  get doubleKeys(): readonly string[] {
    return this.#doubleKeys ?? this.#home.names.doubleKeys;
  }

  /** For the few spans that have more attributes of the kind than most. */
  useDoubleKeys(keys: readonly string[]): void {
    this.#doubleKeys = keys;
  }

  get #limits(): SpanLimits {
    return this.#home.limits.span;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  get isSampled(): boolean {
    return (this.#context.traceFlags & FLAG_SAMPLED) !== 0;
  }

  /** Also of one that is not sampled, where it may be kept at its end: what is written to it is not in vain. */
  isRecording(): boolean {
    return !this.ended;
  }

  /** The library's own attributes, beside those that a host has set, whose word wins. They do not count for the limit. */
  complete(own: MutableAttributes): void {
    this.attributes = this.#attributeCount === 0 ? own : Object.assign(own, this.attributes);
  }

  /** What the end adds, and nothing that a host has set stands against. `whole`: somebody is going to read the attributes. */
  completeAtEnd(end: MutableAttributes, whole: boolean): void {
    if (whole || this.#attributeCount > 0) Object.assign(this.attributes, end);
    else this.endAttributes = end;
  }

  setAttribute(key: string, value: ApiAttributeValue): this {
    if (this.ended || !isUsableKey(key)) return this;
    const cleaned = cleanValue(value, this.#limits.maxValueLength);
    if (cleaned === undefined) return this;
    if (!Object.hasOwn(this.attributes, key)) {
      if (this.#attributeCount >= this.#limits.maxAttributes) {
        this.droppedAttributesCount++;
        return this;
      }
      this.#attributeCount++;
    }
    this.attributes[key] = cleaned;
    return this;
  }

  setAttributes(attributes: ApiAttributes): this {
    const { attributes: cleaned, dropped } = this.#cleanAll(attributes, this.#limits.maxAttributes);
    this.droppedAttributesCount += this.ended ? 0 : dropped;
    for (const key in cleaned) this.setAttribute(key, cleaned[key] as ApiAttributeValue);
    return this;
  }

  addEvent(name: string, attributesOrTime?: ApiAttributes | TimeInput, time?: TimeInput): this {
    try {
      this.#addEvent(name, attributesOrTime, time);
    } catch {
      // A request must not fail over what is told of it.
    }
    return this;
  }

  #addEvent(name: string, attributesOrTime?: ApiAttributes | TimeInput, time?: TimeInput): void {
    if (this.ended) return;
    if (this.events.length >= this.#limits.maxEvents) {
      this.droppedEventsCount++;
      return;
    }
    const isTime =
      typeof attributesOrTime === 'number' ||
      attributesOrTime instanceof Date ||
      Array.isArray(attributesOrTime);
    const at = isTime ? attributesOrTime : time;
    const { attributes, dropped } = isTime
      ? { attributes: {}, dropped: 0 }
      : this.#cleanAll(attributesOrTime, this.#limits.maxEventAttributes);
    this.events.push({
      name: cleanName(name) ?? 'event',
      time: this.#timeOf(at),
      attributes,
      droppedAttributesCount: dropped,
    });
  }

  /** Whatever was thrown, `null` too: it must not fail the request that tells of it. */
  recordException(exception: Exception, time?: TimeInput): void {
    const thrown: unknown = exception;
    if (typeof thrown === 'object' && thrown !== null) (this.#exceptions ??= new WeakSet()).add(thrown);
    try {
      const facts = readException(thrown, this.#home.exceptions.stackTraces);
      if (facts !== undefined) this.addException(facts, this.#timeOf(time));
    } catch {
      // As above.
    }
  }

  /** Whether the host has told of it already. */
  hasException(thrown: unknown): boolean {
    return typeof thrown === 'object' && thrown !== null && this.#exceptions?.has(thrown) === true;
  }

  /** Its texts are cut already, the stack trace further than other values. */
  addException(facts: ExceptionFacts, time: HrTimePair): void {
    if (this.ended) return;
    if (this.events.length >= this.#limits.maxEvents) this.droppedEventsCount++;
    else
      this.events.push({
        name: 'exception',
        time,
        attributes: exceptionAttributes(facts),
        droppedAttributesCount: 0,
      });
  }

  addLink(link: Link): this {
    if (this.ended) return this;
    try {
      const { context, attributes } = link;
      // A link to nothing could not be encoded, and would cost the whole record.
      if (!isSpanContextValid(context)) return this;
      if (this.links.length >= this.#limits.maxLinks) this.droppedLinksCount++;
      else {
        const kept = this.#cleanAll(attributes, this.#limits.maxLinkAttributes);
        this.links.push({ context, attributes: kept.attributes, droppedAttributesCount: kept.dropped });
      }
    } catch {
      // A request must not fail over what is told of it.
    }
    return this;
  }

  addLinks(links: Link[]): this {
    try {
      if (Array.isArray(links)) for (const link of links) this.addLink(link);
    } catch {
      // As above.
    }
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.ended && typeof (status as SpanStatus | undefined)?.code === 'number') {
      this.status = {
        code: status.code,
        // Hosts put the message of what was thrown here.
        ...(typeof status.message === 'string' && {
          message: exceptionText(status.message, MAX_VALUE_LENGTH),
        }),
      };
    }
    return this;
  }

  updateName(name: string): this {
    const cleaned = cleanName(name);
    if (!this.ended && cleaned !== undefined) {
      this.#name = cleaned;
      this.#renamed = true;
    }
    return this;
  }

  /** Without effect: the exchange ends its span. */
  end(): void {
    // The API demands the method; a host that ends the span early must not cut the record short.
  }

  /** Names it, unless the host has, and closes it. */
  finish(name: string, endTimeMs: number): void {
    if (!this.#renamed) this.#name = name;
    this.endTimeMs = Math.max(endTimeMs, this.startTimeMs);
    this.ended = true;
  }

  /** A getter that throws ends the reading: what came before it stays. */
  #cleanAll(
    given: ApiAttributes | undefined,
    maxAttributes: number,
  ): { readonly attributes: MutableAttributes; readonly dropped: number } {
    const attributes: MutableAttributes = {};
    let count = 0;
    if (!hasFields(given)) return { attributes, dropped: 0 };
    try {
      for (const key in given) {
        if (!isUsableKey(key)) continue;
        // What does not fit is not even read.
        if (++count > maxAttributes) continue;
        const value = cleanValue(given[key], this.#limits.maxValueLength);
        if (value === undefined) count--;
        else attributes[key] = value;
      }
    } catch {
      // A request must not fail over what is told of it.
    }
    return { attributes, dropped: Math.max(0, count - maxAttributes) };
  }

  #timeOf(time: TimeInput | undefined): HrTimePair {
    const ms = time instanceof Date ? time.getTime() : time;
    if (typeof ms === 'number' && ms >= 0 && ms < MAX_EPOCH_MS) return hrTimeOf(ms);
    const [seconds, nanos] = Array.isArray(ms) ? (ms as readonly unknown[]) : [];
    // What cannot be a time could not be encoded, and would cost the whole record.
    return isWhole(seconds) && isWhole(nanos) ? [seconds, nanos] : hrTimeOf(this.#home.nowEpochMs());
  }
}
