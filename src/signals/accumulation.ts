/** What every series has in common: totals since it was born, and what readings need to know of its changes. */
import type { Exemplar } from './exemplars.js';

/** About 400 bytes with the usual 16 buckets; they are a plain array, as a typed one costs twice as much. */
export class Accumulation {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly bucketCounts: number[];
  /** The version of the aggregator at the last change; readings compare theirs with it. */
  version = 0;
  changedAtMs: number;
  /** Moves back once when the clock does. */
  startMs: number;
  /** It has left its table, while a reading may be on its way through that. */
  isForgotten = false;
  /** One for a bucket at most. */
  exemplars: Exemplar[] | undefined;

  /** A counter has one bucket. */
  constructor(startMs: number, buckets: number) {
    this.startMs = startMs;
    this.changedAtMs = startMs;
    this.bucketCounts = new Array<number>(buckets).fill(0);
  }

  /** Returns the bucket. */
  add(value: number, boundaries: readonly number[], version: number, nowMs: number): number {
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    let bucket = 0;
    // Upper bounds are inclusive. Most requests are in the first buckets, so a search from the left is the quickest.
    while (bucket < boundaries.length && value > (boundaries[bucket] as number)) bucket++;
    (this.bucketCounts[bucket] as number)++;
    this.version = version;
    this.changedAtMs = nowMs;
    return bucket;
  }
}

/** The totals of a series at one moment. */
export interface SeriesTotals {
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: readonly number[];
}

export function totalsOf({ count, sum, bucketCounts }: Accumulation): SeriesTotals {
  return { count, sum, bucketCounts: bucketCounts.slice() };
}
