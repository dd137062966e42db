/** What a request asks of a model, from its text, its bytes and its object: the same. */
import { describe, expect, it } from 'vitest';
import { readGenAiRequest } from '../../src/gen-ai/request-reader.js';
import type { GenAiAsked } from '../../src/model/gen-ai.js';

const SPOOF = '"}],"model":"spoof","max_tokens":666,"n":666,"stop":["spoof"]';

const REQUESTS: readonly [string, object, GenAiAsked][] = [
  [
    'OpenAI chat completions',
    {
      messages: [{ role: 'user', content: SPOOF, model: 'spoof', stop: ['spoof'] }],
      model: 'gpt-4o',
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 500,
      max_tokens: 400,
      temperature: 0.7,
      top_p: 1,
      stop: ['\n', 'END', '###'],
      frequency_penalty: -0.5,
      presence_penalty: 2,
      seed: -42,
      n: 3,
      service_tier: 'flex',
    },
    {
      model: 'gpt-4o',
      stream: true,
      maxTokens: 500,
      temperature: 0.7,
      topP: 1,
      stopSequences: ['END', '###'],
      frequencyPenalty: -0.5,
      presencePenalty: 2,
      seed: -42,
      choiceCount: 3,
      serviceTier: 'flex',
    },
  ],
  [
    'one stop sequence',
    { model: 'm', stop: 'END', stream: false },
    { model: 'm', stopSequences: ['END'], stream: false },
  ],
  [
    'OpenAI responses',
    { input: SPOOF, model: 'gpt-5', max_output_tokens: 9, reasoning: { effort: 'low' } },
    { model: 'gpt-5', maxTokens: 9 },
  ],
  [
    'OpenAI embeddings',
    { input: [SPOOF], model: 'text-embedding-3-small', encoding_format: 'base64', dimensions: 256 },
    { model: 'text-embedding-3-small', encodingFormats: ['base64'], dimensionCount: 256 },
  ],
  [
    'Anthropic messages',
    { model: 'claude-sonnet-4-5', system: SPOOF, max_tokens: 1024, top_k: 5, stop_sequences: ['a', 'b'] },
    { model: 'claude-sonnet-4-5', maxTokens: 1024, topK: 5, stopSequences: ['a', 'b'] },
  ],
  [
    'Gemini',
    {
      contents: [{ parts: [{ text: SPOOF }] }],
      generationConfig: {
        maxOutputTokens: 8,
        temperature: 0,
        topP: 0.9,
        topK: 40,
        stopSequences: ['x'],
        candidateCount: 2,
        seed: 7,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      },
    },
    {
      maxTokens: 8,
      temperature: 0,
      topP: 0.9,
      topK: 40,
      stopSequences: ['x'],
      choiceCount: 2,
      seed: 7,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
    },
  ],
  [
    'values of other kinds',
    {
      model: 5,
      stream: 'true',
      max_tokens: -1,
      temperature: '1',
      top_p: null,
      top_k: [1],
      stop: [1, null, {}],
      n: 1.5,
      seed: {},
    },
    {},
  ],
  ['the wrong kind beside the right one', { max_completion_tokens: null, max_tokens: 3 }, { maxTokens: 3 }],
  [
    'more stop sequences than any model takes',
    { stop: Array(100).fill('x') },
    { stopSequences: Array<string>(16).fill('x') },
  ],
];

describe('a request', () => {
  it.each(REQUESTS)('%s', (_, body, request) => {
    const text = JSON.stringify(body);
    expect(readGenAiRequest(body)).toEqual(request);
    expect(readGenAiRequest(text)).toEqual(request);
    expect(readGenAiRequest(Buffer.from(text))).toEqual(request);
    expect(readGenAiRequest(new TextEncoder().encode(JSON.stringify(body, null, 2)))).toEqual(request);
  });

  it('may be large', () => {
    const body = { messages: [{ content: `${SPOOF}🌊`.repeat(50_000) }], model: 'm', n: 2 };
    const started = performance.now();
    const request = readGenAiRequest(JSON.stringify(body));
    console.log(
      `${(performance.now() - started).toFixed(0)} ms for ${(JSON.stringify(body).length / 2 ** 20).toFixed(1)} MiB`,
    );
    expect(request).toEqual({ model: 'm', choiceCount: 2 });
  });

  it('counts as far as it goes', () => {
    expect(readGenAiRequest('{"model":"m","stream":true,"messages":[{"con')).toEqual({
      model: 'm',
      stream: true,
    });
    expect(readGenAiRequest('{"model":"m",stream:true}')).toEqual({ model: 'm' });
  });

  it.each([
    undefined,
    null,
    5,
    'text',
    '',
    '[{"model":"m"}]',
    [],
    [{ model: 'm' }],
    () => 1,
    Symbol('x'),
    new Uint8Array(3),
  ])('that is none says nothing: %o', (body) => expect(readGenAiRequest(body)).toEqual({}));

  it('may be an object that fights back', () => {
    const body = {
      get model() {
        throw new Error('no');
      },
      n: 2,
    };
    const proxy = new Proxy({}, { get: () => { throw new Error('no'); } }); // prettier-ignore
    expect(readGenAiRequest(body)).toEqual({ choiceCount: 2 });
    expect(readGenAiRequest(proxy)).toEqual({});
    expect(readGenAiRequest({ generationConfig: proxy, n: 2 })).toEqual({ choiceCount: 2 });
    expect(readGenAiRequest({ stop: Object.assign(['a'], { slice: () => 5 }), n: 2 })).toEqual({
      choiceCount: 2,
    });
  });
});
