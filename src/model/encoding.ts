/** The encoders, as the stages see them; handed in by the composition root. */
import type { Attributes } from './attributes.js';
import type { MetricRecord } from './metric-record.js';
import type { LogRecordData, SpanRecord } from './records.js';
import type { Signal } from './signal.js';

/** Each answer is a view of a shared buffer, valid until the next call on the same encoder. */
export interface Encoders {
  span(record: SpanRecord): Uint8Array;
  log(record: LogRecordData): Uint8Array;
  /** An encoded log record with further attributes, which must have other names than its own. */
  extendedLog(log: Uint8Array, attributes: Attributes, doubleKeys: readonly string[]): Uint8Array;
  /** `Metric` messages, each framed as field 2 of `ScopeMetrics`. The caller owns the answer. */
  metrics(records: readonly MetricRecord[]): Uint8Array;
}

/** Framed records of one scope, growing. */
export interface RecordBuffer {
  readonly byteLength: number;
  /** Copies the record's contents. */
  append(contents: Uint8Array): void;
  /** Copies bytes that are framed already. */
  appendFramed(framed: Uint8Array): void;
  /** A view, valid until the next append. */
  bytes(): Uint8Array;
}

/** Framed records of one scope, cut in two; no item is lost or doubled. */
export interface Halves {
  readonly first: Uint8Array;
  readonly firstItems: number;
  readonly second: Uint8Array;
  readonly secondItems: number;
}

/** The envelope around records. */
export interface Envelopes {
  resource(attributes: Attributes): Uint8Array;
  scope(name: string, version: string): Uint8Array;
  recordBuffer(expectedBytes: number): RecordBuffer;
  /** A whole export request; the caller owns the answer. */
  request(
    resource: Uint8Array,
    scopes: readonly { readonly scope: Uint8Array; readonly body: Uint8Array }[],
  ): Uint8Array;
  /**
   * Cuts the body of one scope in the middle by items: spans, log records or data points. `undefined`: fewer than two.
   * The halves may be views of `framed`.
   */
  halve(signal: Signal, framed: Uint8Array): Halves | undefined;
}

/** Reads what a destination answered: how many items it took off, and why. `undefined`: none. Never throws. */
export type ResponseDecoder = (
  body: Uint8Array,
  /** There was more of it. */
  isCut?: boolean,
) => { readonly rejected: number; readonly message: string } | undefined;
