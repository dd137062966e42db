/** `telemetry.genAi()`: the span of a call to a model, a tool or an agent, and where it stands. */
import { describe, expect, it } from 'vitest';
import type { GenAiCall, GenAiEnd, GenAiOptions } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

/** The one call of a gateway in which nothing else has a span. */
async function spanOf(
  options: GenAiOptions,
  end?: GenAiEnd,
  use?: (call: GenAiCall) => void,
): Promise<ReceivedSpan> {
  const gateway = await startGateway();
  const call = gateway.telemetry.genAi(options);
  use?.(call);
  call.end(end);
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(1);
  return gateway.operator.spans[0] as ReceivedSpan;
}

function named({ operator }: TestGateway, name: string): ReceivedSpan {
  const spans = operator.spans.filter((span) => span.name === name);
  expect(spans, name).toHaveLength(1);
  return spans[0] as ReceivedSpan;
}

describe('the span of a call', () => {
  it('has what was asked for and what was answered, by the conventions', async () => {
    const span = await spanOf(
      {
        operation: 'chat',
        provider: 'openai',
        model: 'gpt-4o',
        url: 'https://api.example:8443/v1/chat/completions?key=tellnobody',
        conversationId: 'conv-1',
        tenant: 'acme',
        attributes: { 'app.plan': 'gold' },
        request: {
          maxTokens: 100,
          temperature: 1,
          topP: 0.5,
          topK: 40,
          frequencyPenalty: 0,
          presencePenalty: -1,
          stopSequences: ['END', 'STOP'],
          seed: -7,
          choiceCount: 2,
          outputType: 'json',
          serviceTier: 'flex',
        },
      },
      {
        statusCode: 200,
        id: 'chatcmpl-1',
        model: 'gpt-4o-2024-08-06',
        finishReasons: ['stop', 'length'],
        usage: {
          inputTokens: 120,
          outputTokens: 45,
          cacheReadInputTokens: 100,
          cacheCreationInputTokens: 10,
          reasoningOutputTokens: 5,
        },
        serviceTier: 'default',
        systemFingerprint: 'fp_1',
      },
    );
    expect(span).toMatchObject({ name: 'chat gpt-4o', kind: CLIENT, status: { code: 0 }, links: [] });
    expect(span.attributes).toEqual({
      'app.plan': 'gold',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.conversation.id': 'conv-1',
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.temperature': 1,
      'gen_ai.request.top_p': 0.5,
      'gen_ai.request.top_k': 40,
      'gen_ai.request.frequency_penalty': 0,
      'gen_ai.request.presence_penalty': -1,
      'gen_ai.request.stop_sequences': ['END', 'STOP'],
      'gen_ai.request.seed': -7,
      'gen_ai.request.choice.count': 2,
      'gen_ai.output.type': 'json',
      'openai.request.service_tier': 'flex',
      'server.address': 'api.example',
      'server.port': 8443,
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.response.finish_reasons': ['stop', 'length'],
      'gen_ai.usage.input_tokens': 120,
      'gen_ai.usage.output_tokens': 45,
      'gen_ai.usage.cache_read.input_tokens': 100,
      'gen_ai.usage.cache_creation.input_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'openai.response.service_tier': 'default',
      'openai.response.system_fingerprint': 'fp_1',
      'knoxcall.tenant_id': 'acme',
    });
  });

  const kinds: readonly (readonly [GenAiOptions, string, number])[] = [
    [{ operation: 'embeddings', model: 'e3' }, 'embeddings e3', CLIENT],
    [{ operation: 'chat' }, 'chat', CLIENT],
    [{ operation: 'retrieval', dataSourceId: 'docs', model: 'm' }, 'retrieval docs', CLIENT],
    [{ operation: 'create_agent', agent: { name: 'math' } }, 'create_agent math', CLIENT],
    [{ operation: 'invoke_agent', agent: { name: 'math' }, model: 'm' }, 'invoke_agent math', INTERNAL],
    [{ operation: 'invoke_agent', agent: {}, url: 'https://agents.example' }, 'invoke_agent', CLIENT],
    [{ operation: 'invoke_workflow', workflow: 'refund' }, 'invoke_workflow refund', INTERNAL],
    [{ operation: 'execute_tool', tool: { name: 'weather' } }, 'execute_tool weather', INTERNAL],
    [{ tool: { name: 'weather' } }, 'execute_tool weather', INTERNAL],
    [{ mcp: { method: 'tools/call' }, tool: { name: 'weather' } }, 'tools/call weather', CLIENT],
    [{ mcp: { method: 'prompts/get', promptName: 'hi', side: 'server' } }, 'prompts/get hi', SERVER],
    [{ mcp: { method: 'resources/read', resourceUri: 'file:///secret' } }, 'resources/read', CLIENT],
  ];
  it.each(kinds)('%j is %j', async (options, name, kind) => {
    const span = await spanOf(options);
    expect([span.name, span.kind]).toEqual([name, kind]);
  });

  it('has a name without control characters, cut to 256', async () => {
    const span = await spanOf({ operation: 'chat', model: 'gpt\u0000-4\n'.padEnd(400, 'x') });
    expect(span.name).toBe(`chat gpt-4${'x'.repeat(249)}`);
  });

  it('of an agent has its calls below it, and stands below the request', async () => {
    let outer: GenAiCall | undefined;
    const gateway = await startGateway({
      listener: (_request, response, exchange) => {
        const agent = gateway.telemetry.genAi({ operation: 'invoke_agent', agent: { name: 'a' } });
        outer = agent;
        agent.run(() => {
          const chat = gateway.telemetry.genAi({ operation: 'chat', model: 'm' });
          const headers: Record<string, string> = {};
          chat.inject(headers);
          expect(headers['traceparent']).toBe(`00-${exchange.traceId}-${chat.spanId}-03`);
          chat.run(() => {
            gateway.telemetry.genAi({ tool: { name: 't' } }).end();
            gateway.telemetry.tracer.startSpan('custom').end();
          });
          chat.end({ statusCode: 200 });
        });
        agent.end();
        gateway.telemetry.genAi({ operation: 'embeddings' }).end();
        response.end('ok');
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const server = gateway.operator.spans.find(({ kind }) => kind === SERVER) as ReceivedSpan;
    const parents = Object.fromEntries(
      gateway.operator.spans.map(({ name, parentSpanId }) => [name, parentSpanId]),
    );
    const agent = named(gateway, 'invoke_agent a');
    const chat = named(gateway, 'chat m');
    expect(parents).toEqual({
      GET: server.parentSpanId,
      'invoke_agent a': server.spanId,
      'chat m': agent.spanId,
      'execute_tool t': chat.spanId,
      custom: chat.spanId,
      embeddings: server.spanId,
    });
    expect(new Set(gateway.operator.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(outer?.spanId).toBe(agent.spanId);
    expect(agent.attributes['knoxcall.request_id']).toBe(server.attributes['knoxcall.request_id']);
  });

  it('of what answers below 400 has not failed', async () => {
    const span = await spanOf({ operation: 'chat' }, { statusCode: 399 });
    expect(span.status).toEqual({ code: 0 });
    expect(span.attributes).not.toHaveProperty(['error.type']);
  });

  const OPENAI = {
    'openai.response.service_tier': 'standard',
    'openai.response.system_fingerprint': 'fp_1',
  };
  const FLEX = { ...OPENAI, 'openai.request.service_tier': 'flex' };
  it.each<[string, GenAiOptions['request'], object]>([
    ['openai', { choiceCount: 1, serviceTier: 'auto' }, OPENAI],
    ['openai', { choiceCount: 2 }, { ...OPENAI, 'gen_ai.request.choice.count': 2 }],
    ['azure.ai.openai', { serviceTier: 'flex' }, FLEX],
    ['anthropic', { serviceTier: 'flex' }, {}],
  ])('of %s, asked for %j, says what is worth it, and of OpenAI alone', async (provider, request, told) => {
    const answered = { serviceTier: 'standard', systemFingerprint: 'fp_1' };
    const { attributes } = await spanOf({ operation: 'chat', provider, request }, answered);
    const names = Object.keys(attributes).filter((name) => /^openai\.|choice/.test(name));
    expect(Object.fromEntries(names.map((name) => [name, attributes[name]]))).toEqual(told);
  });

  it('fails with the status, or with what the host says', async () => {
    const failing = async (end: GenAiEnd): Promise<unknown> => {
      const span = await spanOf({ operation: 'chat', model: 'm' }, end);
      expect(span.status).toEqual({ code: ERROR });
      return span.attributes['error.type'];
    };
    expect(await failing({ statusCode: 400 })).toBe('400');
    expect(await failing({ statusCode: 429 })).toBe('429');
    expect(await failing({ statusCode: 503, error: 'overloaded_error' })).toBe('overloaded_error');
    expect(await failing({ error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) })).toBe(
      'upstream_connect_error',
    );
    expect(await failing({ error: new DOMException('gone', 'AbortError') })).toBe('client_disconnect');
    expect(await failing({ error: 'sk-proj-abcdefghijklmnopqrstuvwx' })).toBe('_OTHER');
  });
});

it('reports the usage of an answer that is handed over as it is, of which nothing can be counted', async () => {
  const { telemetry, diagnostics } = await startGateway();
  const end = async (usage: object): Promise<unknown> => {
    telemetry.genAi({ operation: 'chat' }).end({ usage });
    return telemetry.flush();
  };
  await end({});
  await end({ inputTokens: undefined });
  expect(diagnostics).toEqual([]);
  await end({ prompt_tokens: 25, completion_tokens: 17 });
  expect(diagnostics).toMatchObject([{ code: 'argument_invalid' }]);
  expect(diagnostics[0]?.message).toBe(
    'end() was given the usage of an answer as it is; its fields are inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens, reasoningOutputTokens',
  );
});
