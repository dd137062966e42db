/**
 * All series of one instance, grouped by tenant: recorded once, read by the tenant's destinations and the operator's.
 * Bounds: `maxSeriesPerTenant` series a tenant, `maxSeries` visible to the operator; what is beyond folds into overflow
 * series. Tenants without a destination of their own take part only in the operator's share, so invented ids cannot grow it.
 */
import type { FinishedRequest } from '../model/finished-request.js';
import { Series } from './series.js';
import { TenantSeries } from './tenant-series.js';

export interface SeriesTableOptions {
  readonly durationBoundariesMs: readonly number[];
  readonly maxSeriesPerTenant: number;
  readonly maxSeries: number;
  readonly forgetAfterMs: number;
}

/** What one step of a sweep has forgotten. */
interface SweepStep {
  readonly tenant: TenantSeries;
  readonly forgotten: readonly Series[];
}

const NO_TENANT = '';

export class SeriesTable {
  /** Counts records; a reading has news when this, or its tenant's version, has moved past what it delivered. */
  version = 0;
  readonly boundaries: readonly number[];
  readonly #options: SeriesTableOptions;
  readonly #tenants = new Map<string, TenantSeries>();
  #operatorOverflow: Series | undefined;
  #visibleSeries = 0;
  #lastForgottenMs = 0;

  constructor(options: SeriesTableOptions) {
    this.#options = options;
    this.boundaries = options.durationBoundariesMs;
  }

  /** Series visible to the operator; for tests of the bounds. */
  get visibleSeries(): number {
    return this.#visibleSeries;
  }

  /** Counts one finished request. */
  record(request: FinishedRequest): void {
    const version = ++this.version;
    const { latencyMs, endMs } = request;
    const series = this.#seriesFor(request, version);
    series?.add(latencyMs, this.boundaries, version, endMs);
    if (series?.isVisible !== true) {
      this.#operatorOverflow ??= this.#newSeries(request, { isOverflow: true, isVisible: true });
      this.#operatorOverflow.add(latencyMs, this.boundaries, version, endMs);
    }
  }

  #seriesFor(request: FinishedRequest, version: number): Series | undefined {
    const { maxSeries, maxSeriesPerTenant } = this.#options;
    const id = request.tenantId ?? NO_TENANT;
    const isFull = this.#visibleSeries >= maxSeries;
    let tenant = this.#tenants.get(id);
    if (tenant === undefined) {
      // The tenant has no destination; without room at the operator's there is nobody to keep a series for.
      if (isFull) return undefined;
      tenant = new TenantSeries(id);
      this.#tenants.set(id, tenant);
    }
    tenant.version = version;
    const known = tenant.find(request);
    if (known !== undefined) return known;
    const limit = id === NO_TENANT ? maxSeries : maxSeriesPerTenant;
    if (tenant.series.length >= limit)
      return (tenant.overflow ??= this.#newSeries(request, { isOverflow: true, isVisible: false }));
    if (isFull && tenant.readers === 0) return undefined;
    const series = this.#newSeries(request, { isOverflow: false, isVisible: !isFull });
    if (series.isVisible) this.#visibleSeries++;
    tenant.add(series);
    return series;
  }

  #newSeries(request: FinishedRequest, what: { isOverflow: boolean; isVisible: boolean }): Series {
    const buckets = this.boundaries.length + 1;
    return new Series(request, { ...what, startMs: this.#startOf(request), buckets });
  }

  /** A series that comes back after being forgotten must not overlap with its former life. */
  #startOf(request: FinishedRequest): number {
    return Math.max(request.startMs, this.#lastForgottenMs);
  }

  /** The tenant's series, kept while it has readings. */
  open(tenantId: string): TenantSeries {
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) this.#tenants.set(tenantId, (tenant = new TenantSeries(tenantId)));
    tenant.readers++;
    return tenant;
  }

  /** `operatorReads`: what is visible to the operator has to wait for its readings. */
  close(tenantId: string, operatorReads: boolean): void {
    const tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) return;
    tenant.readers--;
    if (tenant.readers > 0) return;
    // Nobody reads what the operator does not see: ids that a lookup was asked for in vain must not stay.
    for (const { isVisible } of tenant.forget((series) => !operatorReads || !series.isVisible))
      if (isVisible) this.#visibleSeries--;
    tenant.overflow = undefined;
    if (tenant.series.length === 0) this.#tenants.delete(tenantId);
  }

  /** What the operator sees: every visible series, and the overflow of all others. */
  *visible(): Iterable<Series> {
    for (const tenant of this.#tenants.values()) {
      for (const series of tenant.series) if (series.isVisible && !series.isForgotten) yield series;
    }
    if (this.#operatorOverflow !== undefined) yield this.#operatorOverflow;
  }

  /**
   * Forgets series that have not changed for a while and whose last state everyone has (`isRead`), a step for each
   * tenant. Between the steps requests and readings go on.
   */
  *sweep(
    nowMs: () => number,
    isRead: (series: Series, tenant: TenantSeries) => boolean,
  ): Generator<SweepStep> {
    const before = nowMs() - this.#options.forgetAfterMs;
    for (const [id, tenant] of this.#tenants) {
      const forgotten = tenant.forget((series) => series.changedAtMs <= before && isRead(series, tenant));
      for (const series of forgotten) if (series.isVisible) this.#visibleSeries--;
      if (forgotten.length > 0) this.#lastForgottenMs = nowMs();
      yield { tenant, forgotten };
      // Since then it may have gone, and another one come in its place.
      const isIdle = tenant.readers === 0 && tenant.series.length === 0;
      if (isIdle && this.#tenants.get(id) === tenant) this.#tenants.delete(id);
    }
  }
}
