/** What has come to a cumulative metric since a destination was told of it. */
import type { HrTime } from '@opentelemetry/api';
import {
  DELTA,
  HISTOGRAM,
  SUM,
  type DataPoint,
  type HistogramValue,
  type MetricRecord,
} from '../model/metric-record.js';

/** The points of one metric as a destination was last told of each. */
export type ToldPoints = readonly DataPoint<unknown>[];

/** A metric since it was told, and what is told once that has arrived. */
export interface Difference {
  readonly metric: MetricRecord;
  readonly told: ToldPoints;
}

interface Values<T> {
  /** Nothing was measured in between. */
  isSame(now: T, before: T): boolean;
  /** It can have come from there; if not, it was set back and begins anew. */
  follows(now: T, before: T): boolean;
  minus(now: T, before: T): T;
}

const NUMBERS: Values<number> = {
  isSame: (now, before) => now === before,
  follows: (now, before) => now >= before,
  minus: (now, before) => now - before,
};

const HISTOGRAMS: Values<HistogramValue> = {
  isSame: (now, before) => now.count === before.count,
  follows: (now, before) =>
    now.count > before.count && now.buckets.counts.length === before.buckets.counts.length,
  minus: (now, before) => ({
    buckets: {
      boundaries: now.buckets.boundaries,
      counts: now.buckets.counts.map((count, index) => count - (before.buckets.counts[index] ?? 0)),
    },
    count: now.count - before.count,
    sum: now.sum === undefined ? undefined : now.sum - (before.sum ?? 0),
    // Extremes cannot be subtracted, so they are told only of a series' whole life.
  }),
};

/**
 * Levels have no other form than the cumulative one, by the rules for the preference `delta`: gauges and up-down counters.
 * Exponential histograms come from views only, and a host can add none.
 */
export function hasDeltas({ dataPointType, ...metric }: MetricRecord): boolean {
  return (
    dataPointType === HISTOGRAM || (dataPointType === SUM && 'isMonotonic' in metric && metric.isMonotonic)
  );
}

/** Of a metric that has deltas. `told`: what an earlier call for the same metric gave, or its points at an earlier time. */
export function differenceOf(metric: MetricRecord, told: ToldPoints): Difference | undefined {
  if (metric.dataPointType === HISTOGRAM) {
    const { news, next } = newsIn(
      metric.dataPoints,
      told as readonly DataPoint<HistogramValue>[],
      HISTOGRAMS,
    );
    if (news.length === 0) return undefined;
    return { metric: { ...metric, aggregationTemporality: DELTA, dataPoints: news }, told: next };
  }
  if (metric.dataPointType !== SUM) return undefined;
  const { news, next } = newsIn(metric.dataPoints, told as readonly DataPoint<number>[], NUMBERS);
  if (news.length === 0) return undefined;
  return { metric: { ...metric, aggregationTemporality: DELTA, dataPoints: news }, told: next };
}

function newsIn<T>(
  points: readonly DataPoint<T>[],
  told: readonly DataPoint<T>[],
  values: Values<T>,
): { readonly news: readonly DataPoint<T>[]; readonly next: readonly DataPoint<T>[] } {
  const news: DataPoint<T>[] = [];
  const next = points.map((point, index) => {
    const before = toldOf(point, index, told);
    if (before !== undefined && isSameTime(before.startTime, point.startTime)) {
      const { attributes, endTime } = point;
      // As it was told, with that time: its next interval begins there.
      if (values.isSame(point.value, before.value)) return before;
      if (values.follows(point.value, before.value)) {
        const startTime = earlierOf(before.endTime, endTime);
        news.push({ attributes, startTime, endTime, value: values.minus(point.value, before.value) });
        return point;
      }
    }
    news.push(point);
    return point;
  });
  return { news, next };
}

/**
 * The SDK appends series and removes none, and keeps the attributes object of each. The place comes first: a host that
 * changes an object and passes it again makes two series that share it.
 */
function toldOf<T>(
  { attributes }: DataPoint<T>,
  index: number,
  told: readonly DataPoint<T>[],
): DataPoint<T> | undefined {
  const there = told[index];
  if (there === undefined || there.attributes === attributes) return there;
  return told.find((one) => one.attributes === attributes);
}

function isSameTime(a: HrTime, b: HrTime): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** The clock may have stepped back. */
function earlierOf(a: HrTime, b: HrTime): HrTime {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? a : b;
}
