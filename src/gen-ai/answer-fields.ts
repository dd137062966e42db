/**
 * Where the providers' formats say what: one table for all, since no path means two things.
 *
 * Looked up on 2026-11-22, in the vendors' pages or in types made from their API descriptions:
 * - OpenAI: `ChatCompletionStreamOptions` (usage comes in the last chunk, if `include_usage` is set), `ResponseCompletedEvent`,
 *   `ResponseIncompleteEvent`, `ResponseErrorEvent` (its code stands at the top). `cache_write_tokens`:
 *   `ResponseUsageInputTokensDetails` of @azure/ai-projects.
 * - Anthropic: "Streaming messages", and `MessageDeltaUsage` of its SDKs: the counts of `message_delta` are cumulative. Those of
 *   the input leave out what was cached (facts of the semantic conventions, gen-ai/anthropic).
 * - Groq: `x_groq.usage` in the last chunk. DeepSeek: `prompt_cache_hit_tokens`. Mistral and Azure: as OpenAI. OpenRouter, "Errors
 *   and debugging": an error in mid-stream stands in `error` of a chunk, its code is a number.
 * - xAI, "Consumption and rate limits": `reasoning_tokens` are counted apart from `completion_tokens`, in `total_tokens`.
 * - Gemini: `UsageMetadata`: `promptTokenCount` includes what was cached, `candidatesTokenCount` no thoughts.
 * - Ollama, "Streaming": lines of JSON, counts and `done_reason` in the last one.
 */

/** `text`: a string. `count`: a safe integer, never negative. `code`: a string or a safe integer. `sign`: whether anything but null or false stands there. */
export type FieldKind = 'text' | 'count' | 'code' | 'sign';

interface FieldRow {
  readonly kind: FieldKind;
  readonly paths: readonly string[];
}

const FIELDS = {
  id: text('id', 'response.id', 'message.id', 'responseId'),
  model: text('model', 'response.model', 'message.model', 'modelVersion'),
  object: text('object'),
  type: text('type'),
  /** Gemini says nowhere what it is. */
  candidates: sign('candidates', 'usageMetadata'),
  serviceTier: text(
    'service_tier',
    'response.service_tier',
    'usage.service_tier',
    'message.usage.service_tier',
  ),
  systemFingerprint: text('system_fingerprint'),

  stopReason: text('stop_reason', 'message.stop_reason', 'delta.stop_reason', 'done_reason'),
  blockReason: text('promptFeedback.blockReason'),
  status: text('status', 'response.status'),
  incompleteReason: text('incomplete_details.reason', 'response.incomplete_details.reason'),

  error: sign('error', 'response.error'),
  errorCode: code('error.code', 'response.error.code'),
  errorKind: text('error.type', 'error.status'),
  /** Of the event `error` of responses, which has no object around it. */
  bareErrorCode: code('code'),
  rpcVersion: text('jsonrpc'),
  /** Of a tool, which has failed, and whose call has not. */
  toolError: sign('result.isError'),

  /** With what was cached. */
  promptTokens: count(
    'usage.prompt_tokens',
    'x_groq.usage.prompt_tokens',
    'usageMetadata.promptTokenCount',
    'prompt_eval_count',
  ),
  /** With what was cached, or without, as `cachedInsideTokens` tells. */
  inputTokens: count('usage.input_tokens', 'response.usage.input_tokens', 'message.usage.input_tokens'),
  toolUsePromptTokens: count('usageMetadata.toolUsePromptTokenCount'),
  cachedInsideTokens: count(
    'usage.prompt_tokens_details.cached_tokens',
    'x_groq.usage.prompt_tokens_details.cached_tokens',
    'usage.input_tokens_details.cached_tokens',
    'response.usage.input_tokens_details.cached_tokens',
    'usageMetadata.cachedContentTokenCount',
  ),
  promptCacheHitTokens: count('usage.prompt_cache_hit_tokens'),
  writtenInsideTokens: count(
    'usage.prompt_tokens_details.cache_write_tokens',
    'usage.input_tokens_details.cache_write_tokens',
    'response.usage.input_tokens_details.cache_write_tokens',
  ),
  cachedApartTokens: count('usage.cache_read_input_tokens', 'message.usage.cache_read_input_tokens'),
  writtenApartTokens: count('usage.cache_creation_input_tokens', 'message.usage.cache_creation_input_tokens'),
  outputTokens: count(
    'usage.completion_tokens',
    'x_groq.usage.completion_tokens',
    'usage.output_tokens',
    'response.usage.output_tokens',
    'message.usage.output_tokens',
    'eval_count',
  ),
  candidatesTokens: count('usageMetadata.candidatesTokenCount'),
  reasoningTokens: count(
    'usage.completion_tokens_details.reasoning_tokens',
    'x_groq.usage.completion_tokens_details.reasoning_tokens',
    'usage.output_tokens_details.reasoning_tokens',
    'response.usage.output_tokens_details.reasoning_tokens',
  ),
  thoughtsTokens: count('usageMetadata.thoughtsTokenCount'),
  totalTokens: count('usage.total_tokens', 'x_groq.usage.total_tokens'),

  choiceReason: text('choices[].finish_reason', 'candidates[].finishReason'),
  choiceIndex: count('choices[].index', 'candidates[].index'),
} as const satisfies Record<string, FieldRow>;

export type Field = keyof typeof FIELDS;

interface LeafRow {
  readonly field: Field;
  readonly kind: FieldKind;
}

const ROWS: readonly [Field, FieldRow][] = Object.entries(FIELDS) as [Field, FieldRow][];

/** By the position of its path in `PATHS`. */
export const LEAVES: readonly LeafRow[] = ROWS.flatMap(([field, { kind, paths }]) =>
  paths.map(() => ({ field, kind })),
);
export const PATHS: readonly string[] = ROWS.flatMap(([, { paths }]) => paths);

function text(...paths: string[]): FieldRow {
  return { kind: 'text', paths };
}

function count(...paths: string[]): FieldRow {
  return { kind: 'count', paths };
}

function code(...paths: string[]): FieldRow {
  return { kind: 'code', paths };
}

function sign(...paths: string[]): FieldRow {
  return { kind: 'sign', paths };
}
