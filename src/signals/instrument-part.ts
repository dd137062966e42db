/** Metrics of the operator's in a part of a reading, each with the points of its series. */
import { HISTOGRAM, SUM, VALUE_DOUBLE, VALUE_INT, type MetricRecord } from '../model/metric-record.js';
import { exemplarsSince } from './exemplars.js';
import type { Instrument, InstrumentSeries } from './instrument.js';
import {
  histogramOf,
  type HistogramPoint,
  type MetricPart,
  type NumberPoint,
  type PointOf,
} from './metric-part.js';

export class InstrumentPart implements MetricPart<InstrumentSeries> {
  readonly #sums = new Map<Instrument, NumberPoint[]>();
  readonly #histograms = new Map<Instrument, HistogramPoint[]>();
  #points = 0;

  get points(): number {
    return this.#points;
  }

  add({ series, startTime, endTime, since, toldVersion }: PointOf<InstrumentSeries>): void {
    this.#points++;
    const { instrument, attributes } = series;
    const { kind, boundaries, hasExemplars } = instrument.head;
    if (kind === 'histogram') {
      pointsOf(this.#histograms, instrument).push({
        startTime,
        endTime,
        attributes,
        value: histogramOf(series, since, boundaries),
        exemplars: hasExemplars ? exemplarsSince(series, toldVersion) : undefined,
      });
      return;
    }
    const value =
      kind === 'counter' ? series.count - (since?.count ?? 0) : Math.max(0, series.sum - (since?.sum ?? 0));
    pointsOf(this.#sums, instrument).push({ startTime, endTime, attributes, value });
  }

  metrics(aggregationTemporality: number): readonly MetricRecord[] {
    const metrics: MetricRecord[] = [];
    for (const [instrument, dataPoints] of this.#sums) {
      metrics.push({
        descriptor: descriptorOf(instrument),
        aggregationTemporality,
        dataPointType: SUM,
        isMonotonic: true,
        dataPoints,
      });
    }
    for (const [instrument, dataPoints] of this.#histograms) {
      metrics.push({
        descriptor: descriptorOf(instrument),
        aggregationTemporality,
        dataPointType: HISTOGRAM,
        dataPoints,
      });
    }
    return metrics;
  }
}

function pointsOf<Point>(points: Map<Instrument, Point[]>, instrument: Instrument): Point[] {
  const known = points.get(instrument);
  if (known !== undefined) return known;
  const fresh: Point[] = [];
  points.set(instrument, fresh);
  return fresh;
}

function descriptorOf({ head }: Instrument): MetricRecord['descriptor'] {
  const { name, description, unit, kind } = head;
  return { name, description, unit, valueType: kind === 'counter' ? VALUE_INT : VALUE_DOUBLE };
}
