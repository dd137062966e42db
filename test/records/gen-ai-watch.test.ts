/** `call.watch` and `call.read`: the answer is read while it passes, and ends the call. */
import { get, type IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { GenAiCall } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { eventually } from '../delivery/support.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { CHAT_ANSWER, CHAT_EVENTS, EVENT_STREAM, startProvider, type Answer } from '../support/provider.js';

const CHAT = { operation: 'chat', provider: 'openai', model: 'gpt-4o' } as const;

/** Passes the provider's answer on, watched, as a plain proxy does. */
async function startProxy(answer: Answer, options: GatewaySetup['options'] = {}): Promise<TestGateway> {
  const provider = await startProvider(answer);
  const gateway: TestGateway = await startGateway({
    options,
    listener: (_request, response) => {
      const call = gateway.telemetry.genAi({ ...CHAT, url: provider.url });
      const upstream = get(provider.url, (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, { 'content-type': incoming.headers['content-type'] });
        call.watch(incoming).pipe(response);
        incoming.on('error', () => response.destroy());
        response.on('close', () => incoming.destroy());
      });
      upstream.on('error', (error) => {
        call.end({ error });
        response.writeHead(502).end();
      });
    },
  });
  return gateway;
}

function callOf({ operator }: TestGateway): ReceivedSpan {
  const spans = operator.spans.filter(({ name }) => name.startsWith('chat'));
  expect(spans).toHaveLength(1);
  return spans[0] as ReceivedSpan;
}

async function recorded(gateway: TestGateway): Promise<ReceivedSpan> {
  await gateway.flush();
  return callOf(gateway);
}

describe('a watched answer', () => {
  it('of JSON gives model, usage and finish reason, and no time to a first chunk', async () => {
    const gateway = await startProxy((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(CHAT_ANSWER));
    });
    expect((await send(gateway.url)).body).toBe(JSON.stringify(CHAT_ANSWER));
    const { attributes, status } = await recorded(gateway);
    expect(status).toEqual({ code: 0 });
    expect(attributes).toMatchObject({
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 120,
      'gen_ai.usage.output_tokens': 45,
      'gen_ai.usage.cache_read.input_tokens': 100,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'openai.api.type': 'chat_completions',
      'openai.response.service_tier': 'default',
      'openai.response.system_fingerprint': 'fp_1',
    });
    expect(attributes).not.toHaveProperty('gen_ai.response.time_to_first_chunk');
    expect(attributes).not.toHaveProperty('gen_ai.request.stream');
  });

  it('of events gives them too, and the time to the first one', async () => {
    const gateway = await startProxy(async (response) => {
      // As OpenRouter says that the model is still thinking: bytes, and no chunk.
      response.writeHead(200, EVENT_STREAM).write(': PROCESSING\n\n');
      for (const event of CHAT_EVENTS) {
        await pause(30);
        response.write(event);
      }
      response.end();
    });
    expect((await send(gateway.url)).body).toBe([': PROCESSING\n\n', ...CHAT_EVENTS].join(''));
    const { attributes, startTimeUnixNano, endTimeUnixNano } = await recorded(gateway);
    expect(attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    const first = attributes['gen_ai.response.time_to_first_chunk'] as number;
    const whole = Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e9;
    expect(first).toBeGreaterThan(0.025);
    expect(whole - first).toBeGreaterThan(0.06);
  });

  it('that is compressed is read beside the bytes, which pass as they are', async () => {
    const zipped = gzipSync(CHAT_EVENTS.join(''));
    const provider = await startProvider((response) => {
      response.writeHead(200, { ...EVENT_STREAM, 'content-encoding': 'gzip' }).end(zipped);
    });
    const gateway = await startGateway();
    const call = gateway.telemetry.genAi(CHAT);
    const incoming = await new Promise<IncomingMessage>((resolve) => get(provider.url, resolve));
    const parts: Buffer[] = [];
    for await (const part of call.watch(incoming)) parts.push(part as Buffer);
    // The host's word comes when the bytes have passed, and before they are decoded.
    call.end({ usage: { outputTokens: 4 } });
    expect(Buffer.concat(parts).equals(zipped)).toBe(true);
    await pause(50);
    const { attributes } = await recorded(gateway);
    expect(attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.output_tokens': 4 });
  });

  it('that is still being decoded is waited for by a shutdown', async () => {
    const { telemetry, operator } = await startGateway();
    const call = telemetry.genAi(CHAT);
    const stream = new PassThrough();
    call.watch(stream, { headers: { ...EVENT_STREAM, 'content-encoding': 'gzip' } }).resume();
    stream.end(gzipSync(CHAT_EVENTS.join('')));
    call.end();
    await telemetry.shutdown();
    expect(operator.spans.map(({ attributes }) => attributes['gen_ai.usage.input_tokens'])).toEqual([7]);
  });

  it('of fetch is a new response with the same bytes', async () => {
    const provider = await startProvider((response) => {
      response.writeHead(200, EVENT_STREAM).end(CHAT_EVENTS.join(''));
    });
    const gateway = await startGateway();
    const call = gateway.telemetry.genAi(CHAT);
    const watched = call.watch(await fetch(provider.url));
    expect(await watched.text()).toBe(CHAT_EVENTS.join(''));
    const { attributes } = await recorded(gateway);
    expect(attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 7, 'gen_ai.request.stream': true });
  });

  it('with a status of failure fails by what it says, else by the status', async () => {
    const failing = async (body: string, type: string): Promise<ReceivedSpan> => {
      const gateway = await startProxy((response) => {
        response.writeHead(429, { 'content-type': type }).end(body);
      });
      expect((await send(gateway.url)).status).toBe(429);
      return recorded(gateway);
    };
    const error = { error: { message: 'canary', type: 'requests', code: 'rate_limit_exceeded' } };
    const said = await failing(JSON.stringify(error), 'application/json');
    expect(said.attributes['error.type']).toBe('rate_limit_exceeded');
    expect(said.status).toEqual({ code: 2 });
    const key = { error: { code: 'sk-proj-abcdefghijklmnopqrstuvwx' } };
    const repeated = await failing(JSON.stringify(key), 'application/json');
    expect(repeated.attributes['error.type']).toBe('_OTHER');
    const unsaid = await failing('<html>', 'text/html');
    expect(unsaid.attributes['error.type']).toBe('429');
  });

  it('that breaks off fails, and keeps what was read', async () => {
    const gateway = await startProxy(async (response) => {
      response.writeHead(200, EVENT_STREAM).write(CHAT_EVENTS[0]);
      await pause(20);
      response.destroy();
    });
    await send(gateway.url).catch(() => undefined);
    const { attributes, status } = await recorded(gateway);
    expect(status).toEqual({ code: 2 });
    expect(attributes['error.type']).toBe('upstream_reset');
    expect(attributes['gen_ai.response.model']).toBe('gpt-4o-2024-08-06');
  });

  it.each([
    [{}, 'client_disconnect'],
    [{ clientDisconnect: 'unset' }, undefined],
  ] as const)('whose client leaves is, with %j, %s', async (options, errorType) => {
    const gateway = await startProxy((response) => {
      response.writeHead(200, EVENT_STREAM).write(CHAT_EVENTS[0]);
    }, options);
    await new Promise<void>((resolve) => {
      const request = get(gateway.url, (response) =>
        response.once('data', () => {
          request.destroy();
          resolve();
        }),
      );
      request.on('error', () => undefined);
    });
    await gateway.idle();
    await expect.poll(async () => (await recorded(gateway)).attributes['error.type']).toBe(errorType);
    expect(callOf(gateway).status.code).toBe(errorType === undefined ? 0 : 2);
  });

  it('whose client leaves once the model has finished has not failed', async () => {
    const gateway = await startProxy((response) => {
      response.writeHead(200, EVENT_STREAM).write(CHAT_EVENTS.slice(0, 3).join(''));
    });
    await new Promise<void>((resolve) => {
      const request = get(gateway.url, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (!text.endsWith(CHAT_EVENTS[2] as string)) return;
          request.destroy();
          resolve();
        });
        response.on('error', () => undefined);
      });
      request.on('error', () => undefined);
    });
    await gateway.idle();
    await eventually(async () => {
      await gateway.flush();
      expect(gateway.operator.spans.filter(({ name }) => name.startsWith('chat'))).toHaveLength(1);
    });
    expect(callOf(gateway).attributes).toMatchObject({ 'gen_ai.usage.output_tokens': 3 });
    expect(callOf(gateway).attributes).not.toHaveProperty(['error.type']);
  });

  it('that the host ends before its bytes have ended is recorded with what was read', async () => {
    const provider = await startProvider((response) => {
      response.writeHead(200, EVENT_STREAM).write(CHAT_EVENTS[0]);
    });
    const gateway = await startGateway();
    const call = gateway.telemetry.genAi(CHAT);
    const incoming = await new Promise<IncomingMessage>((resolve) => get(provider.url, resolve));
    call.watch(incoming);
    await new Promise((resolve) => incoming.once('data', resolve));
    call.end({ error: 'timeout' });
    incoming.destroy();
    const { attributes } = await recorded(gateway);
    expect(attributes).toMatchObject({ 'error.type': 'timeout', 'gen_ai.response.id': 'chatcmpl-2' });
  });

  it('that cannot be watched is given back, and the host ends the call', async () => {
    const gateway = await startGateway();
    const call = gateway.telemetry.genAi(CHAT);
    const useless = { some: 'thing' };
    expect(call.watch(useless)).toBe(useless);
    expect(call.watch('text' as never)).toBe('text');
    call.end({ statusCode: 200, usage: { inputTokens: 1 } });
    const { attributes } = await recorded(gateway);
    expect(attributes['gen_ai.usage.input_tokens']).toBe(1);
    expect(attributes).not.toHaveProperty('error.type');
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('argument_invalid');
  });

  it('that cannot be watched can still be handed over, and what was handed over before stays', async () => {
    const gateway = await startGateway();
    const [head, rest] = [CHAT_EVENTS.slice(0, 1).join(''), CHAT_EVENTS.slice(1).join('')];
    const call = gateway.telemetry.genAi(CHAT);
    call.read(head);
    call.watch({ some: 'thing' });
    call.read(rest);
    call.end({ statusCode: 200 });
    const { attributes } = await recorded(gateway);
    expect(attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 7, 'gen_ai.request.stream': true });
  });

  it('is the same object, untouched, where nothing is recorded', async () => {
    const gateway = await startGateway({
      operator: null,
      acme: null,
      globex: null,
      options: { env: { OTEL_SDK_DISABLED: 'true' } },
    });
    const call: GenAiCall = gateway.telemetry.genAi(CHAT);
    const stream = new Response('x');
    expect(call.watch(stream)).toBe(stream);
    expect(call.run(() => 7)).toBe(7);
    call.read('x');
  });
});

describe('an answer that the host hands over', () => {
  it('is read piece by piece, and the host ends the call', async () => {
    const gateway = await startGateway();
    const call = gateway.telemetry.genAi(CHAT);
    const bytes = new TextEncoder().encode(CHAT_EVENTS.join(''));
    for (let index = 0; index < bytes.length; index += 7) call.read(bytes.subarray(index, index + 7));
    call.end({ statusCode: 200 });
    const { attributes } = await recorded(gateway);
    expect(attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 7, 'gen_ai.request.stream': true });
    expect(attributes).toHaveProperty(['gen_ai.response.time_to_first_chunk']);
  });
});

describe('an answer that cannot be read', () => {
  it.each([
    ['<html>', 'text/html', undefined, 'unsupported_type'],
    ['{"id":', 'application/json', undefined, 'incomplete'],
    ['{"id":"x"}', 'application/json', 'zstd', 'unsupported_encoding'],
    ['{"id":"x"}', 'application/json', 'gzip', 'undecodable'],
  ])('as %j of %s, %s is told to the operator: %s', async (body, type, encoding, fault) => {
    const gateway = await startProxy(
      (response) => {
        response
          .writeHead(200, {
            'content-type': type,
            ...(encoding !== undefined && { 'content-encoding': encoding }),
          })
          .end(body);
      },
      { genAi: { events: true }, tenantRecords: { genAi: true } },
    );
    await send(gateway.url);
    await pause(20);
    const { attributes, status } = await recorded(gateway);
    expect([attributes['knoxcall.gen_ai.answer_fault'], status.code]).toEqual([fault, 0]);
    const log = gateway.operator.logs.find(({ eventName }) => eventName?.startsWith('gen_ai.'));
    expect(log?.attributes['knoxcall.gen_ai.answer_fault']).toBe(fault);
  });
});
