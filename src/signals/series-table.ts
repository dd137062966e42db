/**
 * All series of one instance, grouped by tenant: recorded once, read by the tenant's destinations and the operator's.
 * Where the operator does not tell tenants apart by their ids, its series stand apart, grouped by label.
 * Bounds: `maxSeriesPerTenant` series a tenant, `maxSeries` visible to the operator; what is beyond folds into overflow
 * series. Tenants without a destination of their own take part only in the operator's share, so invented ids cannot grow it.
 */
import type { FinishedRequest } from '../model/finished-request.js';
import type { MetricAttribute } from '../model/metric-choices.js';
import type { Exemplars } from './exemplars.js';
import { Series } from './series.js';
import { SeriesAttributes, type SeriesFacts } from './series-facts.js';
import type { TenantLabels } from './tenant-labels.js';
import { TenantSeries } from './tenant-series.js';

export interface SeriesTableOptions {
  readonly durationBoundariesMs: readonly number[];
  readonly maxSeriesPerTenant: number;
  readonly maxSeries: number;
  readonly forgetAfterMs: number;
  readonly attributes: readonly MetricAttribute[];
  /** `undefined`: the operator sees every tenant under its own id. */
  readonly tenantLabels: TenantLabels | undefined;
  readonly exemplars: Exemplars;
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
  readonly attributes: SeriesAttributes;
  readonly #options: SeriesTableOptions;
  readonly #tenants = new Map<string, TenantSeries>();
  /** The operator's groups: the tenants themselves, or the labels. */
  readonly #groups: Map<string, TenantSeries>;
  #operatorOverflow: Series | undefined;
  #visibleSeries = 0;
  #lastForgottenMs = 0;

  constructor(options: SeriesTableOptions) {
    this.#options = options;
    this.boundaries = options.durationBoundariesMs;
    this.attributes = new SeriesAttributes(options.attributes);
    this.#groups = options.tenantLabels === undefined ? this.#tenants : new Map<string, TenantSeries>();
  }

  /** Series visible to the operator; for tests of the bounds. */
  get visibleSeries(): number {
    return this.#visibleSeries;
  }

  /** Counts one finished request. `operatorReads`: somebody may be told of its trace. */
  record(request: FinishedRequest, operatorReads: boolean): void {
    const version = ++this.version;
    const facts = this.attributes.shownOf(request);
    const { tenantLabels, exemplars } = this.#options;
    let series: Series | undefined;
    if (tenantLabels === undefined) {
      series = this.#seriesOfTenant(request, facts, version);
    } else {
      const own = this.#seriesOfReader(request, facts, version);
      if (own !== undefined) this.#count(own, request, version);
      const { tenantId, outcome, routeName, environment } = facts;
      // Not spread: it may be the whole request, which is much more.
      const ofLabel = { tenantId: tenantLabels(tenantId), outcome, routeName, environment };
      series = this.#seriesOfLabel(request, ofLabel, version);
    }
    let bucket = series === undefined ? 0 : this.#count(series, request, version);
    if (series?.isVisible !== true) {
      series = this.#operatorOverflow ??= this.#newSeries(request, facts, {
        isOverflow: true,
        isVisible: true,
      });
      bucket = this.#count(series, request, version);
    }
    if (operatorReads && exemplars.wants(request))
      exemplars.offer(series, bucket, request.latencyMs, request);
  }

  /** Returns the bucket. */
  #count(series: Series, { latencyMs, endMs }: FinishedRequest, version: number): number {
    return series.add(latencyMs, this.boundaries, version, endMs);
  }

  /** One for both, the tenant's destinations and the operator. */
  #seriesOfTenant(request: FinishedRequest, facts: SeriesFacts, version: number): Series | undefined {
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
    const known = tenant.find(facts);
    if (known !== undefined) return known;
    const limit = id === NO_TENANT ? maxSeries : maxSeriesPerTenant;
    if (tenant.series.length >= limit) return this.#overflowOf(tenant, request, facts);
    if (isFull && tenant.readers === 0) return undefined;
    return this.#addSeries(tenant, request, facts, !isFull);
  }

  /** The tenant's own, if a destination of the tenant's reads it. */
  #seriesOfReader(request: FinishedRequest, facts: SeriesFacts, version: number): Series | undefined {
    const tenant = request.tenantId === undefined ? undefined : this.#tenants.get(request.tenantId);
    if (tenant === undefined) return undefined;
    tenant.version = version;
    const known = tenant.find(facts);
    if (known !== undefined) return known;
    if (tenant.series.length >= this.#options.maxSeriesPerTenant)
      return this.#overflowOf(tenant, request, facts);
    return this.#addSeries(tenant, request, facts, false);
  }

  /** The operator's own. */
  #seriesOfLabel(request: FinishedRequest, facts: SeriesFacts, version: number): Series | undefined {
    const label = facts.tenantId ?? NO_TENANT;
    const isFull = this.#visibleSeries >= this.#options.maxSeries;
    let group = this.#groups.get(label);
    if (group === undefined) {
      if (isFull) return undefined;
      group = new TenantSeries(label);
      this.#groups.set(label, group);
    }
    group.version = version;
    return group.find(facts) ?? (isFull ? undefined : this.#addSeries(group, request, facts, true));
  }

  #overflowOf(tenant: TenantSeries, request: FinishedRequest, facts: SeriesFacts): Series {
    return (tenant.overflow ??= this.#newSeries(request, facts, { isOverflow: true, isVisible: false }));
  }

  #addSeries(tenant: TenantSeries, request: FinishedRequest, facts: SeriesFacts, isVisible: boolean): Series {
    const series = this.#newSeries(request, facts, { isOverflow: false, isVisible });
    if (isVisible) this.#visibleSeries++;
    tenant.add(series);
    return series;
  }

  #newSeries(
    request: FinishedRequest,
    facts: SeriesFacts,
    what: { isOverflow: boolean; isVisible: boolean },
  ): Series {
    const buckets = this.boundaries.length + 1;
    return new Series(facts, { ...what, startMs: this.#startOf(request), buckets });
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
    this.#forgotten(tenant.forget((series) => !operatorReads || !series.isVisible));
    tenant.overflow = undefined;
    if (tenant.series.length === 0) this.#tenants.delete(tenantId);
  }

  #forgotten(all: readonly Series[]): void {
    for (const series of all) {
      if (series.isVisible) this.#visibleSeries--;
      this.#options.exemplars.release(series, series.version);
    }
  }

  /** What the operator sees: every visible series, and the overflow of all others. */
  *visible(): Iterable<Series> {
    for (const group of this.#groups.values()) {
      for (const series of group.series) if (series.isVisible && !series.isForgotten) yield series;
    }
    if (this.#operatorOverflow !== undefined) yield this.#operatorOverflow;
  }

  /**
   * Forgets series that have not changed for a while and whose last state everyone has (`isRead`), a step for each
   * tenant and label. Between the steps requests and readings go on.
   */
  *sweep(
    nowMs: () => number,
    isRead: (series: Series, tenant: TenantSeries) => boolean,
  ): Generator<SweepStep> {
    yield* this.#sweep(this.#tenants, nowMs, isRead);
    if (this.#groups !== this.#tenants) yield* this.#sweep(this.#groups, nowMs, isRead);
  }

  *#sweep(
    tenants: Map<string, TenantSeries>,
    nowMs: () => number,
    isRead: (series: Series, tenant: TenantSeries) => boolean,
  ): Generator<SweepStep> {
    const before = nowMs() - this.#options.forgetAfterMs;
    for (const [id, tenant] of tenants) {
      const forgotten = tenant.forget((series) => series.changedAtMs <= before && isRead(series, tenant));
      this.#forgotten(forgotten);
      if (forgotten.length > 0) this.#lastForgottenMs = nowMs();
      yield { tenant, forgotten };
      // Since then it may have gone, and another one come in its place.
      const isIdle = tenant.readers === 0 && tenant.series.length === 0;
      if (isIdle && tenants.get(id) === tenant) tenants.delete(id);
    }
  }
}
