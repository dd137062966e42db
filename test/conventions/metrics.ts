/** Every metric that this library makes; rules of the KnoxCall seed and, for `otel.sdk.*`, of the semantic conventions 1.44.0. */
import type { MetricFact, Uses } from './facts.js';
import { GEN_AI_METRICS } from './gen-ai-metrics.js';

/** Of a series: which of them a point has, and what folds beyond the caps. */
const REQUESTS: Uses = {
  error: 'conditional',
  'http.response.status_code': 'conditional',
  'http.response.status_class': 'conditional',
  '{ns}.route_name': 'conditional',
  '{ns}.environment': 'conditional',
  '{ns}.tenant_id': 'conditional',
  'otel.metric.overflow': 'conditional',
};

type Shape = Pick<MetricFact, 'name' | 'instrument' | 'unit' | 'attributes'>;

const ofRequests = (shape: Omit<Shape, 'attributes'>): MetricFact => ({
  title: `\`${shape.name}\``,
  ...shape,
  attributes: REQUESTS,
  stability: 'own',
  receivers: 'operator and tenant',
  operatorOnly: ['{ns}.tenant_id'],
});

/** What the conventions ask of `http.server.*`, with what is left out for its cardinality: nothing of it comes from headers. */
const HTTP_SERVER: Uses = {
  'http.request.method': 'required',
  'url.scheme': 'required',
  'http.response.status_code': 'conditional',
  'error.type': 'conditional',
  'http.route': 'conditional',
  'network.protocol.version': 'recommended',
  'otel.metric.overflow': 'conditional',
};

const LATENCY: Uses = {
  '{ns}.route_name': 'conditional',
  '{ns}.environment': 'conditional',
  '{ns}.tenant_id': 'conditional',
  'otel.metric.overflow': 'conditional',
};

const ATTRIBUTION: Uses = {
  '{g}.team': 'opt-in: metrics.attribution',
  '{g}.customer_id': 'opt-in: metrics.attribution',
  '{g}.project': 'opt-in: metrics.attribution',
  'otel.metric.overflow': 'conditional',
};

/** Only where `metrics.also` names it. */
const further = (shape: Shape, stability: MetricFact['stability'], option = shape.name): MetricFact => ({
  title: `\`${shape.name}\`, with \`metrics.also: ['${option}']\``,
  ...shape,
  stability,
  receivers: 'operator',
});

const ofSdk = (shape: Shape): MetricFact => ({
  title: `\`${shape.name}\``,
  ...shape,
  stability: 'development',
  receivers: 'operator',
});

const COMPONENT: Uses = { 'otel.component.name': 'required', 'otel.component.type': 'required' };

/** Three signals have an exporter, and two a queue before it. */
function sdkMetrics(signal: string, unit: string, hasProcessor: boolean): readonly MetricFact[] {
  const exporter: Uses = { ...COMPONENT, 'server.address': 'conditional', 'server.port': 'conditional' };
  const ended: Uses = { 'error.type': 'conditional' };
  const exported: readonly Shape[] = [
    {
      name: `otel.sdk.exporter.${signal}.exported`,
      instrument: 'counter',
      unit,
      attributes: { ...exporter, ...ended },
    },
    {
      name: `otel.sdk.exporter.${signal}.inflight`,
      instrument: 'updowncounter',
      unit,
      attributes: exporter,
    },
  ];
  const processed: readonly Shape[] = [
    {
      name: `otel.sdk.processor.${signal}.processed`,
      instrument: 'counter',
      unit,
      attributes: { ...COMPONENT, ...ended },
    },
    {
      name: `otel.sdk.processor.${signal}.queue.size`,
      instrument: 'updowncounter',
      unit,
      attributes: COMPONENT,
    },
    {
      name: `otel.sdk.processor.${signal}.queue.capacity`,
      instrument: 'updowncounter',
      unit,
      attributes: COMPONENT,
    },
  ];
  return (hasProcessor ? [...exported, ...processed] : exported).map(ofSdk);
}

export const METRICS: readonly MetricFact[] = [
  ofRequests({ name: '{ns}.proxy.requests', instrument: 'counter', unit: '{request}' }),
  ofRequests({ name: '{ns}.proxy.request.duration', instrument: 'histogram', unit: 'ms' }),
  {
    title: '`{ns}.telemetry.lost`',
    name: '{ns}.telemetry.lost',
    instrument: 'counter',
    unit: '{item}',
    stability: 'own',
    attributes: { signal: 'required', reason: 'required' },
    receivers: 'tenant',
  },
  {
    title: '`{ns}.destination.test`, by `testDestination`',
    name: '{ns}.destination.test',
    instrument: 'gauge',
    unit: '1',
    stability: 'own',
    attributes: { '{ns}.test': 'required' },
    receivers: 'operator and tenant',
  },
  further(
    {
      name: 'http.server.request.duration',
      instrument: 'histogram',
      unit: 's',
      attributes: HTTP_SERVER,
    },
    'stable',
  ),
  further(
    {
      name: 'http.server.active_requests',
      instrument: 'updowncounter',
      unit: '{request}',
      attributes: { 'http.request.method': 'required', 'url.scheme': 'required' },
    },
    'development',
  ),
  further(
    {
      name: 'http.server.request.body.size',
      instrument: 'histogram',
      unit: 'By',
      attributes: HTTP_SERVER,
    },
    'development',
  ),
  further(
    {
      name: 'http.server.response.body.size',
      instrument: 'histogram',
      unit: 'By',
      attributes: HTTP_SERVER,
    },
    'development',
  ),
  further(
    {
      name: '{ns}.proxy.upstream.duration',
      instrument: 'histogram',
      unit: 'ms',
      attributes: LATENCY,
    },
    'own',
    'upstream_duration',
  ),
  further(
    {
      name: '{ns}.proxy.gateway.duration',
      instrument: 'histogram',
      unit: 'ms',
      attributes: LATENCY,
    },
    'own',
    'gateway_duration',
  ),
  {
    title: '`{g}.policy.evaluations`',
    name: '{g}.policy.evaluations',
    instrument: 'counter',
    unit: '{evaluation}',
    stability: 'own',
    attributes: {
      '{g}.policy.name': 'conditional',
      '{g}.policy.result': 'conditional',
      ...ATTRIBUTION,
    },
    receivers: 'operator',
  },
  {
    title: '`{g}.cost`',
    name: '{g}.cost',
    instrument: 'counter',
    unit: 'currency',
    stability: 'own',
    attributes: {
      '{g}.cost.currency': 'conditional',
      '{g}.cost.provider': 'conditional',
      '{g}.cost.model': 'conditional',
      ...ATTRIBUTION,
    },
    receivers: 'operator; tenant by `tenantRecords.genAi`',
    operatorOnly: ['{g}.team', '{g}.customer_id', '{g}.project'],
  },
  ...GEN_AI_METRICS,
  ...sdkMetrics('span', '{span}', true),
  ...sdkMetrics('log', '{log_record}', true),
  ...sdkMetrics('metric_data_point', '{data_point}', false),
];
