/** Answers watched on their way through real proxies: the same bytes on both sides, at once, and the right facts. */
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fetch as undiciFetch, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchGenAiAnswer } from '../../src/gen-ai/watch-answer.js';
import { ANSWERS, type RecordedAnswer } from './answers.js';
import { ask, bytesOf, hashOf, listenIn, replay, type Running, serve, type Told } from './watching.js';

/** One proxy for each way to go on with an answer. */
type Forward = (url: string, told: Told, response: ServerResponse) => Promise<void>;

async function upstream(url: string, told: Told): Promise<IncomingMessage> {
  const answer = await ask(url);
  expect(watchGenAiAnswer(answer, told)).toBe(answer);
  return answer;
}

async function forwardWeb(body: ReadableStream<Uint8Array> | null, response: ServerResponse): Promise<void> {
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

const WAYS: Record<string, Forward> = {
  'node:http, pipe': async (url, told, response) => void (await upstream(url, told)).pipe(response),
  'node:http, pipe in the listener': async (url, told, response) => {
    get(url, { agent: false }, (answer) => watchGenAiAnswer(answer, told).pipe(response));
  },
  'node:http, pipeline through a transform': async (url, told, response) =>
    pipeline(await upstream(url, told), new PassThrough(), response),
  'node:http, data events with pauses': async (url, told, response) => {
    const answer = await upstream(url, told);
    answer.on('data', (chunk) => {
      response.write(chunk);
      answer.pause();
      setImmediate(() => answer.resume());
    });
    answer.on('end', () => response.end());
  },
  'node:http, readable events': async (url, told, response) => {
    const answer = await upstream(url, told);
    answer.on('readable', () => {
      for (let chunk: unknown; (chunk = answer.read(7) ?? answer.read()) !== null;) response.write(chunk);
    });
    answer.on('end', () => response.end());
  },
  'node:http, for await': async (url, told, response) => {
    for await (const chunk of await upstream(url, told)) response.write(chunk);
    response.end();
  },
  'node:http, as a web stream': async (url, told, response) =>
    forwardWeb(Readable.toWeb(await upstream(url, told)) as ReadableStream<Uint8Array>, response),
  'undici, body': async (url, told, response) => {
    const { body, headers } = await request(url);
    const contentType = headers['content-type'] as string;
    await pipeline(watchGenAiAnswer(body, told, { contentType }), response);
  },
  'undici, bytes': async (url, told, response) => {
    const { body, headers } = await request(url);
    const contentType = headers['content-type'] as string;
    response.end(Buffer.from(await watchGenAiAnswer(body, told, { contentType }).arrayBuffer()));
  },
  'undici, fetch': async (url, told, response) => {
    const answer = watchGenAiAnswer(await undiciFetch(url), told);
    await forwardWeb(answer.body as ReadableStream<Uint8Array>, response);
  },
  'fetch, response': async (url, told, response) => {
    const answer = watchGenAiAnswer(await fetch(url), told);
    expect(answer).toBeInstanceOf(Response);
    expect(answer).toMatchObject({
      url,
      status: 200,
      ok: true,
      redirected: false,
      type: 'basic',
      bodyUsed: false,
    });
    expect(answer.headers.get('x-request-id')).toBe('r1');
    await forwardWeb(answer.body as ReadableStream<Uint8Array>, response);
  },
  'fetch, bytes': async (url, told, response) => {
    const answer = watchGenAiAnswer(await fetch(url), told);
    response.end(Buffer.from(await answer.arrayBuffer()));
  },
  'fetch, body': async (url, told, response) => {
    const { body, headers } = await fetch(url);
    const contentType = headers.get('content-type') ?? undefined;
    await forwardWeb(watchGenAiAnswer(body as ReadableStream<Uint8Array>, told, { contentType }), response);
  },
};

describe.each(Object.entries(WAYS))('%s', (_, forward) => {
  let provider: Running;
  let proxy: Running;
  let served: RecordedAnswer;
  let told: Told;

  beforeAll(async () => {
    provider = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': served.contentType, 'x-request-id': 'r1' });
      void replay(response, Buffer.from(served.body), served.body.length);
    });
    proxy = await serve((_request, response) => {
      forward(provider.url, told, response).catch((error: unknown) => response.destroy(error as Error));
    });
  });
  afterAll(() => Promise.all([provider.close(), proxy.close()]));

  it.each(ANSWERS)('$name', async (answer) => {
    served = answer;
    told = listenIn();
    const received = await bytesOf(await ask(proxy.url));
    expect(hashOf(received)).toBe(hashOf(Buffer.from(answer.body)));
    expect(await told.read).toEqual(answer.answer);
    const counts = told.calls.filter((call) => typeof call === 'number');
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(answer.answer.chunks);
    expect(told.calls.filter((call) => typeof call === 'string')).toEqual([
      'first byte',
      'complete',
      'answer',
    ]);
  });
});

describe('an observer that throws', () => {
  const fails = (): never => {
    throw new Error('a fault of the watcher');
  };
  const observer = { onFirstByte: fails, onChunks: fails, onEnd: fails, onAnswer: fails };

  it('does not reach a Node stream', async () => {
    const stream = watchGenAiAnswer(
      Readable.from([Buffer.from('data: {}\n\n'), Buffer.from('rest')]),
      observer,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('data: {}\n\nrest');
  });

  it('does not reach a web stream', async () => {
    const { body } = watchGenAiAnswer(new Response('data: {}\n\nrest'), observer);
    expect(await new Response(body).text()).toBe('data: {}\n\nrest');
  });
});
