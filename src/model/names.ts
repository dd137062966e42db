/** Attribute, event and metric names of the instance: the conventions' constants, and the custom ones by namespace. */

import { governanceNames, type GovernanceNames } from './governance-names.js';
import { metricNames, type MetricNames } from './metric-names.js';

/** The scope of all request signals; the version is the package's. */
export const REQUEST_SCOPE_NAME = 'gateway-otel';
/** Custom spans and instruments. */
export const CUSTOM_SCOPE_NAME = 'gateway-otel/custom';
/** Runtime logs. */
export const RUNTIME_SCOPE_NAME = 'gateway-otel/runtime';

/** The custom names under one namespace, made once. */
export interface Names {
  readonly requestId: string;
  readonly errorId: string;
  readonly tenantId: string;
  readonly routeName: string;
  readonly environment: string;
  readonly latencyMs: string;
  readonly timeToFirstByteMs: string;
  readonly upstreamAddress: string;
  readonly upstreamStatusCode: string;
  readonly upstreamLatencyMs: string;
  readonly upstreamAttempts: string;
  readonly droppedClientSpans: string;
  readonly lateKept: string;
  readonly answerFault: string;
  readonly responseSource: string;
  readonly requestEvent: string;
  /** The event name of a security event. */
  securityEvent(this: void, name: string): string;
  readonly securityOutcome: string;
  readonly securityReason: string;
  readonly webhookEvent: string;
  readonly webhookEventType: string;
  readonly webhookSuccess: string;
  readonly webhookRetryCount: string;
  readonly requestsCounter: string;
  readonly durationHistogram: string;
  readonly lostCounter: string;
  readonly destinationTest: string;
  readonly metrics: MetricNames;
  /** Of these, doubles on the wire also when they are whole. */
  readonly doubleKeys: readonly string[];
  readonly governance: GovernanceNames;
  /** Marks whatever no traffic has made. */
  readonly test: string;
}

/** `governanceNamespace`: that of policy, cost and quality. */
export function namesFor(namespace: string, governanceNamespace = namespace): Names {
  const latencyMs = `${namespace}.latency_ms`;
  const timeToFirstByteMs = `${namespace}.time_to_first_byte_ms`;
  const upstreamLatencyMs = `${namespace}.upstream.latency_ms`;
  const doubleKeys = Object.freeze([latencyMs, timeToFirstByteMs, upstreamLatencyMs]);
  return Object.freeze({
    requestId: `${namespace}.request_id`,
    errorId: `${namespace}.error_id`,
    tenantId: `${namespace}.tenant_id`,
    routeName: `${namespace}.route_name`,
    environment: `${namespace}.environment`,
    latencyMs,
    timeToFirstByteMs,
    upstreamAddress: `${namespace}.upstream.address`,
    upstreamStatusCode: `${namespace}.upstream.status_code`,
    upstreamLatencyMs,
    upstreamAttempts: `${namespace}.upstream.attempts`,
    droppedClientSpans: `${namespace}.upstream.dropped_spans`,
    lateKept: `${namespace}.sampling.late_kept`,
    answerFault: `${namespace}.gen_ai.answer_fault`,
    responseSource: `${namespace}.response.source`,
    requestEvent: `${namespace}.proxy.request`,
    securityEvent: (name: string) => `${namespace}.security.${name}`,
    securityOutcome: `${namespace}.security.outcome`,
    securityReason: `${namespace}.security.reason`,
    webhookEvent: `${namespace}.webhook.delivery`,
    webhookEventType: `${namespace}.webhook.event_type`,
    webhookSuccess: `${namespace}.webhook.success`,
    webhookRetryCount: `${namespace}.webhook.retry_count`,
    requestsCounter: `${namespace}.proxy.requests`,
    durationHistogram: `${namespace}.proxy.request.duration`,
    lostCounter: `${namespace}.telemetry.lost`,
    destinationTest: `${namespace}.destination.test`,
    metrics: metricNames(namespace, governanceNamespace),
    test: `${namespace}.test`,
    governance: governanceNames(governanceNamespace, doubleKeys),
    doubleKeys,
  });
}

/**
 * Names that the standards deprecate or still develop; all others come as constants from
 * `@opentelemetry/semantic-conventions`.
 */
export const ATTR_EVENT_NAME = 'event.name';
export const EVENT_SERVER_EXCEPTION = 'http.server.request.exception';
export const EVENT_CLIENT_EXCEPTION = 'http.client.request.exception';
export const ATTR_METRIC_OVERFLOW = 'otel.metric.overflow';
export const ATTR_STATUS_CLASS = 'http.response.status_class';
export const ATTR_ERROR = 'error';
export const ATTR_DEPLOYMENT_ENVIRONMENT_NAME = 'deployment.environment.name';
export const ATTR_HTTP_REQUEST_BODY_SIZE = 'http.request.body.size';
export const ATTR_HTTP_RESPONSE_BODY_SIZE = 'http.response.body.size';
export const ATTR_USER_AGENT_SYNTHETIC_TYPE = 'user_agent.synthetic.type';
export const ATTR_SERVICE_INSTANCE_ID = 'service.instance.id';
export const ATTR_HOST_NAME = 'host.name';
export const ATTR_PROCESS_PID = 'process.pid';
export const ATTR_PROCESS_RUNTIME_NAME = 'process.runtime.name';
export const ATTR_PROCESS_RUNTIME_VERSION = 'process.runtime.version';
