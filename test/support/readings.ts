/** Looks into the metric points that a receiver has. */
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';

/** Every point of the counter, in the order of arrival. */
export function counters(receiver: OtlpReceiver, namespace = 'knoxcall'): readonly ReceivedMetricPoint[] {
  return receiver.metricPoints.filter(({ name }) => name === `${namespace}.proxy.requests`);
}

/** Every point of the histogram, in the order of arrival. */
export function histograms(receiver: OtlpReceiver, namespace = 'knoxcall'): readonly ReceivedMetricPoint[] {
  return receiver.metricPoints.filter(({ name }) => name === `${namespace}.proxy.request.duration`);
}

/** One text per set of attributes, whatever their order. */
export function seriesKey({ attributes }: ReceivedMetricPoint): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The newest point of each series. */
export function newest(points: readonly ReceivedMetricPoint[]): readonly ReceivedMetricPoint[] {
  return [...new Map(points.map((point) => [seriesKey(point), point])).values()];
}

/** The sum of a counter's values. */
export function total(points: readonly ReceivedMetricPoint[]): number {
  return points.reduce((sum, point) => sum + Number(point.value ?? point.count ?? 0), 0);
}
