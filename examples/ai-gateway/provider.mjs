/**
 * What is behind the gateway: one server that answers as OpenAI (chat completions, responses), Anthropic (messages) and an MCP
 * server do, with invented texts. It knows nothing of telemetry, and keeps books of what it has answered.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const MODELS = {
  'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'gpt-4o': 'gpt-4o-2024-08-06',
  'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929',
};
const WORDS = 'A gateway sees each call — 早い, cheap or neither — and "counts" what it has cost.'.split(' ');
/** Where a stream is cut, over and over: events arrive in parts and together, and characters come apart. */
const PIECES = [1, 37, 200, 5, 611];

/**
 * Starts it. `books` has an entry for each answer: `{ asked, body, model, usage }`, of which the first two are bytes. A stream that is asked for with the header
 * `x-wait: true` stops after its first event until `goOn` is called, by the client who has received it, and breaks off when that
 * takes too long: a gateway that holds the beginning of a stream back does not get the rest.
 */
export async function startProvider({ patienceMs = 5_000 } = {}) {
  const books = [];
  let goOn = () => {};

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request, response) {
    const asked = await textOf(request);
    const wish = JSON.parse(asked);
    const entry = { asked };
    books.push(entry);
    const api = APIS[request.url];
    if (request.url === '/mcp') return send(response, 200, toolAnswer(wish), entry);
    if (wish.model === 'gpt-busy') return send(response, 429, RATE_LIMITED, entry);
    if (api === undefined || !(wish.model in MODELS)) return send(response, 404, unknown(wish.model), entry);

    const words = JSON.stringify(wish.messages ?? wish.input).split(' ').length;
    const usage = { input: words + 20, cached: 8, output: WORDS.length };
    entry.model = MODELS[wish.model];
    const isCounted =
      !wish.stream || request.url !== '/v1/chat/completions' || wish.stream_options?.include_usage === true;
    if (isCounted) entry.usage = usage;
    if (!wish.stream) return send(response, 200, api.whole(entry.model, usage), entry);
    const waits = request.headers['x-wait'] === 'true';
    await stream(response, api.events(entry.model, usage, isCounted), entry, waits);
  }

  function send(response, status, value, entry) {
    entry.body = Buffer.from(JSON.stringify(value, null, 2));
    const head = { 'content-type': 'application/json', 'content-length': entry.body.length };
    response.writeHead(status, head).end(entry.body);
  }

  async function stream(response, events, entry, waits) {
    entry.body = Buffer.from(events.join(''));
    const received = waits ? new Promise((resolve) => (goOn = resolve)) : Promise.resolve();
    const [first = '', ...rest] = events;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(first);
    const isReceived = await Promise.race([
      received.then(() => true),
      pause(patienceMs, false, { ref: false }),
    ]);
    if (!isReceived) return response.destroy();
    for (const piece of piecesOf(Buffer.from(rest.join('')))) {
      response.write(piece);
      await pause(1);
    }
    response.end();
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    books,
    goOn: () => goOn(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const APIS = {
  '/v1/chat/completions': {
    whole: (model, usage) => ({
      ...chat(model, 'chat.completion'),
      choices: [
        { index: 0, message: { role: 'assistant', content: WORDS.join(' ') }, finish_reason: 'stop' },
      ],
      usage: chatUsage(usage),
    }),
    events: (model, usage, isCounted) => {
      const chunk = (choices, more = {}) =>
        data({
          ...chat(model, 'chat.completion.chunk'),
          choices,
          ...(isCounted && { usage: null }),
          ...more,
        });
      const delta = (content, reason = null) => chunk([{ index: 0, delta: content, finish_reason: reason }]);
      return [
        delta({ role: 'assistant', content: '' }),
        ...WORDS.map((word) => delta({ content: `${word} ` })),
        delta({}, 'stop'),
        ...(isCounted ? [chunk([], { usage: chatUsage(usage) })] : []),
        'data: [DONE]\n\n',
      ];
    },
  },
  '/v1/responses': {
    whole: (model, usage) => responsesObject(model, 'completed', usage),
    events: (model, usage) => [
      named({ type: 'response.created', response: responsesObject(model, 'in_progress') }),
      ...WORDS.map((word) =>
        named({ type: 'response.output_text.delta', item_id: 'msg_1', delta: `${word} ` }),
      ),
      named({ type: 'response.completed', response: responsesObject(model, 'completed', usage) }),
    ],
  },
  '/v1/messages': {
    whole: (model, usage) => ({
      ...message(model, 'end_turn', usage, usage.output),
      content: [{ type: 'text', text: WORDS.join(' ') }],
    }),
    events: (model, usage) => [
      named({ type: 'message_start', message: message(model, null, usage, 1) }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      named({ type: 'ping' }),
      ...WORDS.map((word) =>
        named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `${word} ` } }),
      ),
      named({ type: 'content_block_stop', index: 0 }),
      named({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: usage.output },
      }),
      named({ type: 'message_stop' }),
    ],
  },
};

const RATE_LIMITED = {
  error: { message: 'Rate limit reached.', type: 'requests', param: null, code: 'rate_limit_exceeded' },
};

function unknown(model) {
  const message = `The model ${model} does not exist.`;
  return { error: { message, type: 'invalid_request_error', param: null, code: 'model_not_found' } };
}

function chat(model, object) {
  return { id: 'chatcmpl-1', object, created: 1_750_000_000, model, service_tier: 'default' };
}

function chatUsage({ input, cached, output }) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

function responsesObject(model, status, usage) {
  const output =
    status === 'completed'
      ? [{ type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: WORDS.join(' ') }] }]
      : [];
  const counts = usage && {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
  return { id: 'resp_1', object: 'response', status, model, output, usage: counts ?? null };
}

/** Anthropic counts what came from the cache apart from the rest of the input. */
function message(model, stopReason, { input, cached }, outputTokens) {
  const usage = {
    input_tokens: input - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: outputTokens,
  };
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: stopReason,
    usage,
  };
}

/** `tools/call` of the Model Context Protocol: the tool `weather` knows one city. */
function toolAnswer({ id, params }) {
  const isKnown = params.arguments?.city === 'Oslo';
  const text = isKnown ? 'Rain.' : 'There is no such city.';
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }], isError: !isKnown } };
}

function data(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function named(value) {
  return `event: ${value.type}\n${data(value)}`;
}

function* piecesOf(bytes) {
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const end = start + PIECES[turn % PIECES.length];
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
