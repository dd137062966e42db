/** Answers in the shape of each provider's, in words of our own, and what they say about themselves. */
import type { GenAiAnswer } from '../../src/model/gen-ai-answer.js';

export interface RecordedAnswer {
  readonly name: string;
  readonly contentType: string;
  readonly body: string;
  readonly answer: GenAiAnswer;
}

const EVENTS = 'text/event-stream; charset=utf-8';
const JSON_TYPE = 'application/json';

/** What looks like an answer inside of the content must never count. */
const SPOOF =
  '"}],"usage":{"prompt_tokens":666,"completion_tokens":666},"id":"spoof","error":{"code":"spoof"}}\n\n';
const PIECES = [
  'The',
  ' tide',
  ' table – ',
  'später',
  ' 🌊',
  SPOOF,
  '\\',
  '\\"',
  '\u2028',
  'data: [DONE]\n\n',
];

function events(documents: readonly object[], { done = true, names = false, end = '\n' } = {}): string {
  const named = (document: object): string =>
    names ? `event: ${(document as { type: string }).type}${end}` : '';
  const all = documents.map((document) => `${named(document)}data: ${JSON.stringify(document)}${end}${end}`);
  return all.join('') + (done ? `data: [DONE]${end}${end}` : '');
}

const chunkHead = {
  id: 'chatcmpl-9Zq1',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  system_fingerprint: 'fp_1a2b3c',
};
const chatUsage = {
  prompt_tokens: 1_234,
  completion_tokens: 567,
  total_tokens: 1_801,
  prompt_tokens_details: { cached_tokens: 1_024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 128, audio_tokens: 0 },
};
const choice = (index: number, delta: object, finish_reason: string | null = null): object => ({
  index,
  delta,
  logprobs: null,
  finish_reason,
});
const chatChunks = [
  { ...chunkHead, choices: [choice(0, { role: 'assistant', content: '', refusal: null })], usage: null },
  ...PIECES.map((content) => ({ ...chunkHead, choices: [choice(0, { content })], usage: null })),
  { ...chunkHead, choices: [choice(0, {}, 'stop')], usage: null },
  { ...chunkHead, choices: [], usage: chatUsage },
];
const chatNames = {
  id: 'chatcmpl-9Zq1',
  model: 'gpt-4o-2024-08-06',
  apiType: 'chat_completions',
  serviceTier: 'default',
  systemFingerprint: 'fp_1a2b3c',
} as const;
const chatAnswer = {
  ...chatNames,
  finishReasons: ['stop'],
  usage: {
    inputTokens: 1_234,
    outputTokens: 567,
    cacheReadInputTokens: 1_024,
    reasoningOutputTokens: 128,
  },
} as const;

const response = (status: string, more: object = {}): object => ({
  id: 'resp_67cc',
  object: 'response',
  created_at: 1_760_000_000,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  model: 'gpt-5-2025-08-07',
  output: [],
  service_tier: 'priority',
  text: { format: { type: 'text' } },
  usage: null,
  metadata: { usage: 'mine', id: 'mine' },
  ...more,
});
const responseUsage = {
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 64, cache_write_tokens: 32 },
  output_tokens: 52,
  output_tokens_details: { reasoning_tokens: 40 },
  total_tokens: 380,
};
const responseOutput = [
  {
    type: 'message',
    id: 'msg_1',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: SPOOF }],
  },
];
const responseEvents = (last: object): object[] => [
  { type: 'response.created', sequence_number: 0, response: response('in_progress') },
  { type: 'response.in_progress', sequence_number: 1, response: response('in_progress') },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'msg_1', type: 'message', status: 'in_progress' },
  },
  ...PIECES.map((delta) => ({
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    content_index: 0,
    delta,
  })),
  last,
];
const responseAnswer = {
  id: 'resp_67cc',
  model: 'gpt-5-2025-08-07',
  apiType: 'responses',
  serviceTier: 'priority',
} as const;
const responseCounts = {
  inputTokens: 328,
  outputTokens: 52,
  cacheReadInputTokens: 64,
  cacheCreationInputTokens: 32,
  reasoningOutputTokens: 40,
} as const;

const messageUsage = { input_tokens: 25, cache_creation_input_tokens: 200, cache_read_input_tokens: 3_000 };
const messageEvents = (last: readonly object[]): object[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_01XF',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...messageUsage, output_tokens: 1, service_tier: 'standard' },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  ...PIECES.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  ...last,
];
const messageEnd = [
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 15 },
  },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 89 },
  },
  { type: 'message_stop' },
];
const messageAnswer = {
  id: 'msg_01XF',
  model: 'claude-sonnet-4-5-20250929',
  apiType: 'messages',
  serviceTier: 'standard',
} as const;
const messageCounts = {
  inputTokens: 3_225,
  cacheReadInputTokens: 3_000,
  cacheCreationInputTokens: 200,
} as const;

const geminiPart = (text: string, more: object = {}): object => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 15, totalTokenCount: 15 },
  modelVersion: 'gemini-2.5-flash',
  responseId: 'Il0taoSY',
});
const geminiLast = {
  ...geminiPart(SPOOF, { finishReason: 'MAX_TOKENS' }),
  usageMetadata: {
    promptTokenCount: 15,
    cachedContentTokenCount: 8,
    candidatesTokenCount: 6,
    thoughtsTokenCount: 30,
    toolUsePromptTokenCount: 4,
    totalTokenCount: 55,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 15 }],
  },
};
const geminiAnswer = {
  id: 'Il0taoSY',
  model: 'gemini-2.5-flash',
  apiType: 'generate_content',
  finishReasons: ['MAX_TOKENS'],
  usage: { inputTokens: 19, outputTokens: 36, cacheReadInputTokens: 8, reasoningOutputTokens: 30 },
} as const;
const geminiParts = [...PIECES.map((text) => geminiPart(text)), geminiLast];

const ollamaLine = (content: string, more: object): object => ({
  model: 'llama3.2',
  created_at: '2026-11-22T05:00:00Z',
  message: { role: 'assistant', content },
  ...more,
});

export const ANSWERS: readonly RecordedAnswer[] = [
  {
    name: 'OpenAI chat completions, streamed',
    contentType: EVENTS,
    body: events(chatChunks),
    answer: { ...chatAnswer, isStream: true, chunks: PIECES.length + 3 },
  },
  {
    name: 'OpenAI chat completions, streamed with CRLF, comments, a byte order mark and data over several lines',
    contentType: EVENTS,
    body: `\ufeff: OPENROUTER PROCESSING\r\n\r\nretry: 10\r\n\r\n${events(chatChunks.slice(0, -1), { done: false, end: '\r\n' })}${JSON.stringify(chatChunks.at(-1), null, 1).replace(/^/gm, 'data:').replaceAll('\n', '\r')}\r\rid\rdata\rdata:\r\r\ndata:[DONE]`,
    answer: { ...chatAnswer, isStream: true, chunks: PIECES.length + 3 },
  },
  {
    name: 'OpenAI chat completions',
    contentType: JSON_TYPE,
    body: JSON.stringify(
      {
        ...chunkHead,
        object: 'chat.completion',
        choices: [
          { index: 0, message: { role: 'assistant', content: SPOOF }, finish_reason: 'stop' },
          {
            index: 1,
            message: { role: 'assistant', content: null, tool_calls: [{ id: 'call_1' }] },
            finish_reason: 'tool_calls',
          },
        ],
        usage: chatUsage,
      },
      null,
      2,
    ),
    answer: { ...chatAnswer, finishReasons: ['stop', 'tool_calls'], isStream: false, chunks: 0 },
  },
  {
    name: 'OpenAI chat completions of three choices, streamed out of order',
    contentType: EVENTS,
    body: events([
      { ...chunkHead, choices: [choice(2, { content: 'c' }), choice(0, { content: 'a' })] },
      { ...chunkHead, choices: [choice(2, {}, 'length')] },
      { ...chunkHead, choices: [choice(1, {}, 'content_filter'), choice(0, {}, 'stop')] },
      { ...chunkHead, choices: [], usage: chatUsage },
    ]),
    answer: { ...chatAnswer, finishReasons: ['stop', 'content_filter', 'length'], isStream: true, chunks: 4 },
  },
  {
    name: 'OpenAI text completions',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      id: 'cmpl-1',
      object: 'text_completion',
      model: 'gpt-3.5-turbo-instruct',
      choices: [{ text: SPOOF, index: 0, logprobs: null, finish_reason: 'length' }],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    }),
    answer: {
      id: 'cmpl-1',
      model: 'gpt-3.5-turbo-instruct',
      apiType: 'text_completions',
      finishReasons: ['length'],
      usage: { inputTokens: 5, outputTokens: 7 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'OpenAI embeddings',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, -2e-5, 3, 1e21] }],
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    answer: {
      model: 'text-embedding-3-small',
      apiType: 'embeddings',
      usage: { inputTokens: 8 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'OpenAI error',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      error: {
        message: 'No such model',
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      },
    }),
    answer: { errorType: 'model_not_found', isStream: false, chunks: 0 },
  },
  {
    name: 'OpenAI responses',
    contentType: JSON_TYPE,
    body: JSON.stringify(response('completed', { output: responseOutput, usage: responseUsage })),
    answer: { ...responseAnswer, finishReasons: ['stop'], usage: responseCounts, isStream: false, chunks: 0 },
  },
  {
    name: 'OpenAI responses, streamed',
    contentType: EVENTS,
    body: events(
      responseEvents({
        type: 'response.completed',
        response: response('completed', { output: responseOutput, usage: responseUsage }),
      }),
      { done: false, names: true },
    ),
    answer: {
      ...responseAnswer,
      finishReasons: ['stop'],
      usage: responseCounts,
      isStream: true,
      chunks: PIECES.length + 4,
    },
  },
  {
    name: 'OpenAI responses, streamed and incomplete',
    contentType: EVENTS,
    body: events(
      responseEvents({
        type: 'response.incomplete',
        response: response('incomplete', {
          incomplete_details: { reason: 'max_output_tokens' },
          usage: responseUsage,
        }),
      }),
      { done: false, names: true },
    ),
    answer: {
      ...responseAnswer,
      finishReasons: ['length'],
      usage: responseCounts,
      isStream: true,
      chunks: PIECES.length + 4,
    },
  },
  {
    name: 'OpenAI responses, streamed and failed',
    contentType: EVENTS,
    body: events(
      responseEvents({
        type: 'response.failed',
        response: response('failed', { error: { code: 'server_error', message: SPOOF } }),
      }),
      { done: false, names: true },
    ),
    answer: {
      ...responseAnswer,
      errorType: 'server_error',
      finishReasons: ['failed'],
      isStream: true,
      chunks: PIECES.length + 4,
    },
  },
  {
    name: 'OpenAI responses, ended by an event of an error',
    contentType: EVENTS,
    body: events(
      responseEvents({
        type: 'error',
        code: 'rate_limit_exceeded',
        message: SPOOF,
        param: null,
        sequence_number: 9,
      }),
      { done: false, names: true },
    ),
    answer: {
      ...responseAnswer,
      errorType: 'rate_limit_exceeded',
      isStream: true,
      chunks: PIECES.length + 4,
    },
  },
  {
    name: 'Anthropic messages',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      id: 'msg_01XF',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [{ type: 'text', text: SPOOF }],
      stop_reason: 'max_tokens',
      stop_sequence: null,
      usage: { ...messageUsage, output_tokens: 89, service_tier: 'standard' },
    }),
    answer: {
      ...messageAnswer,
      finishReasons: ['max_tokens'],
      usage: { ...messageCounts, outputTokens: 89 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'Anthropic messages, streamed',
    contentType: EVENTS,
    body: events(messageEvents(messageEnd), { done: false, names: true }),
    answer: {
      ...messageAnswer,
      finishReasons: ['end_turn'],
      usage: { ...messageCounts, outputTokens: 89 },
      isStream: true,
      chunks: PIECES.length + 7,
    },
  },
  {
    name: 'Anthropic messages, ended by an event of an error',
    contentType: EVENTS,
    body: events(
      messageEvents([{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }]),
      { done: false, names: true },
    ),
    answer: {
      ...messageAnswer,
      errorType: 'overloaded_error',
      usage: { ...messageCounts, outputTokens: 1 },
      isStream: true,
      chunks: PIECES.length + 5,
    },
  },
  {
    name: 'Anthropic error',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      type: 'error',
      error: { type: 'not_found_error', message: 'model: x' },
      request_id: 'req_1',
    }),
    answer: { errorType: 'not_found_error', isStream: false, chunks: 0 },
  },
  {
    name: 'Groq, streamed',
    contentType: EVENTS,
    body: events([
      {
        ...chunkHead,
        model: 'llama-3.3-70b-versatile',
        x_groq: { id: 'req_01' },
        choices: [choice(0, { content: 'a' })],
      },
      {
        ...chunkHead,
        model: 'llama-3.3-70b-versatile',
        choices: [choice(0, {}, 'stop')],
        x_groq: {
          id: 'req_01',
          usage: {
            queue_time: 0.02,
            prompt_tokens: 20,
            prompt_time: 0.003,
            completion_tokens: 30,
            total_tokens: 50,
          },
        },
      },
    ]),
    answer: {
      ...chatAnswer,
      model: 'llama-3.3-70b-versatile',
      usage: { inputTokens: 20, outputTokens: 30 },
      isStream: true,
      chunks: 2,
    },
  },
  {
    name: 'DeepSeek',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      ...chunkHead,
      object: 'chat.completion',
      model: 'deepseek-chat',
      choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'insufficient_system_resource' }],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 10,
        total_tokens: 110,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
      },
    }),
    answer: {
      ...chatAnswer,
      model: 'deepseek-chat',
      finishReasons: ['insufficient_system_resource'],
      usage: { inputTokens: 100, outputTokens: 10, cacheReadInputTokens: 64 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'Mistral, streamed',
    contentType: EVENTS,
    body: events([
      {
        id: 'e1',
        object: 'chat.completion.chunk',
        model: 'mistral-small-latest',
        choices: [choice(0, { content: 'a' })],
      },
      {
        id: 'e1',
        object: 'chat.completion.chunk',
        model: 'mistral-small-latest',
        choices: [choice(0, { content: '' }, 'model_length')],
        usage: { prompt_tokens: 9, total_tokens: 12, completion_tokens: 3 },
      },
    ]),
    answer: {
      id: 'e1',
      model: 'mistral-small-latest',
      apiType: 'chat_completions',
      finishReasons: ['model_length'],
      usage: { inputTokens: 9, outputTokens: 3 },
      isStream: true,
      chunks: 2,
    },
  },
  {
    name: 'Azure OpenAI, streamed, with its filter results before',
    contentType: EVENTS,
    body: events([
      {
        choices: [],
        created: 0,
        id: '',
        model: '',
        object: '',
        prompt_filter_results: [{ prompt_index: 0 }],
      },
      ...chatChunks,
    ]),
    answer: { ...chatAnswer, isStream: true, chunks: PIECES.length + 4 },
  },
  {
    name: 'Azure OpenAI error with its code as a number in a string',
    contentType: JSON_TYPE,
    body: JSON.stringify({ error: { code: '429', message: 'Requests have exceeded call rate limit' } }),
    answer: { errorType: '429', isStream: false, chunks: 0 },
  },
  {
    name: 'OpenRouter, with an error in mid-stream',
    contentType: EVENTS,
    body: events([
      { ...chunkHead, choices: [choice(0, { content: 'a' })] },
      { ...chunkHead, error: { code: 502, message: SPOOF }, choices: [choice(0, { content: '' }, 'error')] },
    ]),
    answer: {
      ...chatNames,
      errorType: '502',
      finishReasons: ['error'],
      isStream: true,
      chunks: 2,
    },
  },
  {
    name: 'xAI, which counts reasoning apart',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      ...chunkHead,
      object: 'chat.completion',
      model: 'grok-4',
      choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        prompt_tokens_details: { cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 94 },
      },
    }),
    answer: {
      ...chatAnswer,
      model: 'grok-4',
      usage: { inputTokens: 32, outputTokens: 103, cacheReadInputTokens: 6, reasoningOutputTokens: 94 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'Gemini',
    contentType: JSON_TYPE,
    body: JSON.stringify(geminiLast),
    answer: { ...geminiAnswer, isStream: false, chunks: 0 },
  },
  {
    name: 'Gemini, streamed as events',
    contentType: 'text/event-stream',
    body: events(geminiParts, { done: false, end: '\r\n' }),
    answer: { ...geminiAnswer, isStream: true, chunks: PIECES.length + 1 },
  },
  {
    name: 'Gemini, streamed as an array',
    contentType: JSON_TYPE,
    body: `[${geminiParts.map((part) => JSON.stringify(part, null, 2)).join('\n,\r\n')}\n]\n`,
    answer: { ...geminiAnswer, isStream: true, chunks: PIECES.length + 1 },
  },
  {
    name: 'Gemini, blocked',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
      modelVersion: 'gemini-2.5-flash',
    }),
    answer: {
      model: 'gemini-2.5-flash',
      apiType: 'generate_content',
      finishReasons: ['SAFETY'],
      usage: { inputTokens: 4 },
      isStream: false,
      chunks: 0,
    },
  },
  {
    name: 'Gemini error',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      error: { code: 429, message: 'Quota', status: 'RESOURCE_EXHAUSTED', details: [{}] },
    }),
    answer: { errorType: 'RESOURCE_EXHAUSTED', isStream: false, chunks: 0 },
  },
  {
    name: 'Ollama, streamed line by line',
    contentType: 'application/x-ndjson',
    body: [
      ...PIECES.map((content) => ollamaLine(content, { done: false })),
      ollamaLine('', {
        done: true,
        done_reason: 'stop',
        prompt_eval_count: 26,
        eval_count: 298,
        eval_duration: 1,
      }),
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
    answer: {
      model: 'llama3.2',
      finishReasons: ['stop'],
      usage: { inputTokens: 26, outputTokens: 298 },
      isStream: true,
      chunks: PIECES.length + 1,
    },
  },
  {
    name: 'an error that is a text',
    contentType: JSON_TYPE,
    body: JSON.stringify({ error: 'model "x" not found, try pulling it first' }),
    answer: { errorType: '_OTHER', isStream: false, chunks: 0 },
  },
  {
    name: 'a page of a proxy',
    contentType: 'text/html',
    body: '<html><body>502 Bad Gateway</body></html>',
    answer: { isStream: false, chunks: 0, fault: 'unsupported_type' },
  },
  {
    name: 'speech, whatever it begins with',
    contentType: 'audio/mpeg',
    body: '{"usage":{"prompt_tokens":5}}',
    answer: { isStream: false, chunks: 0, fault: 'unsupported_type' },
  },
  {
    name: 'MCP, the result of a tool',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'r-1',
      result: { content: [{ type: 'text', text: SPOOF }], isError: false },
    }),
    answer: { isStream: false, chunks: 0 },
  },
  {
    name: 'MCP, a tool that has failed, after a notification',
    contentType: EVENTS,
    body: events(
      [
        { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1, error: { code: -1 } } },
        { jsonrpc: '2.0', id: 7, result: { isError: true, content: [{ type: 'text', text: SPOOF }] } },
      ],
      { done: false },
    ),
    answer: { isStream: true, chunks: 2, errorType: 'tool_error' },
  },
  {
    name: 'MCP, an error of the protocol',
    contentType: JSON_TYPE,
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32602, message: 'Unknown tool', data: { code: 4 } },
    }),
    answer: { isStream: false, chunks: 0, errorType: '-32602' },
  },
];
