/** Calls of every kind to models, tools and agents, with everything that can be said of each. */
import type { Exchange, GatewayTelemetry, GenAiCall, GenAiOptions } from '../../src/index.js';
import { CHAT_EVENTS } from '../support/provider.js';

const FULL = {
  provider: 'openai',
  url: 'https://models.example/v1',
  conversationId: 'conv-1',
  request: {
    maxTokens: 1,
    temperature: 1,
    topP: 1,
    topK: 1,
    frequencyPenalty: 1,
    presencePenalty: 1,
    stopSequences: ['END'],
    seed: 1,
    choiceCount: 2,
    stream: true,
    outputType: 'text',
    encodingFormats: ['float'],
    dimensionCount: 1,
    serviceTier: 'flex',
  },
  agent: { id: 'a1', name: 'agent', description: 'answers', version: '1' },
} as const;
const TOOL = { name: 'weather', callId: 'call-1', type: 'function', description: 'tells the weather' };
const MCP = {
  requestId: 1,
  sessionId: 's1',
  protocolVersion: '2025-06-18',
  transport: 'tcp',
  networkProtocolName: 'HTTP',
  networkProtocolVersion: '1.1',
  jsonRpcVersion: '1.0',
} as const;

/** By kind of span, the first of each with all attributes that it can have. */
const CALLS: readonly GenAiOptions[] = [
  { ...FULL, operation: 'chat', model: 'large', dataSourceId: 'docs' },
  { ...FULL, operation: 'embeddings', model: 'small' },
  { ...FULL, operation: 'retrieval', dataSourceId: 'docs' },
  {
    operation: 'invoke_agent',
    provider: 'openai',
    model: 'large',
    agent: FULL.agent,
    conversationId: 'conv-1',
  },
  { operation: 'invoke_workflow', workflow: 'refund' },
  { operation: 'execute_tool', tool: TOOL },
];

function governed(call: GenAiCall): void {
  call.recordPolicy({ name: 'budget', result: 'passed' });
  call.recordPolicy({ name: 'pii', result: 'blocked', reason: 'address' });
  call.recordCost({ amount: 2, currency: 'EUR', provider: 'up', model: 'large' });
  call.recordEvaluation({ name: 'relevance', score: 1, threshold: 1 });
  call.setBudget({ name: 'team', utilization: 50 });
  call.setAttribution({ team: 'edge', customerId: 'c1', project: 'p1' });
}

const RESPONSE = {
  statusCode: 200,
  usage: { cacheReadInputTokens: 1, cacheCreationInputTokens: 1, reasoningOutputTokens: 1 },
  serviceTier: 'default',
  systemFingerprint: 'fp_1',
};

function unreadable(call: GenAiCall): void {
  call.read('<html>');
  call.end();
}

/** One of each, and of each one that fails. */
export function callsToModels(telemetry: GatewayTelemetry, exchange: Exchange): void {
  for (const options of CALLS) {
    const call = telemetry.genAi({ ...options, exchange });
    governed(call);
    if ('url' in options) for (const event of CHAT_EVENTS) call.read(event);
    call.end('url' in options ? RESPONSE : {});
    telemetry.genAi({ ...options, exchange }).end({ statusCode: 429 });
    telemetry.genAi({ ...options, exchange }).end({ error: new Error('lost') });
    unreadable(telemetry.genAi({ ...options, exchange }));
  }
  for (const side of ['client', 'server'] as const) {
    const mcp = { ...MCP, side };
    const url = 'https://tools.example';
    const call = telemetry.genAi({ mcp: { ...mcp, method: 'tools/call' }, tool: TOOL, url, exchange });
    governed(call);
    call.end({ error: { code: -32602, message: 'no such tool' } });
    telemetry.genAi({ mcp: { ...mcp, method: 'resources/read', resourceUri: 'file:///a' }, exchange }).end();
    unreadable(telemetry.genAi({ mcp: { ...mcp, method: 'prompts/get', promptName: 'hi' }, exchange }));
  }
}
