/** One destination's view of some series: baseline and start time of its own, either temporality. */
import { hrTimeOf, type HrTimePair } from '../model/hr-time.js';
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { CUMULATIVE, DELTA } from '../model/metric-record.js';
import { totalsOf, type Accumulation, type SeriesTotals } from './accumulation.js';
import type { MetricPart } from './metric-part.js';

/** Some of a table's series. */
export interface SeriesView<S extends Accumulation> {
  /** Moves with every change in them. */
  readonly version: number;
  all(): Iterable<S>;
}

/** What the readings of the operator, or those of all tenants, have in common. */
export interface ReadingSource<S extends Accumulation, View extends SeriesView<S>> {
  readonly scope: Scope;
  readonly encoders: Encoders;
  /** The version that a take is as of. */
  presentVersion(): number;
  newPart(): MetricPart<S>;
  /** A take begins. */
  onTake(): void;
  onClose(reading: SeriesReading<S, View>): void;
}

/** The state of some series at one moment. */
export interface Baseline<S extends Accumulation> {
  readonly version: number;
  readonly atMs: number;
  readonly totals: ReadonlyMap<S, SeriesTotals>;
}

export function baselineOf<S extends Accumulation>(
  series: Iterable<S>,
  version: number,
  atMs: number,
): Baseline<S> {
  const totals = new Map<S, SeriesTotals>();
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
interface PartInHand<S extends Accumulation> {
  readonly part: MetricPart<S>;
  series: number;
  /** Kept for delta only. */
  readonly totals: Map<S, SeriesTotals>;
}

/** What was there when a reading of a tenant's began: nearly always nothing. */
const NO_BASELINE: ReadonlyMap<never, SeriesBaseline> = new Map<never, SeriesBaseline>();

export class SeriesReading<S extends Accumulation, View extends SeriesView<S>> implements MetricReading {
  /** Everything up to this version has reached the destination. */
  acceptedVersion: number;
  /** The series that it covers. */
  readonly view: View;
  readonly #source: ReadingSource<S, View>;
  readonly #isDelta: boolean;
  #baseline: ReadonlyMap<S, SeriesBaseline> = NO_BASELINE;
  /** The reading's birth. */
  #startMs: number;

  constructor(
    source: ReadingSource<S, View>,
    view: View,
    temporality: 'cumulative' | 'delta',
    since: Baseline<S>,
  ) {
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
    this.#source.onTake();
    const endTime = hrTimeOf(nowMs);
    let inHand = this.#newPart();
    for (const series of this.view.all()) {
      this.#add(inHand, series, nowMs, endTime);
      if (inHand.series < SERIES_PER_PART) continue;
      yield this.#finish(inHand, take);
      inHand = this.#newPart();
    }
    if (inHand.series > 0) yield this.#finish(inHand, take);
    this.#closePart(take);
  }

  #newPart(): PartInHand<S> {
    return { part: this.#source.newPart(), series: 0, totals: new Map() };
  }

  #add(inHand: PartInHand<S>, series: S, nowMs: number, endTime: HrTimePair): void {
    const baseline = this.#baseline.get(series);
    if (series.count === (baseline?.totals.count ?? 0)) return;
    series.startMs = Math.min(series.startMs, nowMs);
    const startTime = hrTimeOf(Math.min(nowMs, this.#startOf(series, baseline)));
    const { acceptedVersion: toldVersion } = this;
    inHand.series++;
    inHand.part.add({ series, startTime, endTime, since: baseline?.totals, toldVersion });
    if (this.#isDelta) inHand.totals.set(series, totalsOf(series));
  }

  /** Delta: where the series' last accepted interval ended. */
  #startOf(series: S, baseline: SeriesBaseline | undefined): number {
    const birthMs = Math.max(series.startMs, this.#startMs);
    return this.#isDelta && baseline !== undefined ? Math.max(baseline.atMs, birthMs) : birthMs;
  }

  #finish({ part, totals }: PartInHand<S>, take: Take): TakenReading {
    take.open++;
    const { scope, encoders } = this.#source;
    const metrics = part.metrics(this.#isDelta ? DELTA : CUMULATIVE);
    return {
      scope,
      points: part.points,
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

  #moveBaseline(totals: ReadonlyMap<S, SeriesTotals>, atMs: number): void {
    if (totals.size === 0) return;
    const baseline = this.#ownBaseline();
    for (const [series, settled] of totals) baseline.set(series, { totals: settled, atMs });
  }

  #ownBaseline(): Map<S, SeriesBaseline> {
    if (this.#baseline === NO_BASELINE) this.#baseline = new Map();
    return this.#baseline as Map<S, SeriesBaseline>;
  }

  #closePart(take: Take): void {
    take.open--;
    if (take.open === 0 && take.isWhole) this.acceptedVersion = take.version;
  }

  /** A series is gone: its baseline goes too. */
  forget(series: S): void {
    if (this.#baseline !== NO_BASELINE) this.#ownBaseline().delete(series);
  }

  close(): void {
    this.#baseline = NO_BASELINE;
    this.#source.onClose(this);
  }
}
