/** Names of metrics: the conventions' that are still in development, and the custom ones under one namespace. */

export const METRIC_HTTP_SERVER_ACTIVE_REQUESTS = 'http.server.active_requests';
export const METRIC_HTTP_SERVER_REQUEST_BODY_SIZE = 'http.server.request.body.size';
export const METRIC_HTTP_SERVER_RESPONSE_BODY_SIZE = 'http.server.response.body.size';

/** The custom ones that an option or a call of the host's asks for. */
export interface MetricNames {
  readonly upstreamDuration: string;
  readonly gatewayDuration: string;
  readonly policyEvaluations: string;
  readonly cost: string;
}

export function metricNames(namespace: string, governanceNamespace: string): MetricNames {
  return Object.freeze({
    upstreamDuration: `${namespace}.proxy.upstream.duration`,
    gatewayDuration: `${namespace}.proxy.gateway.duration`,
    policyEvaluations: `${governanceNamespace}.policy.evaluations`,
    cost: `${governanceNamespace}.cost`,
  });
}
