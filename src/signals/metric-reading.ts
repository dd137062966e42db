/** One destination's view of the request metrics: baseline and start time of its own, either temporality. */
import { hrTimeOf, type HrTimePair } from '../model/hr-time.js';
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
import type { SeriesAttributes } from './series-facts.js';
import { totalsOf, type Series, type SeriesTotals } from './series.js';

/** Some of a table's series. */
export interface SeriesView {
  /** Moves with every change in them. */
  readonly version: number;
  all(): Iterable<Series>;
}

/** What the readings of the operator, or those of all tenants, have in common. */
export interface ReadingSource<View extends SeriesView> {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly boundaries: readonly number[];
  /** What the series show. */
  readonly attributes: SeriesAttributes;
  /** Tells whether attributes are the operator's. */
  readonly forOperator: boolean;
  /** The version that a take is as of. */
  presentVersion(): number;
  onClose(reading: RequestMetricReading<View>): void;
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

/** Encoding that many series takes about 2 ms and gives about 160 KB: a slice of work, and a request of good size. */
const SERIES_PER_PART = 250;

/** A baseline of one series, and when it was taken. */
interface SeriesBaseline {
  readonly totals: SeriesTotals;
  readonly atMs: number;
}

/** One take, until all its parts are settled. */
interface Take {
  readonly version: number;
  readonly atMs: number;
  /** Parts that are not settled, and the taking itself. */
  open: number;
  /** Nothing of it was lost. */
  isWhole: boolean;
}

/** What goes into one part. */
class PartInHand {
  readonly counters: DataPoint<number>[] = [];
  readonly histograms: DataPoint<HistogramValue>[] = [];
  /** Kept for delta only. */
  readonly totals = new Map<Series, SeriesTotals>();
}

/** What was there when a reading of a tenant's began: nearly always nothing. */
const NO_BASELINE: ReadonlyMap<Series, SeriesBaseline> = new Map();

export class RequestMetricReading<View extends SeriesView> implements MetricReading {
  /** Everything up to this version has reached the destination. */
  acceptedVersion: number;
  /** The series that it covers. */
  readonly view: View;
  readonly #source: ReadingSource<View>;
  readonly #isDelta: boolean;
  #baseline: ReadonlyMap<Series, SeriesBaseline> = NO_BASELINE;
  /** The reading's birth. */
  #startMs: number;

  constructor(source: ReadingSource<View>, view: View, temporality: 'cumulative' | 'delta', since: Baseline) {
    this.#source = source;
    this.view = view;
    this.#isDelta = temporality === 'delta';
    this.#startMs = since.atMs;
    this.acceptedVersion = since.version;
    this.#moveBaseline(since.totals, since.atMs);
  }

  hasNews(): boolean {
    return this.view.version > this.acceptedVersion;
  }

  /** What changes while it is under way is news again: the version is that of its beginning. */
  *take(nowMs: number): Generator<TakenReading> {
    // After a step back of the clock: once, and then it stays, or every reading would look like a reset.
    this.#startMs = Math.min(this.#startMs, nowMs);
    const take: Take = { version: this.#source.presentVersion(), atMs: nowMs, open: 1, isWhole: true };
    const endTime = hrTimeOf(nowMs);
    let part = new PartInHand();
    for (const series of this.view.all()) {
      this.#add(part, series, nowMs, endTime);
      if (part.counters.length < SERIES_PER_PART) continue;
      yield this.#finish(part, take);
      part = new PartInHand();
    }
    if (part.counters.length > 0) yield this.#finish(part, take);
    this.#closePart(take);
  }

  #add(
    { counters, histograms, totals }: PartInHand,
    series: Series,
    nowMs: number,
    endTime: HrTimePair,
  ): void {
    const baseline = this.#baseline.get(series);
    const count = series.count - (baseline?.totals.count ?? 0);
    if (count === 0) return;
    const { attributes: shown, names, forOperator } = this.#source;
    const attributes = series.attributes(shown, names, forOperator);
    series.startMs = Math.min(series.startMs, nowMs);
    const startTime = hrTimeOf(Math.min(nowMs, this.#startOf(series, baseline)));
    counters.push({ startTime, endTime, attributes, value: count });
    histograms.push({
      startTime,
      endTime,
      attributes,
      value: this.#histogram(series, baseline?.totals, count),
    });
    if (this.#isDelta) totals.set(series, totalsOf(series));
  }

  /** Delta: where the series' last accepted interval ended. */
  #startOf(series: Series, baseline: SeriesBaseline | undefined): number {
    const birthMs = Math.max(series.startMs, this.#startMs);
    return this.#isDelta && baseline !== undefined ? Math.max(baseline.atMs, birthMs) : birthMs;
  }

  #finish({ counters, histograms, totals }: PartInHand, take: Take): TakenReading {
    take.open++;
    const { scope, encoders } = this.#source;
    const metrics = this.#metrics(counters, histograms);
    return {
      scope,
      points: counters.length + histograms.length,
      bytes: encoders.metrics(metrics),
      readable: () => ({ scope: { name: scope.name, version: scope.version }, metrics }),
      settle: (result) => {
        if (result !== 'accepted') take.isWhole = false;
        // Of a part that was taken in part, a delta tells nothing twice: better a named loss than a wrong count.
        if (this.#isDelta && result !== 'lost') this.#moveBaseline(totals, take.atMs);
        this.#closePart(take);
      },
    };
  }

  #moveBaseline(totals: ReadonlyMap<Series, SeriesTotals>, atMs: number): void {
    if (totals.size === 0) return;
    const baseline = this.#ownBaseline();
    for (const [series, settled] of totals) baseline.set(series, { totals: settled, atMs });
  }

  #ownBaseline(): Map<Series, SeriesBaseline> {
    if (this.#baseline === NO_BASELINE) this.#baseline = new Map();
    return this.#baseline as Map<Series, SeriesBaseline>;
  }

  #closePart(take: Take): void {
    take.open--;
    if (take.open === 0 && take.isWhole) this.acceptedVersion = take.version;
  }

  #histogram(series: Series, baseline: SeriesTotals | undefined, count: number): HistogramValue {
    const counts = series.bucketCounts.slice();
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

  /** A series is gone: its baseline goes too. */
  forget(series: Series): void {
    if (this.#baseline !== NO_BASELINE) this.#ownBaseline().delete(series);
  }

  close(): void {
    this.#baseline = NO_BASELINE;
    this.#source.onClose(this);
  }
}
