/**
 * Every attribute that this library writes, once. Types and stability of the conventions' names are facts of the semantic
 * conventions 1.44.0 (registry) and of the logs data model; `{ns}` stands for the option `namespace`, `{g}` for
 * `governanceNamespace`.
 */
import type { AttributeFact, Stability, ValueType } from './facts.js';

const as = (type: ValueType, stability: Stability, values?: readonly string[]): AttributeFact =>
  values === undefined ? { type, stability } : { type, stability, values };

export const ATTRIBUTES: Readonly<Record<string, AttributeFact>> = {
  // HTTP
  'http.request.method': as('string', 'stable'),
  'http.request.method_original': as('string', 'stable'),
  'http.request.resend_count': as('int', 'stable'),
  'http.request.body.size': as('int', 'development'),
  'http.response.status_code': as('int', 'stable'),
  'http.response.body.size': as('int', 'development'),
  'http.route': as('string', 'stable'),
  'url.full': as('string', 'stable'),
  'url.path': as('string', 'stable'),
  'url.query': as('string', 'stable'),
  'url.scheme': as('string', 'stable', ['http', 'https', 'ws', 'wss']),
  'http.request.header.<key>': as('string[]', 'stable'),
  'http.response.header.<key>': as('string[]', 'stable'),
  'user_agent.original': as('string', 'stable'),
  'user_agent.synthetic.type': as('string', 'development', ['bot', 'test']),
  // who talks to whom
  'client.address': as('string', 'stable'),
  'client.port': as('int', 'stable'),
  'server.address': as('string', 'stable'),
  'server.port': as('int', 'stable'),
  'network.peer.address': as('string', 'stable'),
  'network.peer.port': as('int', 'stable'),
  'network.local.address': as('string', 'stable'),
  'network.local.port': as('int', 'stable'),
  'network.protocol.name': as('string', 'stable'),
  'network.protocol.version': as('string', 'stable'),
  'network.transport': as('string', 'stable', ['tcp', 'udp', 'quic', 'pipe', 'unix']),
  // outcome
  'error.type': as('string', 'stable'),
  'exception.type': as('string', 'stable'),
  'exception.message': as('string', 'stable'),
  'exception.stacktrace': as('string', 'stable'),
  // records
  'event.name': as('string', 'deprecated'),
  'otel.metric.overflow': as('boolean', 'stable'),
  'otel.component.name': as('string', 'development'),
  'otel.component.type': as('string', 'development'),
  // calls to models, of the semantic conventions 1.41.1: later ones deprecate their copy
  'gen_ai.operation.name': as('string', 'development'),
  'gen_ai.prompt.name': as('string', 'development'),
  'gen_ai.provider.name': as('string', 'development'),
  'gen_ai.request.model': as('string', 'development'),
  'gen_ai.response.model': as('string', 'development'),
  'gen_ai.token.type': as('string', 'development', ['input', 'output']),
  'gen_ai.tool.name': as('string', 'development'),
  'mcp.method.name': as('string', 'development'),
  'mcp.protocol.version': as('string', 'development'),
  'rpc.response.status_code': as('string', 'development'),
  // metrics of requests, as the KnoxCall seed names them
  'http.response.status_class': as('string', 'own', ['1xx', '2xx', '3xx', '4xx', '5xx']),
  error: as('boolean', 'own'),
  signal: as('string', 'own', ['traces', 'logs', 'metrics']),
  reason: as('string', 'own'),
  // this library's own
  '{ns}.request_id': as('string', 'own'),
  '{ns}.error_id': as('string', 'own'),
  '{ns}.tenant_id': as('string', 'own'),
  '{ns}.route_name': as('string', 'own'),
  '{ns}.environment': as('string', 'own'),
  '{ns}.latency_ms': as('double', 'own'),
  '{ns}.time_to_first_byte_ms': as('double', 'own'),
  '{ns}.response.source': as('string', 'own', ['gateway', 'upstream']),
  '{ns}.upstream.address': as('string', 'own'),
  '{ns}.upstream.status_code': as('int', 'own'),
  '{ns}.upstream.latency_ms': as('double', 'own'),
  '{ns}.upstream.attempts': as('int', 'own'),
  '{ns}.upstream.dropped_spans': as('int', 'own'),
  '{ns}.sampling.late_kept': as('boolean', 'own'),
  '{ns}.webhook.event_type': as('string', 'own'),
  '{ns}.webhook.success': as('boolean', 'own'),
  '{ns}.webhook.retry_count': as('int', 'own'),
  '{ns}.security.outcome': as('string', 'own', ['success', 'failure', 'denied', 'unknown']),
  '{ns}.security.reason': as('string', 'own'),
  '{ns}.test': as('boolean', 'own'),
  // policy, cost and quality, as the GenOps seed names them
  '{g}.policy.name': as('string', 'own'),
  '{g}.policy.result': as('string', 'own', ['passed', 'warning', 'blocked']),
  '{g}.policy.reason': as('string', 'own'),
  '{g}.policy.names': as('string[]', 'own'),
  '{g}.policy.results': as('string[]', 'own'),
  '{g}.cost.total': as('double', 'own'),
  '{g}.cost.amount': as('double', 'own'),
  '{g}.cost.currency': as('string', 'own'),
  '{g}.cost.provider': as('string', 'own'),
  '{g}.cost.model': as('string', 'own'),
  '{g}.eval.metric_name': as('string', 'own'),
  '{g}.eval.score': as('double', 'own'),
  '{g}.eval.threshold': as('double', 'own'),
  '{g}.eval.passed': as('boolean', 'own'),
  '{g}.budget.name': as('string', 'own'),
  '{g}.budget.utilization': as('double', 'own'),
  '{g}.team': as('string', 'own'),
  '{g}.customer_id': as('string', 'own'),
  '{g}.project': as('string', 'own'),
};

/** Of resources, which may hold whatever the host and its detectors say besides. */
export const RESOURCE_ATTRIBUTES: Readonly<Record<string, AttributeFact & { readonly isTenants: boolean }>> =
  {
    'service.name': { ...as('string', 'stable'), isTenants: true },
    'service.version': { ...as('string', 'stable'), isTenants: false },
    'service.instance.id': { ...as('string', 'stable'), isTenants: true },
    'telemetry.sdk.name': { ...as('string', 'stable'), isTenants: true },
    'telemetry.sdk.language': { ...as('string', 'stable'), isTenants: true },
    'telemetry.sdk.version': { ...as('string', 'stable'), isTenants: true },
    'deployment.environment.name': { ...as('string', 'stable'), isTenants: false },
    'host.name': { ...as('string', 'development'), isTenants: false },
    'process.pid': { ...as('int', 'development'), isTenants: false },
    'process.runtime.name': { ...as('string', 'development'), isTenants: false },
    'process.runtime.version': { ...as('string', 'development'), isTenants: false },
  };
