/** What the options of the metrics choose from. */

/** The attributes of the request metrics. The two of the namespace are named without it, because the namespace is an option. */
export const METRIC_ATTRIBUTES = [
  'http.response.status_code',
  'http.response.status_class',
  'error',
  'route_name',
  'environment',
] as const;

/** One of them. */
export type MetricAttribute = (typeof METRIC_ATTRIBUTES)[number];

/** Whose requests the operator's points tell apart: each tenant's, nobody's, or those of the groups that a function names. */
export type OperatorTenantDimension = boolean | ((tenantId: string) => string | undefined);

/** Which requests may become exemplars; the words of `OTEL_METRICS_EXEMPLAR_FILTER`. */
export const EXEMPLAR_FILTERS = ['trace_based', 'always_on', 'always_off'] as const;

export type ExemplarFilter = (typeof EXEMPLAR_FILTERS)[number];

/** Metrics that the operator gets when asked for. The two of the namespace are named without it. */
export const FURTHER_METRICS = [
  'http.server.request.duration',
  'http.server.active_requests',
  'http.server.request.body.size',
  'http.server.response.body.size',
  'upstream_duration',
  'gateway_duration',
] as const;

/** One of them. */
export type FurtherMetric = (typeof FURTHER_METRICS)[number];

/** Of whose work it was, what the counters of policies and costs may tell apart. */
export const ATTRIBUTION_DIMENSIONS = ['team', 'customer', 'project'] as const;

/** One of them. */
export type AttributionDimension = (typeof ATTRIBUTION_DIMENSIONS)[number];
