/** One part of a reading while it is made: points of some series, and the metrics that they belong to. */
import type { HrTimePair } from '../model/hr-time.js';
import type { DataPoint, HistogramValue, MetricRecord } from '../model/metric-record.js';
import type { Accumulation, SeriesTotals } from './accumulation.js';

/** What a reading knows of a series that it tells. */
export interface PointOf<S extends Accumulation> {
  readonly series: S;
  readonly startTime: HrTimePair;
  readonly endTime: HrTimePair;
  /** What the destination knows already; `undefined`: nothing. */
  readonly since: SeriesTotals | undefined;
  /** The version that the destination has been told: of exemplars only what is newer. */
  readonly toldVersion: number;
}

export interface MetricPart<S extends Accumulation> {
  add(point: PointOf<S>): void;
  /** Data points so far. */
  readonly points: number;
  metrics(aggregationTemporality: number): readonly MetricRecord[];
}

/** The difference to what is known. */
export function histogramOf(
  series: Accumulation,
  since: SeriesTotals | undefined,
  boundaries: readonly number[],
): HistogramValue {
  const counts = series.bucketCounts.slice();
  if (since !== undefined) {
    since.bucketCounts.forEach((before, index) => (counts[index] = (counts[index] ?? 0) - before));
  }
  return {
    buckets: { boundaries, counts },
    count: series.count - (since?.count ?? 0),
    sum: series.sum - (since?.sum ?? 0),
    // Extremes cannot be subtracted, so they are told only of a series' whole life.
    ...(since === undefined && { min: series.min, max: series.max }),
  };
}

export type HistogramPoint = DataPoint<HistogramValue>;
export type NumberPoint = DataPoint<number>;
