/** The options of the request metrics. This text is the documentation. */
import type { MetricAttribute } from '../model/metric-attributes.js';

/** The request metrics. */
export interface MetricOptions {
  /** Time between two readings, 100 ms to 24 h. Default 60,000, as the SDKs have it. */
  readonly intervalMs?: number;
  /** Upper bounds of the duration histogram's buckets in milliseconds, rising. Default: the SDK's. */
  readonly durationBoundariesMs?: readonly number[];
  /** Series per tenant; further ones fold into one with `otel.metric.overflow`. Default 200. */
  readonly maxSeriesPerTenant?: number;
  /** The operator's series in total; further ones fold the same way. 1 to 1,000,000. Default 5,000: a reading of 4 MiB. */
  readonly maxSeries?: number;
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
}
