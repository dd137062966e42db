/** What the official exporter puts on the wire for the SDK's own records, this package's encoders do too. */
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { encodeLogRecord } from '../../src/otlp/encode-log.js';
import { encodeMetric } from '../../src/otlp/encode-metrics.js';
import { encodeSpan } from '../../src/otlp/encode-span.js';
import { RecordBatchBuffer, buildRequest, encodeResource, encodeScope } from '../../src/otlp/envelope.js';
import { ProtoWriter } from '../../src/otlp/proto-writer.js';
import { decode } from './official.js';
import { createLogRecords, createMetrics, createSpans, resource } from './sdk-records.js';

interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** One request of one scope. */
function request<T>(
  records: readonly T[],
  scope: Scope,
  encode: (w: ProtoWriter, record: T) => void,
): Uint8Array {
  const batch = new RecordBatchBuffer();
  const w = new ProtoWriter(64);
  for (const record of records) {
    w.reset();
    encode(w, record);
    batch.append(w.bytes());
  }
  return buildRequest(encodeResource(resource.attributes), [
    { scope: encodeScope(scope), body: batch.bytes(), schemaUrl: scope.schemaUrl },
  ]);
}

function scopeOf(record: { readonly instrumentationScope: Scope } | undefined): Scope {
  if (record === undefined) throw new Error('The SDK made no record.');
  return record.instrumentationScope;
}

describe('the official exporter and this package agree', () => {
  it('on spans', () => {
    const spans = createSpans();
    expect(spans).toHaveLength(8);
    const name = 'collector.trace.v1.ExportTraceServiceRequest';
    const stock = ProtobufTraceSerializer.serializeRequest([...spans]) ?? new Uint8Array();
    expect(decode(name, request(spans, scopeOf(spans[0]), encodeSpan))).toEqual(decode(name, stock));
  });

  it('on log records', () => {
    const records = createLogRecords();
    expect(records).toHaveLength(9);
    const name = 'collector.logs.v1.ExportLogsServiceRequest';
    const stock = ProtobufLogsSerializer.serializeRequest([...records]) ?? new Uint8Array();
    expect(decode(name, request(records, scopeOf(records[0]), encodeLogRecord))).toEqual(decode(name, stock));
  });

  it.each([AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])(
    'on metrics of temporality %d',
    async (temporality) => {
      const metrics = await createMetrics(temporality);
      const scopeMetrics = metrics.scopeMetrics[0];
      if (scopeMetrics === undefined) throw new Error('The SDK made no metrics.');
      expect(scopeMetrics.metrics).toHaveLength(9);
      expect(new Set(scopeMetrics.metrics.map((metric) => metric.dataPointType)).size).toBe(4);
      const name = 'collector.metrics.v1.ExportMetricsServiceRequest';
      const stock = ProtobufMetricsSerializer.serializeRequest(metrics) ?? new Uint8Array();
      expect(decode(name, request(scopeMetrics.metrics, scopeMetrics.scope, encodeMetric))).toEqual(
        decode(name, stock),
      );
    },
  );
});
