/** The request metrics: one table of series, any number of readings of it. */
import type { MetricMark, MetricReading, MetricSource, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { Names } from '../model/names.js';
import {
  baselineOf,
  SeriesReading,
  type Baseline,
  type ReadingSource,
  type SeriesView,
} from './metric-reading.js';
import { RequestPart } from './request-part.js';
import { SeriesTable, type SeriesTableOptions } from './series-table.js';
import type { Series } from './series.js';
import type { TenantSeries } from './tenant-series.js';
import { toldVersionOf } from './told-version.js';

export interface RequestMetricsOptions extends SeriesTableOptions {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
  nowMs(): number;
}

export interface RequestMetrics extends MetricSource {
  record(request: FinishedRequest): void;
  /** Series visible to the operator. */
  readonly visibleSeries: number;
}

type Temporality = 'cumulative' | 'delta';
type OperatorReading = SeriesReading<Series, SeriesView<Series>>;
type TenantReading = SeriesReading<Series, TenantSeries>;

/** Keeps the tenant's series alive until it is released. */
interface HeldMark extends MetricMark {
  readonly baseline: Baseline<Series>;
}

const NONE: readonly TenantReading[] = [];

export function createRequestMetrics(options: RequestMetricsOptions): RequestMetrics {
  const table = new SeriesTable(options);
  const operatorReadings = new Set<OperatorReading>();
  /** One for each destination of a tenant: an array of one costs a fifth of a set. */
  const tenantReadings = new Map<TenantSeries, readonly TenantReading[]>();
  const { names, scope, encoders, nowMs, exemplars } = options;
  const shared = { scope, encoders, presentVersion: () => table.version };
  const { boundaries, attributes } = table;
  const everything: SeriesView<Series> = {
    all: () => table.visible(),
    get version() {
      return table.version;
    },
  };
  const ofOperator: ReadingSource<Series, SeriesView<Series>> = {
    ...shared,
    newPart: () => new RequestPart({ names, boundaries, attributes, forOperator: true }),
    onTake: () => exemplars.beginInterval(),
    onClose: (reading) => void operatorReadings.delete(reading),
  };
  const ofTenants: ReadingSource<Series, TenantSeries> = {
    ...shared,
    newPart: () => new RequestPart({ names, boundaries, attributes, forOperator: false }),
    onTake: () => undefined,
    onClose(reading) {
      const tenant = reading.view;
      const readings = tenantReadings.get(tenant) ?? NONE;
      const left = readings.filter((other) => other !== reading);
      if (left.length === readings.length) return;
      if (left.length === 0) tenantReadings.delete(tenant);
      else tenantReadings.set(tenant, left);
      table.close(tenant.id, operatorReadings.size > 0);
    },
  };

  const openOperatorReading = (temporality: Temporality): MetricReading => {
    const since = baselineOf(table.visible(), table.version, nowMs());
    const reading = new SeriesReading(ofOperator, everything, temporality, since);
    operatorReadings.add(reading);
    return reading;
  };

  const openTenantReading = (
    tenantId: string,
    temporality: Temporality,
    mark: HeldMark | undefined,
  ): MetricReading => {
    const tenant = table.open(tenantId);
    const since = mark?.baseline ?? baselineOf(tenant.all(), table.version, nowMs());
    const reading = new SeriesReading(ofTenants, tenant, temporality, since);
    tenantReadings.set(tenant, (tenantReadings.get(tenant) ?? NONE).concat(reading));
    return reading;
  };

  /** What a lookup's answer will read from; until then its series must not be forgotten. */
  const marks = new Map<TenantSeries, Set<HeldMark>>();

  const isRead = (series: { readonly version: number }, tenant: TenantSeries): boolean => {
    for (const reading of operatorReadings) if (reading.acceptedVersion < series.version) return false;
    for (const mark of marks.get(tenant) ?? []) if (mark.baseline.version < series.version) return false;
    for (const reading of tenantReadings.get(tenant) ?? NONE)
      if (reading.acceptedVersion < series.version) return false;
    return true;
  };

  return {
    record: (request) => table.record(request, operatorReadings.size > 0),
    get visibleSeries() {
      return table.visibleSeries;
    },
    mark(tenantId): HeldMark {
      const tenant = table.open(tenantId);
      const held = marks.get(tenant) ?? new Set<HeldMark>();
      marks.set(tenant, held);
      const mark: HeldMark = {
        baseline: baselineOf(tenant.all(), table.version, nowMs()),
        release() {
          if (!held.delete(mark)) return;
          if (held.size === 0) marks.delete(tenant);
          table.close(tenantId, operatorReadings.size > 0);
        },
      };
      held.add(mark);
      return mark;
    },
    openReading: (tenantId, temporality, mark) =>
      tenantId === undefined
        ? openOperatorReading(temporality)
        : openTenantReading(tenantId, temporality, mark as HeldMark | undefined),
    *sweep() {
      for (const { tenant, forgotten } of table.sweep(nowMs, isRead)) {
        // Only to those that know them: all tenants times all series would stop the event loop for seconds.
        for (const series of forgotten) {
          for (const reading of operatorReadings) reading.forget(series);
          for (const reading of tenantReadings.get(tenant) ?? NONE) reading.forget(series);
        }
        const told = toldVersionOf(operatorReadings);
        for (const series of tenant.series) exemplars.release(series, told);
        yield;
      }
    },
  };
}
