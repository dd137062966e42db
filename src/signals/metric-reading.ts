/** One destination's view of the request metrics: baseline and start time of its own, either temporality. */
import { hrTimeOf } from '../model/hr-time.js';
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import {
  CUMULATIVE,
  DELTA,
  HISTOGRAM,
  SUM,
  VALUE_DOUBLE,
  VALUE_INT,
  type DataPoint,
  type HistogramValue,
  type MetricRecord,
} from '../model/metric-record.js';
import type { Names } from '../model/names.js';
import { totalsOf, type Series, type SeriesTotals } from './series.js';

export interface ReadingSource {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly boundaries: readonly number[];
  /** Tells whether attributes are the operator's. */
  readonly forOperator: boolean;
  /** The series that this reading covers. */
  series(): Iterable<Series>;
  /** Moves with every change in them. */
  version(): number;
  /** The version that a take is as of. */
  presentVersion(): number;
  onClose(): void;
}

/** The state of some series at one moment. */
export interface Baseline {
  readonly version: number;
  readonly atMs: number;
  readonly totals: ReadonlyMap<Series, SeriesTotals>;
}

export function baselineOf(series: Iterable<Series>, version: number, atMs: number): Baseline {
  const totals = new Map<Series, SeriesTotals>();
  for (const one of series) totals.set(one, totalsOf(one));
  return { version, atMs, totals };
}

export class RequestMetricReading implements MetricReading {
  /** Everything up to this version has reached the destination. */
  acceptedVersion: number;
  readonly #source: ReadingSource;
  readonly #isDelta: boolean;
  readonly #baseline = new Map<Series, SeriesTotals>();
  /** Cumulative: the reading's birth. Delta: the end of the last accepted interval. */
  #startMs: number;
  /** What becomes the baseline when the reading is accepted; its totals are kept for delta only. */
  #taken: Baseline | undefined;

  constructor(source: ReadingSource, temporality: 'cumulative' | 'delta', since: Baseline) {
    this.#source = source;
    this.#isDelta = temporality === 'delta';
    this.#startMs = since.atMs;
    this.acceptedVersion = since.version;
    for (const [series, totals] of since.totals) this.#baseline.set(series, totals);
  }

  hasNews(): boolean {
    return this.#source.version() > this.acceptedVersion;
  }

  take(nowMs: number): TakenReading | undefined {
    // After a step back of the clock: once, and then it stays, or every reading would look like a reset.
    this.#startMs = Math.min(this.#startMs, nowMs);
    const counters: DataPoint<number>[] = [];
    const histograms: DataPoint<HistogramValue>[] = [];
    const totals = new Map<Series, SeriesTotals>();
    const endTime = hrTimeOf(nowMs);
    for (const series of this.#source.series()) {
      const baseline = this.#baseline.get(series);
      const count = series.count - (baseline?.count ?? 0);
      if (count === 0) continue;
      const attributes =
        (this.#source.forOperator ? series.operatorAttributes : undefined) ?? series.attributes;
      series.startMs = Math.min(series.startMs, nowMs);
      const startTime = hrTimeOf(Math.max(series.startMs, this.#startMs));
      counters.push({ startTime, endTime, attributes, value: count });
      histograms.push({ startTime, endTime, attributes, value: this.#histogram(series, baseline, count) });
      if (this.#isDelta) totals.set(series, totalsOf(series));
    }
    this.#taken = { version: this.#source.presentVersion(), atMs: nowMs, totals };
    if (counters.length === 0) {
      this.settle('accepted');
      return undefined;
    }
    const { scope, encoders } = this.#source;
    const metrics = this.#metrics(counters, histograms);
    return {
      scope,
      points: counters.length + histograms.length,
      bytes: encoders.metrics(metrics),
      readable: () => ({ scope: { name: scope.name, version: scope.version }, metrics }),
    };
  }

  #histogram(series: Series, baseline: SeriesTotals | undefined, count: number): HistogramValue {
    const counts = Array.from(series.bucketCounts);
    if (baseline !== undefined) {
      baseline.bucketCounts.forEach((before, index) => (counts[index] = (counts[index] ?? 0) - before));
    }
    return {
      buckets: { boundaries: this.#source.boundaries, counts },
      count,
      sum: series.sum - (baseline?.sum ?? 0),
      // Extremes cannot be subtracted, so they are told only of a series' whole life.
      ...(baseline === undefined && { min: series.min, max: series.max }),
    };
  }

  #metrics(
    counters: readonly DataPoint<number>[],
    histograms: readonly DataPoint<HistogramValue>[],
  ): MetricRecord[] {
    const { names } = this.#source;
    const aggregationTemporality = this.#isDelta ? DELTA : CUMULATIVE;
    return [
      {
        descriptor: {
          name: names.requestsCounter,
          description: 'Requests that have ended',
          unit: '{request}',
          valueType: VALUE_INT,
        },
        aggregationTemporality,
        dataPointType: SUM,
        isMonotonic: true,
        dataPoints: counters,
      },
      {
        descriptor: {
          name: names.durationHistogram,
          description: 'Time from the arrival of a request to the end of its response',
          unit: 'ms',
          valueType: VALUE_DOUBLE,
        },
        aggregationTemporality,
        dataPointType: HISTOGRAM,
        dataPoints: histograms,
      },
    ];
  }

  settle(result: 'accepted' | 'lost'): void {
    const taken = this.#taken;
    this.#taken = undefined;
    if (taken === undefined || result === 'lost') return;
    this.acceptedVersion = taken.version;
    if (!this.#isDelta) return;
    for (const [series, totals] of taken.totals) this.#baseline.set(series, totals);
    this.#startMs = taken.atMs;
  }

  /** A series is gone: its baseline goes too. */
  forget(series: Series): void {
    this.#baseline.delete(series);
  }

  close(): void {
    this.#baseline.clear();
    this.#source.onClose();
  }
}
