/** Readings made of integer sums: what this package counts about itself. */
import type { Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { SUM, VALUE_INT, type DataPoint, type MetricRecord } from '../model/metric-record.js';

export interface SumHead {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  /** `true`: a counter. `false`: an up-down counter. */
  readonly isMonotonic: boolean;
}

export function integerSum(
  { isMonotonic, ...head }: SumHead,
  aggregationTemporality: number,
  dataPoints: readonly DataPoint<number>[],
): MetricRecord {
  return {
    descriptor: { ...head, valueType: VALUE_INT },
    aggregationTemporality,
    dataPointType: SUM,
    isMonotonic,
    dataPoints,
  };
}

/** All of them as one part. */
export function takenMetrics(
  { scope, encoders }: { readonly scope: Scope; readonly encoders: Encoders },
  metrics: readonly MetricRecord[],
  settle: TakenReading['settle'],
): TakenReading {
  return {
    scope,
    points: metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
    bytes: encoders.metrics(metrics),
    readable: () => ({ scope: { name: scope.name, version: scope.version }, metrics }),
    settle,
  };
}
