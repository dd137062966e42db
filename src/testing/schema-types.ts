/**
 * The three kinds of telemetry that OTLP carries, named as in the paths `/v1/traces`, `/v1/logs` and
 * `/v1/metrics`.
 */
export type OtlpSignal = 'traces' | 'logs' | 'metrics';

/** The protobuf scalar types that OTLP uses. Enums are listed as `int32`, which is how they travel. */
export type ScalarType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double';

/** The OTLP messages that can occur inside an export request. */
export type MessageName =
  | 'ExportTraceServiceRequest'
  | 'ExportLogsServiceRequest'
  | 'ExportMetricsServiceRequest'
  | 'AnyValue'
  | 'ArrayValue'
  | 'KeyValueList'
  | 'KeyValue'
  | 'InstrumentationScope'
  | 'EntityRef'
  | 'Resource'
  | 'ResourceSpans'
  | 'ScopeSpans'
  | 'Span'
  | 'SpanEvent'
  | 'SpanLink'
  | 'Status'
  | 'ResourceLogs'
  | 'ScopeLogs'
  | 'LogRecord'
  | 'ResourceMetrics'
  | 'ScopeMetrics'
  | 'Metric'
  | 'Gauge'
  | 'Sum'
  | 'Histogram'
  | 'ExponentialHistogram'
  | 'Summary'
  | 'NumberDataPoint'
  | 'HistogramDataPoint'
  | 'ExponentialHistogramDataPoint'
  | 'Buckets'
  | 'SummaryDataPoint'
  | 'ValueAtQuantile'
  | 'Exemplar';

/** What one field number means. `oneof` names the group of which only the last member on the wire counts. */
export type FieldShape = {
  readonly name: string;
  readonly repeated: boolean;
  readonly oneof?: string;
} & (
  | { readonly kind: 'scalar'; readonly type: ScalarType }
  | { readonly kind: 'message'; readonly type: MessageName }
);

/** A message: field number to field. */
export type MessageShape = Readonly<Record<number, FieldShape>>;
