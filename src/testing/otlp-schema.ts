import type { FieldShape, MessageName, MessageShape, OtlpSignal, ScalarType } from './schema-types.js';

const scalar = (name: string, type: ScalarType): FieldShape => ({
  kind: 'scalar',
  name,
  type,
  repeated: false,
});
const scalars = (name: string, type: ScalarType): FieldShape => ({
  kind: 'scalar',
  name,
  type,
  repeated: true,
});
const message = (name: string, type: MessageName): FieldShape => ({
  kind: 'message',
  name,
  type,
  repeated: false,
});
const messages = (name: string, type: MessageName): FieldShape => ({
  kind: 'message',
  name,
  type,
  repeated: true,
});
const choice = (oneof: string, field: FieldShape): FieldShape => ({ ...field, oneof });

/** The message that a request body of each signal is. */
export const REQUEST_MESSAGES: Readonly<Record<OtlpSignal, MessageName>> = {
  traces: 'ExportTraceServiceRequest',
  logs: 'ExportLogsServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
};

/** Every message of an OTLP export request with its official field numbers (opentelemetry-proto 1.x). */
export const OTLP_MESSAGES: Readonly<Record<MessageName, MessageShape>> = {
  ExportTraceServiceRequest: { 1: messages('resourceSpans', 'ResourceSpans') },
  ExportLogsServiceRequest: { 1: messages('resourceLogs', 'ResourceLogs') },
  ExportMetricsServiceRequest: { 1: messages('resourceMetrics', 'ResourceMetrics') },

  AnyValue: {
    1: choice('value', scalar('stringValue', 'string')),
    2: choice('value', scalar('boolValue', 'bool')),
    3: choice('value', scalar('intValue', 'int64')),
    4: choice('value', scalar('doubleValue', 'double')),
    5: choice('value', message('arrayValue', 'ArrayValue')),
    6: choice('value', message('kvlistValue', 'KeyValueList')),
    7: choice('value', scalar('bytesValue', 'bytes')),
  },
  ArrayValue: { 1: messages('values', 'AnyValue') },
  KeyValueList: { 1: messages('values', 'KeyValue') },
  KeyValue: { 1: scalar('key', 'string'), 2: message('value', 'AnyValue') },
  InstrumentationScope: {
    1: scalar('name', 'string'),
    2: scalar('version', 'string'),
    3: messages('attributes', 'KeyValue'),
    4: scalar('droppedAttributesCount', 'uint32'),
  },
  EntityRef: {
    1: scalar('schemaUrl', 'string'),
    2: scalar('type', 'string'),
    3: scalars('idKeys', 'string'),
    4: scalars('descriptionKeys', 'string'),
  },
  Resource: {
    1: messages('attributes', 'KeyValue'),
    2: scalar('droppedAttributesCount', 'uint32'),
    3: messages('entityRefs', 'EntityRef'),
  },

  ResourceSpans: {
    1: message('resource', 'Resource'),
    2: messages('scopeSpans', 'ScopeSpans'),
    3: scalar('schemaUrl', 'string'),
  },
  ScopeSpans: {
    1: message('scope', 'InstrumentationScope'),
    2: messages('spans', 'Span'),
    3: scalar('schemaUrl', 'string'),
  },
  Span: {
    1: scalar('traceId', 'bytes'),
    2: scalar('spanId', 'bytes'),
    3: scalar('traceState', 'string'),
    4: scalar('parentSpanId', 'bytes'),
    5: scalar('name', 'string'),
    6: scalar('kind', 'int32'),
    7: scalar('startTimeUnixNano', 'fixed64'),
    8: scalar('endTimeUnixNano', 'fixed64'),
    9: messages('attributes', 'KeyValue'),
    10: scalar('droppedAttributesCount', 'uint32'),
    11: messages('events', 'SpanEvent'),
    12: scalar('droppedEventsCount', 'uint32'),
    13: messages('links', 'SpanLink'),
    14: scalar('droppedLinksCount', 'uint32'),
    15: message('status', 'Status'),
    16: scalar('flags', 'fixed32'),
  },
  SpanEvent: {
    1: scalar('timeUnixNano', 'fixed64'),
    2: scalar('name', 'string'),
    3: messages('attributes', 'KeyValue'),
    4: scalar('droppedAttributesCount', 'uint32'),
  },
  SpanLink: {
    1: scalar('traceId', 'bytes'),
    2: scalar('spanId', 'bytes'),
    3: scalar('traceState', 'string'),
    4: messages('attributes', 'KeyValue'),
    5: scalar('droppedAttributesCount', 'uint32'),
    6: scalar('flags', 'fixed32'),
  },
  Status: { 2: scalar('message', 'string'), 3: scalar('code', 'int32') },

  ResourceLogs: {
    1: message('resource', 'Resource'),
    2: messages('scopeLogs', 'ScopeLogs'),
    3: scalar('schemaUrl', 'string'),
  },
  ScopeLogs: {
    1: message('scope', 'InstrumentationScope'),
    2: messages('logRecords', 'LogRecord'),
    3: scalar('schemaUrl', 'string'),
  },
  LogRecord: {
    1: scalar('timeUnixNano', 'fixed64'),
    2: scalar('severityNumber', 'int32'),
    3: scalar('severityText', 'string'),
    5: message('body', 'AnyValue'),
    6: messages('attributes', 'KeyValue'),
    7: scalar('droppedAttributesCount', 'uint32'),
    8: scalar('flags', 'fixed32'),
    9: scalar('traceId', 'bytes'),
    10: scalar('spanId', 'bytes'),
    11: scalar('observedTimeUnixNano', 'fixed64'),
    12: scalar('eventName', 'string'),
  },

  ResourceMetrics: {
    1: message('resource', 'Resource'),
    2: messages('scopeMetrics', 'ScopeMetrics'),
    3: scalar('schemaUrl', 'string'),
  },
  ScopeMetrics: {
    1: message('scope', 'InstrumentationScope'),
    2: messages('metrics', 'Metric'),
    3: scalar('schemaUrl', 'string'),
  },
  Metric: {
    1: scalar('name', 'string'),
    2: scalar('description', 'string'),
    3: scalar('unit', 'string'),
    5: choice('data', message('gauge', 'Gauge')),
    7: choice('data', message('sum', 'Sum')),
    9: choice('data', message('histogram', 'Histogram')),
    10: choice('data', message('exponentialHistogram', 'ExponentialHistogram')),
    11: choice('data', message('summary', 'Summary')),
    12: messages('metadata', 'KeyValue'),
  },
  Gauge: { 1: messages('dataPoints', 'NumberDataPoint') },
  Sum: {
    1: messages('dataPoints', 'NumberDataPoint'),
    2: scalar('aggregationTemporality', 'int32'),
    3: scalar('isMonotonic', 'bool'),
  },
  Histogram: {
    1: messages('dataPoints', 'HistogramDataPoint'),
    2: scalar('aggregationTemporality', 'int32'),
  },
  ExponentialHistogram: {
    1: messages('dataPoints', 'ExponentialHistogramDataPoint'),
    2: scalar('aggregationTemporality', 'int32'),
  },
  Summary: { 1: messages('dataPoints', 'SummaryDataPoint') },
  NumberDataPoint: {
    2: scalar('startTimeUnixNano', 'fixed64'),
    3: scalar('timeUnixNano', 'fixed64'),
    4: choice('value', scalar('asDouble', 'double')),
    5: messages('exemplars', 'Exemplar'),
    6: choice('value', scalar('asInt', 'sfixed64')),
    7: messages('attributes', 'KeyValue'),
    8: scalar('flags', 'uint32'),
  },
  HistogramDataPoint: {
    2: scalar('startTimeUnixNano', 'fixed64'),
    3: scalar('timeUnixNano', 'fixed64'),
    4: scalar('count', 'fixed64'),
    5: scalar('sum', 'double'),
    6: scalars('bucketCounts', 'fixed64'),
    7: scalars('explicitBounds', 'double'),
    8: messages('exemplars', 'Exemplar'),
    9: messages('attributes', 'KeyValue'),
    10: scalar('flags', 'uint32'),
    11: scalar('min', 'double'),
    12: scalar('max', 'double'),
  },
  ExponentialHistogramDataPoint: {
    1: messages('attributes', 'KeyValue'),
    2: scalar('startTimeUnixNano', 'fixed64'),
    3: scalar('timeUnixNano', 'fixed64'),
    4: scalar('count', 'fixed64'),
    5: scalar('sum', 'double'),
    6: scalar('scale', 'sint32'),
    7: scalar('zeroCount', 'fixed64'),
    8: message('positive', 'Buckets'),
    9: message('negative', 'Buckets'),
    10: scalar('flags', 'uint32'),
    11: messages('exemplars', 'Exemplar'),
    12: scalar('min', 'double'),
    13: scalar('max', 'double'),
    14: scalar('zeroThreshold', 'double'),
  },
  Buckets: { 1: scalar('offset', 'sint32'), 2: scalars('bucketCounts', 'uint64') },
  SummaryDataPoint: {
    2: scalar('startTimeUnixNano', 'fixed64'),
    3: scalar('timeUnixNano', 'fixed64'),
    4: scalar('count', 'fixed64'),
    5: scalar('sum', 'double'),
    6: messages('quantileValues', 'ValueAtQuantile'),
    7: messages('attributes', 'KeyValue'),
    8: scalar('flags', 'uint32'),
  },
  ValueAtQuantile: { 1: scalar('quantile', 'double'), 2: scalar('value', 'double') },
  Exemplar: {
    2: scalar('timeUnixNano', 'fixed64'),
    3: choice('value', scalar('asDouble', 'double')),
    4: scalar('spanId', 'bytes'),
    5: scalar('traceId', 'bytes'),
    6: choice('value', scalar('asInt', 'sfixed64')),
    7: messages('filteredAttributes', 'KeyValue'),
  },
};
