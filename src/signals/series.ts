/** One series of the request metrics: counter and histogram of one set of attributes, kept together. */
import type { MutableAttributes } from '../model/attributes.js';

/** Totals since the series was born. About 400 bytes with the usual 16 buckets. */
export class Series {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly bucketCounts: Float64Array;
  /** The version of the aggregator at the last change; readings compare theirs with it. */
  version = 0;
  changedAtMs: number;
  /** Moves back once when the clock does. */
  startMs: number;
  /** What a tenant sees. */
  readonly attributes: MutableAttributes;
  /** What the operator sees; `undefined`: folded into the operator's overflow series. */
  readonly operatorAttributes: MutableAttributes | undefined;

  constructor(
    attributes: MutableAttributes,
    operatorAttributes: MutableAttributes | undefined,
    startMs: number,
    buckets: number,
  ) {
    this.attributes = attributes;
    this.operatorAttributes = operatorAttributes;
    this.startMs = startMs;
    this.changedAtMs = startMs;
    this.bucketCounts = new Float64Array(buckets);
  }

  add(durationMs: number, boundaries: readonly number[], version: number, nowMs: number): void {
    this.count++;
    this.sum += durationMs;
    if (durationMs < this.min) this.min = durationMs;
    if (durationMs > this.max) this.max = durationMs;
    let bucket = 0;
    // Upper bounds are inclusive. Most requests are in the first buckets, so a search from the left is the quickest.
    while (bucket < boundaries.length && durationMs > (boundaries[bucket] as number)) bucket++;
    (this.bucketCounts[bucket] as number)++;
    this.version = version;
    this.changedAtMs = nowMs;
  }
}

/** The totals of a series at one moment. */
export interface SeriesTotals {
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: Float64Array;
}

export function totalsOf(series: Series): SeriesTotals {
  return { count: series.count, sum: series.sum, bucketCounts: series.bucketCounts.slice() };
}
