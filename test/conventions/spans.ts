/** Every span, and every event on one, that this library makes; rules of the HTTP conventions 1.44.0, sections "HTTP server" and "HTTP client". */
import { GEN_AI_SPANS } from './gen-ai.js';
import { GOVERNANCE } from './governance.js';
import type { SpanEventFact, SpanFact, Uses } from './facts.js';

/** What every SERVER and CLIENT span of HTTP may have. */
const HTTP: Uses = {
  'http.request.method': 'required',
  'http.request.method_original': 'conditional',
  'http.response.status_code': 'conditional',
  'error.type': 'conditional',
};

export const SPANS: readonly SpanFact[] = [
  {
    title: '`{method} {http.route or route name}`, or `{method}`',
    kind: 'SERVER',
    // `HTTP` for a method that is not known; never the path.
    name: /^(?:[A-Z]+|HTTP)(?: \S+)?$/,
    attributes: {
      ...HTTP,
      'url.path': 'required',
      'url.scheme': 'required',
      'url.query': 'conditional',
      'http.route': 'conditional',
      'server.address': 'recommended',
      'server.port': 'conditional',
      'client.address': 'recommended',
      'network.peer.address': 'recommended',
      'network.peer.port': 'recommended',
      'network.protocol.version': 'recommended',
      'user_agent.original': 'recommended',
      'http.request.body.size': 'opt-in: bodySizes',
      'http.response.body.size': 'opt-in: bodySizes',
      '{ns}.request_id': 'required',
      '{ns}.tenant_id': 'conditional',
      '{ns}.route_name': 'conditional',
      '{ns}.environment': 'conditional',
      '{ns}.response.source': 'conditional',
      '{ns}.time_to_first_byte_ms': 'opt-in: timeToFirstByte',
      '{ns}.upstream.address': 'conditional',
      '{ns}.upstream.status_code': 'conditional',
      '{ns}.upstream.latency_ms': 'conditional',
      '{ns}.upstream.attempts': 'conditional',
      '{ns}.upstream.dropped_spans': 'conditional',
      '{ns}.sampling.late_kept': 'conditional',
      ...GOVERNANCE,
      'http.request.header.<key>': 'opt-in: spanAttributes.server.requestHeaders',
      'http.response.header.<key>': 'opt-in: spanAttributes.server.responseHeaders',
      'client.port': 'opt-in: spanAttributes.server.network',
      'network.local.address': 'opt-in: spanAttributes.server.network',
      'network.local.port': 'opt-in: spanAttributes.server.network',
      'network.transport': 'opt-in: spanAttributes.server.network',
      'user_agent.synthetic.type': 'opt-in: spanAttributes.server.syntheticType',
    },
    receivers: 'operator',
  },
  {
    title: '`{method}`, by `telemetry.webhook`',
    kind: 'CLIENT',
    name: /^(?:[A-Z]+|HTTP)$/,
    marker: '{ns}.webhook.retry_count',
    attributes: {
      ...HTTP,
      'server.address': 'conditional',
      'server.port': 'conditional',
      'url.full': 'conditional',
      'http.request.resend_count': 'recommended',
      '{ns}.webhook.event_type': 'conditional',
      '{ns}.webhook.success': 'required',
      '{ns}.webhook.retry_count': 'required',
      '{ns}.tenant_id': 'conditional',
      '{ns}.request_id': 'conditional',
    },
    receivers: 'operator',
  },
  {
    title: "`{method}`, with `spans: 'server+client'` one for each call of an upstream",
    kind: 'CLIENT',
    name: /^(?:[A-Z]+|HTTP)$/,
    attributes: {
      ...HTTP,
      // Required by the conventions; a host that says neither URL nor address has none to give.
      'server.address': 'conditional',
      'server.port': 'conditional',
      'url.full': 'conditional',
      'http.request.resend_count': 'recommended',
      'network.peer.address': 'recommended',
      'network.peer.port': 'recommended',
      'network.protocol.name': 'conditional',
      'network.protocol.version': 'recommended',
      '{ns}.time_to_first_byte_ms': 'conditional',
      'http.request.header.<key>': 'opt-in: spanAttributes.client.requestHeaders',
      'http.response.header.<key>': 'opt-in: spanAttributes.client.responseHeaders',
      'network.transport': 'opt-in: spanAttributes.client.network',
      'url.scheme': 'opt-in: spanAttributes.client.network',
      'user_agent.original': 'opt-in: spanAttributes.client.userAgent',
      '{ns}.sampling.late_kept': 'conditional',
    },
    receivers: 'operator',
  },
  ...GEN_AI_SPANS,
  {
    title: '`{ns}.security.{name}`, by `telemetry.securityEvent`',
    kind: 'INTERNAL',
    name: /^\{ns\}\.security\.[a-z][a-z0-9_.]*$/,
    attributes: {
      '{ns}.security.outcome': 'required',
      '{ns}.security.reason': 'conditional',
      '{ns}.tenant_id': 'conditional',
      '{ns}.request_id': 'conditional',
      'client.address': 'conditional',
      'error.type': 'conditional',
    },
    receivers: 'operator',
  },
  {
    title: '`{ns}.destination.test`, by `testDestination`',
    kind: 'INTERNAL',
    name: /^\{ns\}\.destination\.test$/,
    attributes: { '{ns}.test': 'required' },
    receivers: 'operator',
  },
];

export const SPAN_EVENTS: readonly SpanEventFact[] = [
  {
    title: '`exception` of a span that failed, with `exceptions.spanEvents`, and by `span.recordException`',
    name: 'exception',
    attributes: {
      'exception.type': 'conditional',
      'exception.message': 'conditional',
      'exception.stacktrace': 'recommended',
    },
    receivers: 'operator',
  },
  {
    title: '`{g}.policy`, for each `recordPolicy`',
    name: '{g}.policy',
    attributes: {
      '{g}.policy.name': 'required',
      '{g}.policy.result': 'required',
      '{g}.policy.reason': 'conditional',
    },
    receivers: 'operator',
  },
  {
    title: '`{g}.cost`, for each `recordCost`',
    name: '{g}.cost',
    attributes: {
      '{g}.cost.amount': 'required',
      '{g}.cost.currency': 'required',
      '{g}.cost.provider': 'conditional',
      '{g}.cost.model': 'conditional',
    },
    receivers: 'operator',
  },
  {
    title: '`{g}.evaluation`, for each `recordEvaluation`',
    name: '{g}.evaluation',
    attributes: {
      '{g}.eval.metric_name': 'required',
      '{g}.eval.score': 'required',
      '{g}.eval.threshold': 'conditional',
      '{g}.eval.passed': 'conditional',
    },
    receivers: 'operator',
  },
];
