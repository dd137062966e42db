/** What all metric types share: head, temporality, number and histogram values. */
import type { HistogramValue } from '../model/metric-record.js';
import type { ProtoWriter } from './proto-writer.js';

export interface MetricHead {
  readonly name: string;
  readonly description?: string | undefined;
  readonly unit?: string | undefined;
}

/** Name, description and unit, and the opened data field: 5 gauge, 7 sum, 9 histogram, 10 exponential. `w.end` closes it. */
export function beginMetric(w: ProtoWriter, head: MetricHead, dataFieldNumber: number): number {
  writeText(w, 1, head.name);
  writeText(w, 2, head.description);
  writeText(w, 3, head.unit);
  w.tag(dataFieldNumber, 2);
  return w.begin();
}

export function writeTemporality(w: ProtoWriter, temporality: number): void {
  w.tag(2, 0);
  w.varint(temporality);
}

/** Fields 4 and 6 of NumberDataPoint; one of the two is always present, even for 0. */
export function writeNumberValue(w: ProtoWriter, value: number, integer: boolean): void {
  if (integer && Number.isSafeInteger(value)) {
    w.tag(6, 1);
    w.fixed64(value);
  } else {
    writeDouble(w, 4, value);
  }
}

/** Fields 4 to 7, 11 and 12 of HistogramDataPoint. */
export function writeHistogramBody(w: ProtoWriter, value: HistogramValue): void {
  w.tag(4, 1);
  w.fixed64(value.count);
  writeDouble(w, 5, value.sum);
  const { counts: bucketCounts, boundaries: explicitBounds } = value.buckets;
  if (bucketCounts.length > 0) {
    w.tag(6, 2);
    w.varint(bucketCounts.length * 8);
    for (let i = 0; i < bucketCounts.length; i++) w.fixed64(bucketCounts[i] ?? 0);
  }
  if (explicitBounds.length > 0) {
    w.tag(7, 2);
    w.varint(explicitBounds.length * 8);
    for (let i = 0; i < explicitBounds.length; i++) w.double(explicitBounds[i] ?? 0);
  }
  writeDouble(w, 11, value.min);
  writeDouble(w, 12, value.max);
}

/** An optional double: 0 is written, undefined is not. */
export function writeDouble(w: ProtoWriter, fieldNumber: number, value: number | undefined): void {
  if (value === undefined) return;
  w.tag(fieldNumber, 1);
  w.double(value);
}

function writeText(w: ProtoWriter, fieldNumber: number, text: string | undefined): void {
  if (text === undefined || text === '') return;
  w.tag(fieldNumber, 2);
  w.string(text);
}
