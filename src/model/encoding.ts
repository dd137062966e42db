/** The encoders, as the stages see them; handed in by the composition root. */
import type { MetricRecord } from './metric-record.js';
import type { LogRecordData, SpanRecord } from './records.js';

/** Each answer is a view of a shared buffer, valid until the next call on the same encoder. */
export interface Encoders {
  span(record: SpanRecord): Uint8Array;
  log(record: LogRecordData): Uint8Array;
  /** `Metric` messages, each framed as field 2 of `ScopeMetrics`. The caller owns the answer. */
  metrics(records: readonly MetricRecord[]): Uint8Array;
}
