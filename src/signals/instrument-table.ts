/**
 * Metrics that stand beside those of every request and share their rules: counters and histograms of the operator's, or of one
 * tenant's. Bound: the room that series are given; what is beyond folds into an overflow series of the metric.
 */
import type { MetricReading, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { Exemplars } from './exemplars.js';
import { InstrumentPart } from './instrument-part.js';
import { Instrument, type InstrumentHead, type InstrumentHome, type InstrumentSeries } from './instrument.js';
import type { Measured } from './measured.js';
import {
  baselineOf,
  SeriesReading,
  type Baseline,
  type ReadingSource,
  type SeriesView,
} from './metric-reading.js';
import type { Room } from './rooms.js';
import { toldVersionOf } from './told-version.js';

export interface InstrumentTableOptions {
  readonly scope: Scope;
  readonly encoders: Encoders;
  /** For the series of one metric, unless it is given another one. */
  readonly newRoom: () => Room;
  readonly forgetAfterMs: number;
  readonly exemplars: Exemplars;
  nowMs(): number;
}

type Reading = SeriesReading<InstrumentSeries, SeriesView<InstrumentSeries>>;

export class InstrumentTable implements InstrumentHome, SeriesView<InstrumentSeries> {
  /** Counts values. */
  version = 0;
  lastForgottenMs: number;
  readonly #options: InstrumentTableOptions;
  readonly #instruments: Instrument[] = [];
  readonly #readings = new Set<Reading>();
  readonly #source: ReadingSource<InstrumentSeries, SeriesView<InstrumentSeries>>;

  /** `sinceMs`: no series may begin earlier. */
  constructor(options: InstrumentTableOptions, sinceMs = 0) {
    this.#options = options;
    this.lastForgottenMs = sinceMs;
    const { scope, encoders } = options;
    this.#source = {
      scope,
      encoders,
      presentVersion: () => this.version,
      newPart: () => new InstrumentPart(),
      onTake: () => options.exemplars.beginInterval(),
      onClose: (reading) => void this.#readings.delete(reading),
    };
  }

  nextVersion(): number {
    return ++this.version;
  }

  onValue(series: InstrumentSeries, bucket: number, value: number, measured: Measured): void {
    const { exemplars } = this.#options;
    if (exemplars.wants(measured)) exemplars.offer(series, bucket, value, measured);
  }

  /** The caller bounds how many there are. `room`: for its series. */
  add(head: InstrumentHead, room: Room = this.#options.newRoom()): Instrument {
    const instrument = new Instrument(head, this, room);
    this.#instruments.push(instrument);
    return instrument;
  }

  *all(): Iterable<InstrumentSeries> {
    for (const instrument of this.#instruments)
      for (const series of instrument.all()) if (!series.isForgotten) yield series;
  }

  /** The state as of now. */
  baseline(): Baseline<InstrumentSeries> {
    return baselineOf(this.all(), this.version, this.#options.nowMs());
  }

  openReading(temporality: 'cumulative' | 'delta', since = this.baseline()): MetricReading {
    const reading = new SeriesReading(this.#source, this, temporality, since);
    this.#readings.add(reading);
    return reading;
  }

  /** Nothing has changed since then, and everyone has been told of everything. */
  isIdle(sinceMs: number): boolean {
    if (toldVersionOf(this.#readings) < this.version) return false;
    for (const series of this.all()) if (series.changedAtMs > sinceMs) return false;
    return true;
  }

  /** Forgets series that have not changed for a while and that everyone has, a step for each metric. */
  *sweep(): Generator<void> {
    const { nowMs, forgetAfterMs, exemplars } = this.#options;
    for (const instrument of this.#instruments) {
      const before = nowMs() - forgetAfterMs;
      const told = toldVersionOf(this.#readings);
      const forgotten = instrument.forget((series) => series.changedAtMs <= before && series.version <= told);
      if (forgotten.length > 0) this.lastForgottenMs = nowMs();
      for (const series of forgotten) {
        exemplars.release(series, series.version);
        for (const reading of this.#readings) reading.forget(series);
      }
      for (const series of instrument.all()) exemplars.release(series, told);
      yield;
    }
  }
}
