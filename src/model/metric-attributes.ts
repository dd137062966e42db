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
