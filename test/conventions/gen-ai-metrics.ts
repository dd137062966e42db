/** The metrics of calls to models; rules of the semantic conventions 1.41.1, the last release that has them. */
import type { MetricFact, Uses } from './facts.js';

/** Of a series beyond the caps there is nothing else. */
const CAPPED: Uses = { '{ns}.tenant_id': 'conditional', 'otel.metric.overflow': 'conditional' };

const CALL: Uses = {
  'gen_ai.operation.name': 'required',
  'gen_ai.provider.name': 'conditional',
  'gen_ai.request.model': 'conditional',
  'gen_ai.response.model': 'recommended',
  'server.address': 'recommended',
  'server.port': 'conditional',
};

const MCP: Uses = {
  'mcp.method.name': 'required',
  'error.type': 'conditional',
  'rpc.response.status_code': 'conditional',
  'gen_ai.tool.name': 'conditional',
  'gen_ai.prompt.name': 'conditional',
  'gen_ai.operation.name': 'recommended',
  'mcp.protocol.version': 'recommended',
  'network.transport': 'recommended',
};

const ofCalls = (name: string, unit: string, attributes: Uses): MetricFact => ({
  title: `\`${name}\``,
  name,
  instrument: 'histogram',
  unit,
  stability: 'development',
  attributes: { ...attributes, ...CAPPED },
  receivers: 'operator; tenant by `tenantRecords.genAi`',
  operatorOnly: ['{ns}.tenant_id'],
});

export const GEN_AI_METRICS: readonly MetricFact[] = [
  ofCalls('gen_ai.client.operation.duration', 's', { ...CALL, 'error.type': 'conditional' }),
  ofCalls('gen_ai.client.token.usage', '{token}', { 'gen_ai.token.type': 'required', ...CALL }),
  ofCalls('gen_ai.client.operation.time_to_first_chunk', 's', CALL),
  ofCalls('mcp.client.operation.duration', 's', {
    ...MCP,
    'server.address': 'recommended',
    'server.port': 'recommended',
  }),
  ofCalls('mcp.server.operation.duration', 's', MCP),
];
