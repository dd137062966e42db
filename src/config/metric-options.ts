/** The options of the request metrics. This text is the documentation. */
import type { AttributionDimension, FurtherMetric, MetricAttribute } from '../model/metric-choices.js';

/** The request metrics. */
export interface MetricOptions {
  /** Time between two readings, 100 ms to 24 h. Default 60,000, as the SDKs have it. */
  readonly intervalMs?: number;
  /** Upper bounds of the duration histogram's buckets in milliseconds, rising. Default: the SDK's. */
  readonly durationBoundariesMs?: readonly number[];
  /** Series per tenant; further ones fold into one with `otel.metric.overflow`. Those of its calls to models count apart, up to as many. Default 200. */
  readonly maxSeriesPerTenant?: number;
  /** The operator's series in total; further ones fold the same way. 1 to 1,000,000. Default 5,000: a reading of 4 MiB. */
  readonly maxSeries?: number;
  /**
   * Series of each of the operator's further metrics; further ones fold the same way. Of those of calls to models, and of the
   * counters of policies and costs, one tenant's take as many at most as are left for all others. 1 to 100,000. Default 2,000.
   */
  readonly maxSeriesPerMetric?: number;
  /** A series without change for so long is forgotten after its last reading. Default 300,000 (5 min). */
  readonly forgetAfterMs?: number;
  /**
   * The attributes of `{ns}.proxy.requests` and `{ns}.proxy.request.duration`, for operator and tenants; series that differ in
   * nothing else become one. None can be added, so no text of a client's gets into them. Default: all five.
   */
  readonly attributes?: readonly MetricAttribute[];
  /**
   * `{ns}.tenant_id` on the operator's points. `true` (default): the tenant's id. `false`: none, and the series of all tenants
   * are one. A function is asked once for each tenant id (the last 10,000 are remembered) and gives what stands there instead,
   * such as a plan or a shard, 1 to 128 bytes, or `undefined` for none; what it throws, or anything else, is reported and
   * counts as `undefined`. A tenant's own points are the same in any case.
   */
  readonly operatorTenantDimension?: boolean | ((tenantId: string) => string | undefined);
  /**
   * Further metrics, for the operator alone: tenants have the two of every request. `http.server.request.duration` (s) and, in
   * development, `http.server.active_requests`, `http.server.request.body.size` and `http.server.response.body.size` (By) are
   * the HTTP conventions'; the sizes switch `bodySizes` on. `upstream_duration` and `gateway_duration` are
   * `{ns}.proxy.upstream.duration` and `{ns}.proxy.gateway.duration` (ms), of requests whose upstream latency is known: what the
   * upstream took, and the rest. Each costs about half a microsecond a request. Default: none.
   */
  readonly also?: readonly FurtherMetric[];
  /**
   * Which of `setAttribution`'s facts are attributes of `{g}.policy.evaluations` and `{g}.cost`, the operator's counters of what
   * `recordPolicy` and `recordCost` tell. Customers multiply series. Default: none.
   */
  readonly attribution?: readonly AttributionDimension[];
  /**
   * `true`: the operator's duration histograms hold exemplars, one for each bucket, series and reading, 5,000 at most: a value with
   * the trace and span it comes from, of requests that are sampled. `OTEL_METRICS_EXEMPLAR_FILTER` wins. Tenants get none, as they
   * get no traces. Default `true`.
   */
  readonly exemplars?: boolean;
}
