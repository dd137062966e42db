/** Every metric that this library makes; rules of the KnoxCall seed and, for `otel.sdk.*`, of the semantic conventions 1.44.0. */
import type { MetricFact, Uses } from './facts.js';

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
  ...sdkMetrics('span', '{span}', true),
  ...sdkMetrics('log', '{log_record}', true),
  ...sdkMetrics('metric_data_point', '{data_point}', false),
];
