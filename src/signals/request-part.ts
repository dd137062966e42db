/** The two request metrics in a part of a reading: a counter and a histogram for each series. */
import { HISTOGRAM, SUM, VALUE_DOUBLE, VALUE_INT, type MetricRecord } from '../model/metric-record.js';
import type { Names } from '../model/names.js';
import { exemplarsSince } from './exemplars.js';
import {
  histogramOf,
  type HistogramPoint,
  type MetricPart,
  type NumberPoint,
  type PointOf,
} from './metric-part.js';
import type { SeriesAttributes } from './series-facts.js';
import type { Series } from './series.js';

/** How series are shown to the operator, or to tenants. */
export interface RequestPartOptions {
  readonly names: Names;
  readonly boundaries: readonly number[];
  readonly attributes: SeriesAttributes;
  /** With tenants and exemplars. */
  readonly forOperator: boolean;
}

export class RequestPart implements MetricPart<Series> {
  readonly #options: RequestPartOptions;
  readonly #counters: NumberPoint[] = [];
  readonly #histograms: HistogramPoint[] = [];

  constructor(options: RequestPartOptions) {
    this.#options = options;
  }

  get points(): number {
    return this.#counters.length + this.#histograms.length;
  }

  add({ series, startTime, endTime, since, toldVersion }: PointOf<Series>): void {
    const { attributes: shown, names, forOperator, boundaries } = this.#options;
    const attributes = series.attributes(shown, names, forOperator);
    const value = series.count - (since?.count ?? 0);
    this.#counters.push({ startTime, endTime, attributes, value });
    this.#histograms.push({
      startTime,
      endTime,
      attributes,
      value: histogramOf(series, since, boundaries),
      exemplars: forOperator ? exemplarsSince(series, toldVersion) : undefined,
    });
  }

  metrics(aggregationTemporality: number): readonly MetricRecord[] {
    const { names } = this.#options;
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
        dataPoints: this.#counters,
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
        dataPoints: this.#histograms,
      },
    ];
  }
}
