/**
 * The operator's further metrics: counters and histograms that stand beside the request metrics and share their rules.
 * Bound: `maxSeriesPerMetric` series each; what is beyond folds into an overflow series.
 */
import type { MetricReading, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { Exemplars } from './exemplars.js';
import { InstrumentPart } from './instrument-part.js';
import { Instrument, type InstrumentHead, type InstrumentHome, type InstrumentSeries } from './instrument.js';
import type { Measured } from './measured.js';
import { baselineOf, SeriesReading, type ReadingSource, type SeriesView } from './metric-reading.js';
import { toldVersionOf } from './told-version.js';

export interface InstrumentTableOptions {
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly maxSeriesPerMetric: number;
  readonly forgetAfterMs: number;
  readonly exemplars: Exemplars;
  nowMs(): number;
}

type Reading = SeriesReading<InstrumentSeries, SeriesView<InstrumentSeries>>;

export class InstrumentTable implements InstrumentHome, SeriesView<InstrumentSeries> {
  /** Counts values. */
  version = 0;
  lastForgottenMs = 0;
  readonly #options: InstrumentTableOptions;
  readonly #instruments: Instrument[] = [];
  readonly #readings = new Set<Reading>();
  readonly #source: ReadingSource<InstrumentSeries, SeriesView<InstrumentSeries>>;

  constructor(options: InstrumentTableOptions) {
    this.#options = options;
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

  get maxSeriesPerMetric(): number {
    return this.#options.maxSeriesPerMetric;
  }

  nextVersion(): number {
    return ++this.version;
  }

  onValue(series: InstrumentSeries, bucket: number, value: number, measured: Measured): void {
    const { exemplars } = this.#options;
    if (exemplars.wants(measured)) exemplars.offer(series, bucket, value, measured);
  }

  /** The caller bounds how many there are. */
  add(head: InstrumentHead): Instrument {
    const instrument = new Instrument(head, this);
    this.#instruments.push(instrument);
    return instrument;
  }

  *all(): Iterable<InstrumentSeries> {
    for (const instrument of this.#instruments)
      for (const series of instrument.all()) if (!series.isForgotten) yield series;
  }

  openReading(temporality: 'cumulative' | 'delta'): MetricReading {
    const since = baselineOf(this.all(), this.version, this.#options.nowMs());
    const reading = new SeriesReading(this.#source, this, temporality, since);
    this.#readings.add(reading);
    return reading;
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
