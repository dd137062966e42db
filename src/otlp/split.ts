/**
 * Halves of a body that a destination found too large. With n items, halving down to single ones makes at most 2n - 1
 * bodies, the whole included, since each cut adds two and a body of one item is never cut.
 */
import { Buffer } from 'node:buffer';
import type { Halves } from '../model/encoding.js';
import { FieldCursor } from './field-cursor.js';
import { putVarint, varintSizeBytes } from './varint.js';

/** The field of records in their scope, and of data points in gauge, sum and both histograms. */
const RECORDS_FIELD = 2;
const POINTS_FIELD = 1;

/** The fields of `Metric` that hold data points: gauge, sum, histogram, exponential histogram. */
const DATA_FIELDS: ReadonlySet<number> = new Set([5, 7, 9, 10]);

const RECORD_TAG = (RECORDS_FIELD << 3) | 2;

/** Cuts framed spans or log records in the middle by count; both halves are views. `undefined`: fewer than two. */
export function halveRecords(framed: Uint8Array): Halves | undefined {
  const items = countRecords(framed);
  if (items === undefined || items < 2) return undefined;
  const firstItems = items >> 1;
  const cursor = new FieldCursor(framed);
  for (let index = 0; index < firstItems; index++) cursor.next();
  return {
    first: framed.subarray(0, cursor.end),
    firstItems,
    second: framed.subarray(cursor.end),
    secondItems: items - firstItems,
  };
}

/** `undefined`: something else than framed records. */
function countRecords(framed: Uint8Array): number | undefined {
  const cursor = new FieldCursor(framed);
  let records = 0;
  while (cursor.next()) {
    if (!isMessage(cursor, RECORDS_FIELD)) return undefined;
    records++;
  }
  return cursor.malformed ? undefined : records;
}

/** One `Metric` in a framed body. */
interface FramedMetric {
  readonly start: number;
  readonly end: number;
  readonly contents: Uint8Array;
  readonly points: number;
}

/**
 * Cuts framed metrics in the middle by data points. Where that is inside a metric, both halves have all of it but their
 * part of its points, and are copies; otherwise they are views. `undefined`: fewer than two points.
 */
export function halveMetrics(framed: Uint8Array): Halves | undefined {
  const metrics = metricsIn(framed) ?? [];
  const items = metrics.reduce((sum, { points }) => sum + points, 0);
  const firstItems = items >> 1;
  let wanted = firstItems;
  for (const metric of metrics) {
    if (wanted > 0 && wanted <= metric.points) {
      return { ...cutWithin(framed, metric, wanted), firstItems, secondItems: items - firstItems };
    }
    wanted -= metric.points;
  }
  return undefined;
}

function metricsIn(framed: Uint8Array): readonly FramedMetric[] | undefined {
  const metrics: FramedMetric[] = [];
  const cursor = new FieldCursor(framed);
  while (cursor.next()) {
    if (!isMessage(cursor, RECORDS_FIELD)) return undefined;
    const contents = cursor.content();
    const points = countPoints(contents);
    if (points === undefined) return undefined;
    metrics.push({ start: cursor.start, end: cursor.end, contents, points });
  }
  return cursor.malformed ? undefined : metrics;
}

function countPoints(metric: Uint8Array): number | undefined {
  let points = 0;
  let hasData = false;
  const outer = new FieldCursor(metric);
  while (outer.next()) {
    if (!isData(outer)) continue;
    // The data of a metric is a oneof: a reader would merge a second one, or let it replace the first.
    if (hasData) return undefined;
    hasData = true;
    const inner = new FieldCursor(outer.content());
    while (inner.next()) if (isMessage(inner, POINTS_FIELD)) points++;
    if (inner.malformed) return undefined;
  }
  return outer.malformed ? undefined : points;
}

function cutWithin(
  framed: Uint8Array,
  { start, end, contents, points }: FramedMetric,
  firstPoints: number,
): { readonly first: Uint8Array; readonly second: Uint8Array } {
  if (firstPoints === points) return { first: framed.subarray(0, end), second: framed.subarray(end) };
  return {
    first: Buffer.concat([
      framed.subarray(0, start),
      ...framedParts(RECORD_TAG, metricParts(contents, 0, firstPoints)),
    ]),
    second: Buffer.concat([
      ...framedParts(RECORD_TAG, metricParts(contents, firstPoints, points)),
      framed.subarray(end),
    ]),
  };
}

/** A metric with only those of its points whose index is at least `from` and below `to`. */
function metricParts(metric: Uint8Array, from: number, to: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const cursor = new FieldCursor(metric);
  while (cursor.next()) {
    if (!isData(cursor)) parts.push(metric.subarray(cursor.start, cursor.end));
    else parts.push(...framedParts((cursor.fieldNumber << 3) | 2, dataParts(cursor.content(), from, to)));
  }
  return parts;
}

/** What is kept comes in few parts: the points of one half stand together. */
function dataParts(data: Uint8Array, from: number, to: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const cursor = new FieldCursor(data);
  let point = 0;
  let keptFrom = 0;
  while (cursor.next()) {
    if (!isMessage(cursor, POINTS_FIELD)) continue;
    const isKept = point >= from && point < to;
    point++;
    if (isKept) continue;
    if (cursor.start > keptFrom) parts.push(data.subarray(keptFrom, cursor.start));
    keptFrom = cursor.end;
  }
  parts.push(data.subarray(keptFrom));
  return parts;
}

/** Tag, length and contents. */
function framedParts(tag: number, contents: readonly Uint8Array[]): readonly Uint8Array[] {
  const contentBytes = contents.reduce((sum, { length }) => sum + length, 0);
  const head = new Uint8Array(1 + varintSizeBytes(contentBytes));
  head[0] = tag;
  putVarint(head, 1, contentBytes);
  return [head, ...contents];
}

function isData(cursor: FieldCursor): boolean {
  return cursor.wireType === 2 && DATA_FIELDS.has(cursor.fieldNumber);
}

function isMessage(cursor: FieldCursor, fieldNumber: number): boolean {
  return cursor.wireType === 2 && cursor.fieldNumber === fieldNumber;
}
