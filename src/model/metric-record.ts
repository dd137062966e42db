/** Metrics as a reader collects them: a structural subset of the SDK's `MetricData`, so that SDK objects fit. */
import type { HrTime } from '@opentelemetry/api';
import type { AttributeRecord } from './records.js';

/** The SDK's `DataPointType`. */
export const HISTOGRAM = 0;
export const EXPONENTIAL_HISTOGRAM = 1;
export const GAUGE = 2;
export const SUM = 3;

/** The SDK's `AggregationTemporality`; the numbers on the wire are one higher. */
export const DELTA = 0;
export const CUMULATIVE = 1;

/** The API's `ValueType`. */
export const VALUE_INT = 0;
export const VALUE_DOUBLE = 1;

export interface DataPoint<T> {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: AttributeRecord;
  readonly value: T;
  /** Of histograms only. */
  readonly exemplars?: readonly ExemplarData[] | undefined;
}

/** A single value, with the span that it was measured in. Ids are hex, 32 and 16 digits. */
export interface ExemplarData {
  readonly time: HrTime;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
}

export interface HistogramValue {
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
  readonly count: number;
  readonly sum?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface ExponentialBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

export interface ExponentialHistogramValue {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

interface MetricBase {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: number;
  };
  readonly aggregationTemporality: number;
}

export type MetricRecord =
  | (MetricBase & { readonly dataPointType: 0; readonly dataPoints: readonly DataPoint<HistogramValue>[] })
  | (MetricBase & {
      readonly dataPointType: 1;
      readonly dataPoints: readonly DataPoint<ExponentialHistogramValue>[];
    })
  | (MetricBase & { readonly dataPointType: 2; readonly dataPoints: readonly DataPoint<number>[] })
  | (MetricBase & {
      readonly dataPointType: 3;
      readonly dataPoints: readonly DataPoint<number>[];
      readonly isMonotonic: boolean;
    });
