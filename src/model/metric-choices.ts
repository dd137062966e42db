/** What the options of the metrics choose from. */

/** The attributes of the request metrics. The two of the namespace are named without it, because the namespace is an option. */
export type MetricAttribute =
  'http.response.status_code' | 'http.response.status_class' | 'error' | 'route_name' | 'environment';

export const METRIC_ATTRIBUTES: readonly MetricAttribute[] = [
  'http.response.status_code',
  'http.response.status_class',
  'error',
  'route_name',
  'environment',
];

/** Whose requests the operator's points tell apart: each tenant's, nobody's, or those of the groups that a function names. */
export type OperatorTenantDimension = boolean | ((tenantId: string) => string | undefined);

/** Which requests may become exemplars; the words of `OTEL_METRICS_EXEMPLAR_FILTER`. */
export type ExemplarFilter = 'trace_based' | 'always_on' | 'always_off';

export const EXEMPLAR_FILTERS: readonly ExemplarFilter[] = ['trace_based', 'always_on', 'always_off'];

/** Metrics that the operator gets when asked for. The two of the namespace are named without it. */
export type FurtherMetric =
  | 'http.server.request.duration'
  | 'http.server.active_requests'
  | 'http.server.request.body.size'
  | 'http.server.response.body.size'
  | 'upstream_duration'
  | 'gateway_duration';

export const FURTHER_METRICS: readonly FurtherMetric[] = [
  'http.server.request.duration',
  'http.server.active_requests',
  'http.server.request.body.size',
  'http.server.response.body.size',
  'upstream_duration',
  'gateway_duration',
];

/** Of whose work it was, what the counters of policies and costs may tell apart. */
export type AttributionDimension = 'team' | 'customer' | 'project';

export const ATTRIBUTION_DIMENSIONS: readonly AttributionDimension[] = ['team', 'customer', 'project'];
