/** Every default, with its reason. The README's tables are checked against this file. */

export const DEFAULTS = {
  /** The seed's name; a gateway of another name says so. */
  serviceName: 'knoxcall',
  /** Prefix of custom attributes, event and metric names. */
  namespace: 'knoxcall',
  /** As the OpenTelemetry SDKs: one reading a minute is what backends and their prices expect. */
  metricIntervalMs: 60_000,
  /** The SDK's default boundaries, which suit milliseconds. */
  durationBoundariesMs: [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
  /** One tenant's series: routes × statuses of a busy tenant, and no more, so that it cannot crowd out others. */
  maxSeriesPerTenant: 200,
  /** The operator's series over all tenants: about 400 bytes each, and one reading of them stays under 4 MiB. */
  maxSeries: 5_000,
  /** As long as Prometheus takes to call a series stale. */
  forgetAfterMs: 300_000,
  /** A change reaches every process within a minute, without a message bus. */
  tenantTtlMs: 60_000,
  /** Every trace: a gateway that records fewer says so. */
  samplingRatio: 1,
  /** `flush` and `shutdown`: well inside the 10 s that orchestrators give before they kill. */
  flushTimeoutMs: 5_000,
} as const;
