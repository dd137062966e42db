/** Records on their way: encoded when the first destination asks, converted when a ready-made exporter does. */
import type { Attributes } from '../model/attributes.js';
import type { DestinationResource, OutgoingRecord, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { hrTimeOf } from '../model/hr-time.js';
import type { HrTimePair } from '../model/hr-time.js';
import type { AttributeRecord, LogRecordData, SpanRecord } from '../model/records.js';
import type { Audience, Redactor, Refusal } from './redactor.js';

function hrTimeBetween(
  [startSeconds, startNanos]: HrTimePair,
  [endSeconds, endNanos]: HrTimePair,
): HrTimePair {
  const nanos = endNanos - startNanos;
  return nanos < 0 ? [endSeconds - startSeconds - 1, nanos + 1e9] : [endSeconds - startSeconds, nanos];
}

/** The API's `SpanStatusCode.ERROR`. */
const STATUS_ERROR = 2;
/** The Logs data model: 17 to 20 are ERROR, what is above is FATAL. */
const SEVERITY_ERROR = 17;

/** Makes the SDK's resource object of a destination. */
type ResourceObject = (resource: DestinationResource) => object;

/** A record that the host's `redact` can look at. */
export interface RedactableRecord extends OutgoingRecord {
  redactedBy(redactor: Redactor, audience: Audience): OutgoingRecord | Refusal;
}

export class OutgoingSpan implements RedactableRecord {
  readonly scope: Scope;
  readonly #span: SpanRecord;
  readonly #encoders: Encoders;
  readonly #resourceObject: ResourceObject;
  #bytes: Uint8Array | undefined;

  constructor(span: SpanRecord, scope: Scope, encoders: Encoders, resourceObject: ResourceObject) {
    this.#span = span;
    this.scope = scope;
    this.#encoders = encoders;
    this.#resourceObject = resourceObject;
  }

  get record(): SpanRecord {
    return this.#span;
  }

  get isError(): boolean {
    return this.#span.status.code === STATUS_ERROR;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  bytes(): Uint8Array {
    return (this.#bytes ??= this.#encoders.span(this.#span));
  }

  redactedBy(redactor: Redactor): OutgoingRecord | Refusal {
    return redactor.span(this.#span) ?? this;
  }

  /** The SDK's `ReadableSpan`, as a copy, because each destination has a resource of its own. */
  readable(resource: DestinationResource): object {
    const span = this.#span;
    const { startTime, endTime } = span;
    return {
      name: span.name,
      kind: span.kind,
      spanContext: () => span.spanContext(),
      parentSpanContext: span.parentSpanContext,
      startTime,
      endTime,
      duration: hrTimeBetween(startTime, endTime),
      ended: true,
      status: span.status,
      attributes:
        span.endAttributes === undefined ? span.attributes : { ...span.attributes, ...span.endAttributes },
      links: span.links,
      events: span.events,
      droppedAttributesCount: span.droppedAttributesCount,
      droppedEventsCount: span.droppedEventsCount,
      droppedLinksCount: span.droppedLinksCount,
      resource: this.#resourceObject(resource),
      instrumentationScope: { name: this.scope.name, version: this.scope.version },
    };
  }
}

export class OutgoingLog implements RedactableRecord {
  readonly scope: Scope;
  readonly #log: LogRecordData;
  readonly #encoders: Encoders;
  readonly #resourceObject: ResourceObject;
  #bytes: Uint8Array | undefined;

  constructor(log: LogRecordData, scope: Scope, encoders: Encoders, resourceObject: ResourceObject) {
    this.#log = log;
    this.scope = scope;
    this.#encoders = encoders;
    this.#resourceObject = resourceObject;
  }

  get isError(): boolean {
    return (this.#log.severityNumber ?? 0) >= SEVERITY_ERROR;
  }

  get severityNumber(): number | undefined {
    return this.#log.severityNumber;
  }

  get traceId(): string | undefined {
    return this.#log.traceId ?? this.#log.spanContext?.traceId;
  }

  bytes(): Uint8Array {
    return (this.#bytes ??= this.#encoders.log(this.#log));
  }

  redactedBy(redactor: Redactor, audience: Audience): OutgoingRecord | Refusal {
    const log = redactor.log(this.#log, audience);
    return typeof log === 'string'
      ? log
      : new OutgoingLog(log, this.scope, this.#encoders, this.#resourceObject);
  }

  /** A record of its own, with further attributes. */
  extended(attributes: Attributes): OutgoingLog {
    const log = this.#log;
    const all = { ...log, attributes: { ...log.attributes, ...attributes } };
    return new OutgoingLog(all, this.scope, this.#encoders, this.#resourceObject);
  }

  /** The SDK's `ReadableLogRecord`. */
  readable(resource: DestinationResource): object {
    const log = this.#log;
    const hrTime = log.hrTime ?? hrTimeOf(log.timeMs ?? 0);
    return {
      hrTime,
      hrTimeObserved:
        log.hrTimeObserved ?? (log.observedTimeMs === undefined ? hrTime : hrTimeOf(log.observedTimeMs)),
      severityNumber: log.severityNumber,
      severityText: log.severityText,
      body: log.body,
      eventName: log.eventName,
      attributes: log.attributes,
      droppedAttributesCount: log.droppedAttributesCount ?? 0,
      spanContext:
        log.spanContext ??
        (log.traceId
          ? { traceId: log.traceId, spanId: log.spanId ?? '', traceFlags: log.traceFlags ?? 0 }
          : undefined),
      resource: this.#resourceObject(resource),
      instrumentationScope: { name: this.scope.name, version: this.scope.version },
    };
  }
}

/** A log record that others share, with attributes of one owner's own: encoded once all the same. */
export class ExtendedLog implements RedactableRecord {
  readonly scope: Scope;
  readonly #shared: OutgoingLog;
  readonly #attributes: Attributes;
  readonly #doubleKeys: readonly string[];
  readonly #encoders: Encoders;
  #bytes: Uint8Array | undefined;

  constructor(
    shared: OutgoingLog,
    attributes: Attributes,
    doubleKeys: readonly string[],
    encoders: Encoders,
  ) {
    this.scope = shared.scope;
    this.#shared = shared;
    this.#attributes = attributes;
    this.#doubleKeys = doubleKeys;
    this.#encoders = encoders;
  }

  get isError(): boolean {
    return this.#shared.isError;
  }

  get severityNumber(): number | undefined {
    return this.#shared.severityNumber;
  }

  get traceId(): string | undefined {
    return this.#shared.traceId;
  }

  bytes(): Uint8Array {
    return (this.#bytes ??= this.#encoders.extendedLog(
      this.#shared.bytes(),
      this.#attributes,
      this.#doubleKeys,
    ));
  }

  redactedBy(redactor: Redactor, audience: Audience): OutgoingRecord | Refusal {
    return this.#shared.extended(this.#attributes).redactedBy(redactor, audience);
  }

  readable(resource: DestinationResource): object {
    const readable = this.#shared.readable(resource) as { readonly attributes: AttributeRecord };
    return { ...readable, attributes: { ...readable.attributes, ...this.#attributes } };
  }
}
