/** The request metrics: one table of series, any number of readings of it. */
import type { MetricReading, MetricSource, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedRequest } from '../model/finished-request.js';
import { RequestMetricReading } from './metric-reading.js';
import { SeriesTable, type SeriesTableOptions, type TenantSeries } from './series-table.js';

export interface RequestMetricsOptions extends SeriesTableOptions {
  readonly scope: Scope;
  readonly encoders: Encoders;
  nowMs(): number;
}

export interface RequestMetrics extends MetricSource {
  record(request: FinishedRequest): void;
  /** Forgets what has not changed for a while and has been read by everyone. */
  sweep(nowMs: number): void;
  /** Series visible to the operator. */
  readonly visibleSeries: number;
}

export function createRequestMetrics(options: RequestMetricsOptions): RequestMetrics {
  const table = new SeriesTable(options);
  const operatorReadings = new Set<RequestMetricReading>();
  const tenantReadings = new Map<TenantSeries, Set<RequestMetricReading>>();
  const { names, scope, encoders } = options;
  const shared = {
    names,
    scope,
    encoders,
    boundaries: table.boundaries,
    presentVersion: () => table.version,
  };

  const openOperatorReading = (temporality: 'cumulative' | 'delta'): MetricReading => {
    const reading: RequestMetricReading = new RequestMetricReading(
      {
        ...shared,
        forOperator: true,
        series: () => table.visible(),
        version: () => table.version,
        onClose: () => operatorReadings.delete(reading),
      },
      temporality,
      options.nowMs(),
    );
    operatorReadings.add(reading);
    return reading;
  };

  const openTenantReading = (tenantId: string, temporality: 'cumulative' | 'delta'): MetricReading => {
    const tenant = table.open(tenantId);
    let readings = tenantReadings.get(tenant);
    if (readings === undefined) tenantReadings.set(tenant, (readings = new Set()));
    const own = readings;
    const reading: RequestMetricReading = new RequestMetricReading(
      {
        ...shared,
        forOperator: false,
        series: () => tenant.all(),
        version: () => tenant.version,
        onClose: () => {
          if (!own.delete(reading)) return;
          if (own.size === 0) tenantReadings.delete(tenant);
          table.close(tenantId);
        },
      },
      temporality,
      options.nowMs(),
    );
    own.add(reading);
    return reading;
  };

  return {
    record: (request) => table.record(request),
    get visibleSeries() {
      return table.visibleSeries;
    },
    openReading: (tenantId, temporality) =>
      tenantId === undefined ? openOperatorReading(temporality) : openTenantReading(tenantId, temporality),
    sweep(nowMs) {
      const forgotten = table.sweep(nowMs, (series, tenant) => {
        for (const reading of operatorReadings) if (reading.acceptedVersion < series.version) return false;
        for (const reading of tenantReadings.get(tenant) ?? [])
          if (reading.acceptedVersion < series.version) return false;
        return true;
      });
      if (forgotten.length === 0) return;
      for (const readings of [operatorReadings, ...tenantReadings.values()]) {
        for (const reading of readings) for (const series of forgotten) reading.forget(series);
      }
    },
  };
}
