import { writeAttributes } from './attributes.js';
import {
  beginMetric,
  writeDouble,
  writeHistogramBody,
  writeNumberValue,
  writeTemporality,
} from './metric-parts.js';
import type { ProtoWriter } from './proto-writer.js';
import {
  VALUE_INT,
  type DataPoint,
  type ExemplarData,
  type ExponentialBuckets,
  type ExponentialHistogramValue,
  type HistogramValue,
  type MetricRecord,
} from '../model/metric-record.js';

/** The data field of `Metric` by the SDK's DataPointType. */
const DATA_FIELD_NUMBERS = [9, 10, 5, 7] as const;

/** Writes the contents of one OTLP `Metric`, without its tag and length. */
export function encodeMetric(w: ProtoWriter, metric: MetricRecord): void {
  const { descriptor } = metric;
  const integer = descriptor.valueType === VALUE_INT;
  const mark = beginMetric(w, descriptor, DATA_FIELD_NUMBERS[metric.dataPointType]);
  switch (metric.dataPointType) {
    case 0:
      for (const point of metric.dataPoints) writeHistogram(w, point);
      break;
    case 1:
      for (const point of metric.dataPoints) writeExponentialHistogram(w, point);
      break;
    case 2:
    case 3:
      for (const point of metric.dataPoints) writeNumber(w, point, integer);
  }
  if (metric.dataPointType !== 2) writeTemporality(w, metric.aggregationTemporality + 1);
  if (metric.dataPointType === 3 && metric.isMonotonic) {
    w.tag(3, 0);
    w.varint(1);
  }
  w.end(mark);
}

function writeTimes(w: ProtoWriter, point: DataPoint<unknown>): void {
  w.tag(2, 1);
  w.hrTime(point.startTime);
  w.tag(3, 1);
  w.hrTime(point.endTime);
}

function writeNumber(w: ProtoWriter, point: DataPoint<number>, integer: boolean): void {
  w.tag(1, 2);
  const mark = w.begin();
  writeTimes(w, point);
  writeNumberValue(w, point.value, integer);
  writeAttributes(w, 7, point.attributes);
  w.end(mark);
}

function writeHistogram(w: ProtoWriter, point: DataPoint<HistogramValue>): void {
  w.tag(1, 2);
  const mark = w.begin();
  writeTimes(w, point);
  writeHistogramBody(w, point.value);
  if (point.exemplars !== undefined) for (const exemplar of point.exemplars) writeExemplar(w, exemplar);
  writeAttributes(w, 9, point.attributes);
  w.end(mark);
}

function writeExemplar(w: ProtoWriter, { time, value, traceId, spanId }: ExemplarData): void {
  w.tag(8, 2);
  const mark = w.begin();
  w.tag(2, 1);
  w.hrTime(time);
  writeDouble(w, 3, value);
  w.tag(4, 2);
  w.hex(spanId);
  w.tag(5, 2);
  w.hex(traceId);
  w.end(mark);
}

function writeExponentialHistogram(w: ProtoWriter, point: DataPoint<ExponentialHistogramValue>): void {
  const { count, sum, min, max, scale, zeroCount, positive, negative } = point.value;
  w.tag(1, 2);
  const mark = w.begin();
  writeAttributes(w, 1, point.attributes);
  writeTimes(w, point);
  w.tag(4, 1);
  w.fixed64(count);
  writeDouble(w, 5, sum);
  w.tag(6, 0);
  w.sint32(scale);
  w.tag(7, 1);
  w.fixed64(zeroCount);
  writeExponentialBuckets(w, 8, positive);
  writeExponentialBuckets(w, 9, negative);
  writeDouble(w, 12, min);
  writeDouble(w, 13, max);
  w.end(mark);
}

function writeExponentialBuckets(w: ProtoWriter, fieldNumber: number, buckets: ExponentialBuckets): void {
  w.tag(fieldNumber, 2);
  const mark = w.begin();
  w.tag(1, 0);
  w.sint32(buckets.offset);
  if (buckets.bucketCounts.length > 0) {
    w.tag(2, 2);
    const counts = w.begin();
    for (const count of buckets.bucketCounts) w.varint64(count);
    w.end(counts);
  }
  w.end(mark);
}
