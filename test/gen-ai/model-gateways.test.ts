/** Answers of models through gateways of every make: what is recorded, and that nothing is changed for the client. */
import { createHash } from 'node:crypto';
import { Agent, request as ask } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';
import { modelGateways } from './model-gateways.js';

const CLIENT = 3;
const DEADLINE_MS = 5_000;
const PATIENCE_MS = 300;

const whole = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'm-1',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'häh? "usage": 1' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
  }),
);
const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = { id: 'chatcmpl-2', object: 'chat.completion.chunk', model: 'm-1' };
const events = [
  event({ ...chunk, choices: [{ index: 0, delta: { content: 'One ' }, finish_reason: null }] }),
  event({ ...chunk, choices: [{ index: 0, delta: { content: 'two — 三' }, finish_reason: null }] }),
  event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'length' }] }),
  event({ ...chunk, choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } }),
  'data: [DONE]\n\n',
];
const streamed = Buffer.from(events.join(''));
const json = { 'content-type': 'application/json' };
const eventStream = { 'content-type': 'text/event-stream' };
const gzip = { 'content-encoding': 'gzip' };

/** What waits for the client: by path. */
class Provider {
  readonly answered: IncomingMessage[] = [];
  readonly closed: string[] = [];
  goOn: () => void = () => undefined;

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    this.answered.push(request);
    request.resume();
    response.on('close', () => response.writableFinished || this.closed.push(request.url ?? ''));
    this.#answers[request.url ?? '']?.(response);
  };

  readonly #answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/whole': (response) => response.writeHead(200, { ...json, 'content-length': whole.length }).end(whole),
    '/whole-gzip': (response) => response.writeHead(200, { ...json, ...gzip }).end(gzipSync(whole)),
    '/busy': (response) =>
      response
        .writeHead(429, json)
        .end(JSON.stringify({ error: { message: 'no', type: 'requests', code: 'rate_limit_exceeded' } })),
    '/broken': (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<p>Down'),
    '/nothing': (response) => response.writeHead(204).end(),
    '/head': (response) => response.writeHead(200, { ...json, 'content-length': whole.length }).end(),
    '/stream-gzip': (response) =>
      response.writeHead(200, { ...eventStream, ...gzip }).end(gzipSync(streamed)),
    '/stream': (response) => {
      response.writeHead(200, eventStream).write(events[0]);
      this.goOn = () => response.end(events.slice(1).join(''));
    },
    '/cut': (response) => {
      response.writeHead(200, eventStream).write(events[0]);
      this.goOn = () => response.destroy();
    },
    '/endless': (response) => void response.writeHead(200, eventStream).write(events[0]),
    '/refused': (response) => void response.destroy(),
  };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Sending {
  readonly method?: string;
  readonly agent?: Agent;
  readonly onFirstBytes?: (response: IncomingMessage) => void;
}

/** Resolves also with what has come of an answer that was broken off. */
function send(url: string, { method = 'POST', agent, onFirstBytes }: Sending = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = ask(url, { method, agent: agent ?? false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      const done = (): void =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      response.once('data', () => onFirstBytes?.(response));
      response.on('data', (bytes: Buffer) => chunks.push(bytes));
      response.on('error', done).on('close', done);
    });
    request.end(method === 'POST' ? '{"model":"m-asked"}' : undefined);
  });
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    expect(Date.now()).toBeLessThan(deadline);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const callSpans = (gateway: TestGateway): readonly ReceivedSpan[] =>
  gateway.operator.spans.filter(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat');

describe.each(modelGateways.map((made) => [made.name, made] as const))('through %s', (_name, made) => {
  const start = async (): Promise<{
    gateway: TestGateway;
    provider: Provider;
    only: () => Promise<ReceivedSpan>;
  }> => {
    const provider = new Provider();
    const { url } = await startUpstream(provider.listener);
    const gateway = await startGateway({ server: (telemetry) => made.serve(telemetry, url) });
    const only = async (): Promise<ReceivedSpan> => {
      const deadline = Date.now() + DEADLINE_MS;
      while (callSpans(gateway).length === 0 && Date.now() < deadline) await gateway.flush();
      const [span, ...others] = callSpans(gateway);
      expect(others).toEqual([]);
      expect(span).toMatchObject({ kind: CLIENT });
      return span as ReceivedSpan;
    };
    return { gateway, provider, only };
  };
  const test = made.skipped === undefined ? it : it.skip;

  test('a whole answer', async () => {
    const { gateway, only } = await start();
    const got = await send(`${gateway.url}/whole`);
    expect(hash(got.body)).toBe(hash(whole));
    const { attributes, status } = await only();
    expect(attributes).toMatchObject({
      'gen_ai.request.model': 'm-asked',
      'gen_ai.response.model': 'm-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 11,
      'gen_ai.usage.output_tokens': 5,
    });
    expect(attributes).not.toHaveProperty('error.type');
    expect(attributes).not.toHaveProperty('gen_ai.response.time_to_first_chunk');
    expect(status.code).toBe(0);
  });

  test('a stream, whose first event comes before the second is sent', async () => {
    const { gateway, provider, only } = await start();
    const got = await send(`${gateway.url}/stream`, { onFirstBytes: () => provider.goOn() });
    expect(hash(got.body)).toBe(hash(streamed));
    const { attributes } = await only();
    expect(attributes).toMatchObject({
      'gen_ai.response.finish_reasons': ['length'],
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
    });
    expect(attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
  });

  test.each([
    ['/whole-gzip', whole, 11],
    ['/stream-gzip', streamed, 7],
  ])('%s', async (path, expected, tokens) => {
    const { gateway, only } = await start();
    const { body, headers } = await send(gateway.url + path);
    if (made.decodes === undefined) expect(headers['content-encoding']).toBe('gzip');
    expect(hash(made.decodes === undefined ? gunzipSync(body) : body)).toBe(hash(expected));
    expect((await only()).attributes['gen_ai.usage.input_tokens']).toBe(tokens);
  });

  test('a refusal', async () => {
    const { gateway, only } = await start();
    expect((await send(`${gateway.url}/busy`)).status).toBe(429);
    const { attributes, status } = await only();
    expect(attributes['error.type']).toBe('rate_limit_exceeded');
    expect(status.code).toBe(2);
  });

  test.each([
    ['an answer without a body', '/nothing', 'POST', 204],
    ['an answer to HEAD', '/head', 'HEAD', 200],
  ])('%s', async (_what, path, method, status) => {
    const { gateway, only } = await start();
    expect((await send(gateway.url + path, { method })).status).toBe(status);
    const { attributes } = await only();
    expect(attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
    expect(attributes).not.toHaveProperty('error.type');
  });

  test('a page of an error in place of an answer', async () => {
    const { gateway, only } = await start();
    expect((await send(`${gateway.url}/broken`)).status).toBe(503);
    expect((await only()).attributes['error.type']).toBe('503');
  });

  const leaving = made.goesOnAlone === undefined ? test : it.skip;
  leaving('a client that leaves in the middle', async () => {
    const { gateway, provider, only } = await start();
    await send(`${gateway.url}/endless`, { onFirstBytes: (response) => response.destroy() });
    await until(() => provider.closed.includes('/endless'));
    const { attributes } = await only();
    expect(attributes['error.type']).toBe('client_disconnect');
    expect(attributes['gen_ai.response.model']).toBe('m-1');
  });

  test('a provider that breaks off in the middle', async () => {
    const { gateway, provider, only } = await start();
    const got = await send(`${gateway.url}/cut`, {
      onFirstBytes: (response) => {
        provider.goOn();
        // Some proxies leave the client hanging.
        setTimeout(() => response.destroy(), PATIENCE_MS);
      },
    });
    if (made.endsBrokenAnswers === undefined) expect(got.body.toString()).toBe(events[0]);
    const { attributes, status } = await only();
    expect(attributes['error.type']).toBe('upstream_reset');
    expect(status.code).toBe(2);
  });

  test('a provider that answers nothing', async () => {
    const { gateway, only } = await start();
    expect((await send(`${gateway.url}/refused`)).status).toBe(502);
    expect((await only()).attributes['error.type']).toBe('upstream_reset');
  });

  test('one connection for many calls', async () => {
    const { gateway } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let call = 0; call < 5; call += 1) await send(`${gateway.url}/whole`, { agent });
    agent.destroy();
    await gateway.flush();
    const spans = callSpans(gateway);
    expect(spans.map(({ attributes }) => attributes['gen_ai.usage.input_tokens'])).toEqual([
      11, 11, 11, 11, 11,
    ]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(5);
  });
});
