/**
 * Every name of the conventions for generative AI and the Model Context Protocol that this library writes, metrics included.
 * All are in development, and being renamed: which version is written is an option.
 *
 * `1.41`: the semantic conventions 1.41.1, the last release that has them; those from 1.42 on deprecate their copy.
 * `latest`: what is merged in github.com/open-telemetry/semantic-conventions-genai, which had no release when this was read
 * (2026-09-16): `cache_creation` became `cache_write` (#440), `top_k` became an integer and that of retrieval a name of its own
 * (#217), and workflows, agents and tools have durations of their own (#126, #201). Not in it, because they were proposals: token
 * counters in place of the token histogram (#374), `gen_ai.client.inference.*` (#521), costs (#443).
 */

export type GenAiSemconv = '1.41' | 'latest';
export const GEN_AI_SEMCONV: readonly GenAiSemconv[] = ['1.41', 'latest'];

/** Operations with rules of their own. */
export const EXECUTE_TOOL = 'execute_tool';
export const INVOKE_AGENT = 'invoke_agent';
export const CREATE_AGENT = 'create_agent';
export const INVOKE_WORKFLOW = 'invoke_workflow';
export const RETRIEVAL = 'retrieval';

/** The same in both versions. */
const FIXED = Object.freeze({
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestTemperature: 'gen_ai.request.temperature',
  requestTopP: 'gen_ai.request.top_p',
  requestTopK: 'gen_ai.request.top_k',
  requestFrequencyPenalty: 'gen_ai.request.frequency_penalty',
  requestPresencePenalty: 'gen_ai.request.presence_penalty',
  requestStopSequences: 'gen_ai.request.stop_sequences',
  requestSeed: 'gen_ai.request.seed',
  requestChoiceCount: 'gen_ai.request.choice.count',
  requestStream: 'gen_ai.request.stream',
  requestEncodingFormats: 'gen_ai.request.encoding_formats',
  dimensionCount: 'gen_ai.embeddings.dimension.count',
  outputType: 'gen_ai.output.type',
  conversationId: 'gen_ai.conversation.id',
  dataSourceId: 'gen_ai.data_source.id',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  reasoningOutputTokens: 'gen_ai.usage.reasoning.output_tokens',
  tokenType: 'gen_ai.token.type',
  agentId: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  agentDescription: 'gen_ai.agent.description',
  agentVersion: 'gen_ai.agent.version',
  workflowName: 'gen_ai.workflow.name',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  toolType: 'gen_ai.tool.type',
  toolDescription: 'gen_ai.tool.description',
  promptName: 'gen_ai.prompt.name',
  openAiApiType: 'openai.api.type',
  openAiRequestServiceTier: 'openai.request.service_tier',
  openAiResponseServiceTier: 'openai.response.service_tier',
  openAiSystemFingerprint: 'openai.response.system_fingerprint',
  mcpMethodName: 'mcp.method.name',
  mcpSessionId: 'mcp.session.id',
  mcpProtocolVersion: 'mcp.protocol.version',
  mcpResourceUri: 'mcp.resource.uri',
  jsonRpcRequestId: 'jsonrpc.request.id',
  jsonRpcVersion: 'jsonrpc.protocol.version',
  rpcStatusCode: 'rpc.response.status_code',
  detailsEvent: 'gen_ai.client.inference.operation.details',
  exceptionEvent: 'gen_ai.client.operation.exception',
  operationDuration: 'gen_ai.client.operation.duration',
  tokenUsage: 'gen_ai.client.token.usage',
  firstChunkHistogram: 'gen_ai.client.operation.time_to_first_chunk',
  mcpClientDuration: 'mcp.client.operation.duration',
  mcpServerDuration: 'mcp.server.operation.duration',
});

/** The names of one version. */
export interface GenAiNames extends Readonly<Record<keyof typeof FIXED, string>> {
  readonly version: GenAiSemconv;
  readonly cacheCreationInputTokens: string;
  /** How many documents are asked for, not how a model chooses its words. */
  readonly retrievalTopK: string;
  /** Metrics that only the later version has. */
  readonly workflowDuration: string | undefined;
  readonly invokeAgentDuration: string | undefined;
  readonly executeToolDuration: string | undefined;
  /** Attributes that are doubles on the wire also when they are whole. */
  readonly doubleKeys: readonly string[];
}

const DOUBLE_KEYS: readonly string[] = Object.freeze([
  FIXED.requestTemperature,
  FIXED.requestTopP,
  FIXED.requestFrequencyPenalty,
  FIXED.requestPresencePenalty,
  FIXED.timeToFirstChunk,
]);

export function genAiNames(version: GenAiSemconv): GenAiNames {
  const isLatest = version === 'latest';
  return Object.freeze({
    ...FIXED,
    version,
    cacheCreationInputTokens: isLatest
      ? 'gen_ai.usage.cache_write.input_tokens'
      : 'gen_ai.usage.cache_creation.input_tokens',
    workflowDuration: isLatest ? 'gen_ai.workflow.duration' : undefined,
    invokeAgentDuration: isLatest ? 'gen_ai.invoke_agent.duration' : undefined,
    executeToolDuration: isLatest ? 'gen_ai.execute_tool.duration' : undefined,
    retrievalTopK: isLatest ? 'gen_ai.retrieval.top_k' : FIXED.requestTopK,
    doubleKeys: isLatest ? DOUBLE_KEYS : Object.freeze([...DOUBLE_KEYS, FIXED.requestTopK]),
  });
}
