import type { HrTime } from '@opentelemetry/api';

/** Attributes as any producer hands them over; every value is legal, see `writeAttributes`. */
export type AttributeRecord = Readonly<Record<string, unknown>>;

/** The part of a span context that reaches the wire. Ids are hex, 32 and 16 digits. */
export interface SpanContextData {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
  readonly isRemote?: boolean | undefined;
}

export interface SpanEventData {
  readonly time: HrTime;
  readonly name: string;
  readonly attributes?: AttributeRecord | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

export interface SpanLinkData {
  readonly context: SpanContextData;
  readonly attributes?: AttributeRecord | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

export interface SpanStatusData {
  /** 0 unset, 1 ok, 2 error: the same numbers as on the wire. */
  readonly code: number;
  readonly message?: string | undefined;
}

/** A finished span: a structural subset of the SDK's `ReadableSpan`. */
export interface SpanRecord {
  readonly name: string;
  /** The API's SpanKind, 0 INTERNAL to 4 CONSUMER; the wire number is one higher. */
  readonly kind: number;
  spanContext(): SpanContextData;
  readonly parentSpanContext?:
    { readonly spanId: string; readonly isRemote?: boolean | undefined } | undefined;
  /** Not read when `startTimeMs` is present, so it may be an expensive getter. */
  readonly startTime: HrTime;
  /** Not read when `endTimeMs` is present, so it may be an expensive getter. */
  readonly endTime: HrTime;
  /** Epoch milliseconds; the fraction is kept to the nanosecond. */
  readonly startTimeMs?: number | undefined;
  /** Epoch milliseconds; the fraction is kept to the nanosecond. */
  readonly endTimeMs?: number | undefined;
  readonly attributes: AttributeRecord;
  /**
   * Further ones, other than those: an object is slow from 20 properties on, which cost a span 3 µs (measured), and a
   * proxied request has more.
   */
  readonly endAttributes?: AttributeRecord | undefined;
  /** The attributes, also of its events, that are doubles on the wire also when they are whole. */
  readonly doubleKeys?: readonly string[] | undefined;
  readonly droppedAttributesCount: number;
  readonly events: readonly SpanEventData[];
  readonly droppedEventsCount: number;
  readonly links: readonly SpanLinkData[];
  readonly droppedLinksCount: number;
  readonly status: SpanStatusData;
}

/** A finished log record: a structural superset of what the SDK's `ReadableLogRecord` carries. */
export interface LogRecordData {
  /** Epoch milliseconds; used instead of `hrTime` when present. */
  readonly timeMs?: number | undefined;
  readonly hrTime?: HrTime | undefined;
  /** Epoch milliseconds; used instead of `hrTimeObserved` when present. */
  readonly observedTimeMs?: number | undefined;
  readonly hrTimeObserved?: HrTime | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  /** Any AnyValue; null is written as the empty value, undefined is left out. */
  readonly body?: unknown;
  readonly eventName?: string | undefined;
  readonly attributes: AttributeRecord;
  /** The attributes that are doubles on the wire also when they are whole. */
  readonly doubleKeys?: readonly string[] | undefined;
  readonly droppedAttributesCount?: number | undefined;
  /** The three flat fields win over `spanContext`. */
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly traceFlags?: number | undefined;
  readonly spanContext?:
    { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | undefined;
}
