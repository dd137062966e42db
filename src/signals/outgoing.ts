/** Records on their way: encoded when the first destination asks, converted when a ready-made exporter does. */
import type { DestinationResource, OutgoingRecord, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { LogRecordData, SpanRecord } from '../model/records.js';

type HrTime = [number, number];

function hrTimeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}

export class OutgoingSpan implements OutgoingRecord {
  readonly scope: Scope;
  readonly #span: SpanRecord;
  readonly #encoders: Encoders;
  #bytes: Uint8Array | undefined;

  constructor(span: SpanRecord, scope: Scope, encoders: Encoders) {
    this.#span = span;
    this.scope = scope;
    this.#encoders = encoders;
  }

  bytes(): Uint8Array {
    return (this.#bytes ??= this.#encoders.span(this.#span));
  }

  /** Spans are `ReadableSpan`s already. */
  readable(): object {
    return this.#span;
  }
}

export class OutgoingLog implements OutgoingRecord {
  readonly scope: Scope;
  readonly #log: LogRecordData;
  readonly #encoders: Encoders;
  readonly #resourceObject: (resource: DestinationResource) => object;
  #bytes: Uint8Array | undefined;

  constructor(
    log: LogRecordData,
    scope: Scope,
    encoders: Encoders,
    resourceObject: (resource: DestinationResource) => object,
  ) {
    this.#log = log;
    this.scope = scope;
    this.#encoders = encoders;
    this.#resourceObject = resourceObject;
  }

  bytes(): Uint8Array {
    return (this.#bytes ??= this.#encoders.log(this.#log));
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
