/** Spans and log events of calls to models, tools and agents; rules of the semantic conventions 1.41.1. */
import { GOVERNANCE } from './governance.js';
import type { LogFact, SpanFact, Uses } from './facts.js';

/** Of spans. */
const LATE: Uses = { '{ns}.sampling.late_kept': 'conditional' };

/** What is the library's own on each of them. */
const OWN: Uses = {
  '{ns}.request_id': 'conditional',
  '{ns}.tenant_id': 'conditional',
  '{ns}.gen_ai.answer_fault': 'conditional',
  ...GOVERNANCE,
};

const REQUEST: Uses = {
  'gen_ai.request.max_tokens': 'recommended',
  'gen_ai.request.temperature': 'recommended',
  'gen_ai.request.top_p': 'recommended',
  'gen_ai.request.top_k': 'recommended',
  'gen_ai.request.frequency_penalty': 'recommended',
  'gen_ai.request.presence_penalty': 'recommended',
  'gen_ai.request.stop_sequences': 'recommended',
  'gen_ai.request.seed': 'conditional',
  'gen_ai.request.choice.count': 'conditional',
  'gen_ai.request.stream': 'conditional',
  'gen_ai.request.encoding_formats': 'recommended',
  'gen_ai.embeddings.dimension.count': 'recommended',
  'gen_ai.output.type': 'conditional',
  'openai.request.service_tier': 'conditional',
};

const RESPONSE: Uses = {
  'gen_ai.response.id': 'recommended',
  'gen_ai.response.model': 'recommended',
  'gen_ai.response.finish_reasons': 'recommended',
  'gen_ai.response.time_to_first_chunk': 'recommended',
  'gen_ai.usage.input_tokens': 'recommended',
  'gen_ai.usage.output_tokens': 'recommended',
  'gen_ai.usage.cache_read.input_tokens': 'recommended',
  'gen_ai.usage.cache_creation.input_tokens': 'recommended',
  'gen_ai.usage.reasoning.output_tokens': 'recommended',
  'openai.api.type': 'recommended',
  'openai.response.service_tier': 'conditional',
  'openai.response.system_fingerprint': 'recommended',
};

const AGENT: Uses = {
  'gen_ai.agent.id': 'conditional',
  'gen_ai.agent.name': 'conditional',
  'gen_ai.agent.description': 'conditional',
  'gen_ai.agent.version': 'conditional',
};

const TOOL: Uses = {
  'gen_ai.tool.name': 'conditional',
  'gen_ai.tool.call.id': 'recommended',
  'gen_ai.tool.type': 'recommended',
  'gen_ai.tool.description': 'recommended',
};

const SERVER: Uses = { 'server.address': 'recommended', 'server.port': 'conditional' };

const CALL: Uses = {
  'gen_ai.operation.name': 'required',
  'gen_ai.provider.name': 'conditional',
  'gen_ai.request.model': 'conditional',
  'gen_ai.conversation.id': 'conditional',
  'error.type': 'conditional',
};

const MCP: Uses = {
  'mcp.method.name': 'required',
  'mcp.session.id': 'recommended',
  'mcp.protocol.version': 'recommended',
  'mcp.resource.uri': 'conditional',
  'jsonrpc.request.id': 'conditional',
  'rpc.response.status_code': 'conditional',
  'gen_ai.operation.name': 'conditional',
  'gen_ai.prompt.name': 'conditional',
  'jsonrpc.protocol.version': 'recommended',
  'network.transport': 'recommended',
  'network.protocol.name': 'recommended',
  'network.protocol.version': 'recommended',
  'error.type': 'conditional',
  ...TOOL,
  ...SERVER,
};

const MCP_NAME = /^(?:[a-z]+\/)*[a-z]+(?: \S+)?$/;
const CALL_NAME = /^[a-z_]+(?: \S+)?$/;

const INFERENCE: Uses = {
  ...CALL,
  'gen_ai.data_source.id': 'conditional',
  ...REQUEST,
  ...RESPONSE,
  ...AGENT,
  ...SERVER,
};

export const GEN_AI_SPANS: readonly SpanFact[] = [
  {
    title: '`{operation} {model, agent or data source}`, by `telemetry.genAi`',
    kind: 'CLIENT',
    name: CALL_NAME,
    marker: 'gen_ai.operation.name',
    attributes: { ...INFERENCE, ...OWN, ...LATE },
    receivers: 'operator',
  },
  {
    title: '`{operation} {tool, agent or workflow}`, of what runs in the gateway itself',
    kind: 'INTERNAL',
    name: CALL_NAME,
    marker: 'gen_ai.operation.name',
    attributes: { ...CALL, 'gen_ai.workflow.name': 'conditional', ...AGENT, ...TOOL, ...OWN, ...LATE },
    receivers: 'operator',
  },
  ...(['CLIENT', 'SERVER'] as const).map((kind) => ({
    title: `\`{mcp.method.name} {tool or prompt}\`, by the Model Context Protocol`,
    kind,
    name: MCP_NAME,
    marker: 'mcp.method.name',
    attributes: {
      ...MCP,
      ...(kind === 'SERVER' && { 'client.address': 'recommended' as const }),
      ...OWN,
      ...LATE,
    },
    receivers: 'operator' as const,
  })),
];

/** What a tenant's copy may have; everything else is the operator's. */
const TENANTS: readonly string[] = [
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  ...Object.keys(REQUEST).filter(
    (key) => !['stop_sequences', 'encoding_formats', 'service_tier'].some((word) => key.endsWith(word)),
  ),
  ...Object.keys(RESPONSE).filter((key) => key.startsWith('gen_ai.')),
  'gen_ai.tool.name',
  'mcp.method.name',
  ...Object.keys(SERVER),
  'error.type',
  'event.name',
  '{ns}.tenant_id',
];

const DETAILS: Uses = {
  ...INFERENCE,
  ...MCP,
  // Of other methods of that protocol there is none.
  'gen_ai.operation.name': 'conditional',
  'mcp.method.name': 'conditional',
  'gen_ai.workflow.name': 'conditional',
  'event.name': 'opt-in: eventNameAttribute',
  ...OWN,
};

export const GEN_AI_LOGS: readonly LogFact[] = [
  {
    title: '`gen_ai.client.inference.operation.details`, with `genAi.events`',
    eventName: 'gen_ai.client.inference.operation.details',
    stability: 'development',
    severity: [9, 13, 17],
    attributes: DETAILS,
    receivers: 'operator; tenant by `tenantRecords.genAi`',
    operatorOnly: Object.keys(DETAILS).filter((key) => !TENANTS.includes(key)),
  },
  {
    title: '`gen_ai.client.operation.exception`',
    eventName: 'gen_ai.client.operation.exception',
    stability: 'development',
    severity: [13],
    attributes: {
      'exception.type': 'conditional',
      'exception.message': 'conditional',
      'exception.stacktrace': 'recommended',
      'error.type': 'conditional',
      'event.name': 'opt-in: eventNameAttribute',
      '{ns}.request_id': 'conditional',
      '{ns}.tenant_id': 'conditional',
    },
    receivers: 'operator',
  },
];
