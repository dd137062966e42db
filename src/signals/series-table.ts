/**
 * All series of one instance, grouped by tenant: recorded once, read by the tenant's destinations and the operator's.
 * Bounds: `maxSeriesPerTenant` series a tenant, `maxSeries` visible to the operator; what is beyond folds into overflow
 * series. Tenants without a destination of their own take part only in the operator's share, so invented ids cannot grow it.
 */
import { ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedRequest } from '../model/finished-request.js';
import { ATTR_ERROR, ATTR_METRIC_OVERFLOW, ATTR_STATUS_CLASS, type Names } from '../model/names.js';
import { Series } from './series.js';

export interface SeriesTableOptions {
  readonly names: Names;
  readonly durationBoundariesMs: readonly number[];
  readonly maxSeriesPerTenant: number;
  readonly maxSeries: number;
  readonly forgetAfterMs: number;
}

/** The series of one tenant, or of the requests without one. */
export class TenantSeries {
  readonly series = new Map<string, Series>();
  overflow: Series | undefined;
  version = 0;
  /** Open readings of the tenant's destinations. */
  readers = 0;

  *all(): Iterable<Series> {
    yield* this.series.values();
    if (this.overflow !== undefined) yield this.overflow;
  }
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
  #lastSweepMs = 0;

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
    if (series?.operatorAttributes === undefined) {
      this.#operatorOverflow ??= this.#overflowSeries(request, true);
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
      tenant = new TenantSeries();
      this.#tenants.set(id, tenant);
    }
    tenant.version = version;
    const statusCode = request.outcome.statusCode ?? 0;
    // Names are free of control characters, so the separator cannot occur in them.
    const key = `${statusCode}\n${request.outcome.isError ? 1 : 0}\n${request.routeName ?? ''}\n${request.environment ?? ''}`;
    const known = tenant.series.get(key);
    if (known !== undefined) return known;
    const limit = id === NO_TENANT ? maxSeries : maxSeriesPerTenant;
    if (tenant.series.size >= limit) return (tenant.overflow ??= this.#overflowSeries(request, false));
    if (isFull && tenant.readers === 0) return undefined;
    const series = this.#newSeries(request, !isFull);
    tenant.series.set(key, series);
    return series;
  }

  #newSeries(request: FinishedRequest, visible: boolean): Series {
    const { names } = this.#options;
    const { statusCode, isError } = request.outcome;
    const attributes: MutableAttributes = { [ATTR_ERROR]: isError };
    if (statusCode !== undefined) {
      attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = statusCode;
      attributes[ATTR_STATUS_CLASS] = `${Math.floor(statusCode / 100)}xx`;
    }
    if (request.routeName !== undefined) attributes[names.routeName] = request.routeName;
    if (request.environment !== undefined) attributes[names.environment] = request.environment;
    let operatorAttributes: MutableAttributes | undefined;
    if (visible) {
      this.#visibleSeries++;
      operatorAttributes =
        request.tenantId === undefined ? attributes : { ...attributes, [names.tenantId]: request.tenantId };
    }
    return new Series(attributes, operatorAttributes, this.#startOf(request), this.boundaries.length + 1);
  }

  /** By the specification the overflow series has this one attribute. */
  #overflowSeries(request: FinishedRequest, forOperator: boolean): Series {
    const attributes = { [ATTR_METRIC_OVERFLOW]: true };
    return new Series(
      attributes,
      forOperator ? attributes : undefined,
      this.#startOf(request),
      this.boundaries.length + 1,
    );
  }

  /** A series that comes back after being forgotten must not overlap with its former life. */
  #startOf(request: FinishedRequest): number {
    return Math.max(request.startMs, this.#lastSweepMs);
  }

  /** The tenant's series, kept while it has readings. */
  open(tenantId: string): TenantSeries {
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) this.#tenants.set(tenantId, (tenant = new TenantSeries()));
    tenant.readers++;
    return tenant;
  }

  close(tenantId: string): void {
    const tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) return;
    tenant.readers--;
    if (tenant.readers > 0) return;
    // Nobody reads what the operator does not see: ids that a lookup was asked for in vain must not stay.
    for (const [key, series] of tenant.series)
      if (series.operatorAttributes === undefined) tenant.series.delete(key);
    tenant.overflow = undefined;
    if (tenant.series.size === 0) this.#tenants.delete(tenantId);
  }

  /** What the operator sees: every visible series, and the overflow of all others. */
  *visible(): Iterable<Series> {
    for (const tenant of this.#tenants.values()) {
      for (const series of tenant.series.values()) if (series.operatorAttributes !== undefined) yield series;
    }
    if (this.#operatorOverflow !== undefined) yield this.#operatorOverflow;
  }

  /** Forgets series that have not changed for a while and whose last state everyone has (`isRead`). */
  sweep(
    nowMs: number,
    isRead: (series: Series, tenant: TenantSeries) => boolean,
  ): ReadonlyMap<TenantSeries, readonly Series[]> {
    this.#lastSweepMs = nowMs;
    const forgotten = new Map<TenantSeries, readonly Series[]>();
    const before = nowMs - this.#options.forgetAfterMs;
    for (const [id, tenant] of this.#tenants) {
      const own: Series[] = [];
      for (const [key, series] of tenant.series) {
        if (series.changedAtMs > before || !isRead(series, tenant)) continue;
        tenant.series.delete(key);
        if (series.operatorAttributes !== undefined) this.#visibleSeries--;
        own.push(series);
      }
      if (own.length > 0) forgotten.set(tenant, own);
      if (tenant.readers === 0 && tenant.series.size === 0) this.#tenants.delete(id);
    }
    return forgotten;
  }
}
