/** A watched answer passes as an unwatched one does: at once, with the same back pressure, and with the same ends. */
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net';
import {
  connect,
  createServer as createHttp2Server,
  type ClientHttp2Stream,
  type ServerHttp2Stream,
} from 'node:http2';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { request as requestOf6 } from 'undici6';
import { afterEach, describe, expect, it } from 'vitest';
import { watchGenAiAnswer } from '../../src/gen-ai/watch-answer.js';
import { deferred, until } from '../support/deferred.js';
import { ask, bytesOf, listenIn, type Running, serve, type Told } from './watching.js';

const MIB = 1024 * 1024;
const event = (id: string): string =>
  `data: {"id":"${id}","usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n`;

const running: Running[] = [];
const start = async (...args: Parameters<typeof serve>): Promise<Running> => {
  const server = await serve(...args);
  running.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

type Forward = (url: string, told: Told, response: ServerResponse) => Promise<void>;

const WAYS: Record<string, Forward> = {
  async 'node:http'(url, told, response) {
    const asked = get(url, { agent: false }, (answer) => {
      watchGenAiAnswer(answer, told);
      response.writeHead(200);
      answer.pipe(response);
      // As proxies do: who has left needs no more of it.
      response.on('close', () => asked.destroy());
      answer.on('aborted', () => response.destroy());
    });
    asked.on('error', () => response.destroy());
  },
  async 'node:http, pipeline'(url, told, response) {
    const answer = watchGenAiAnswer(await ask(url), told);
    response.writeHead(200);
    await pipeline(answer, response).catch(() => response.destroy());
  },
  async undici(url, told, response) {
    const { body } = await request(url);
    response.writeHead(200);
    await pipeline(watchGenAiAnswer(body, told), response).catch(() => response.destroy());
  },
  async fetch(url, told, response) {
    const { body } = watchGenAiAnswer(await fetch(url), told);
    response.writeHead(200);
    await pipeline(Readable.fromWeb(body as never), response).catch(() => response.destroy());
  },
};

const proxy = (forward: Forward, url: () => string, told: Told): Promise<Running> =>
  start((_request, response) => void forward(url(), told, response));

describe.each(Object.entries(WAYS))('%s', (_, forward) => {
  it('passes each event before the next is sent', async () => {
    const told = listenIn();
    const received: string[] = [];
    const provider = await start((_request, response) => void send(response));
    const send = async (response: ServerResponse): Promise<void> => {
      for (let index = 0; index < 5; index++) {
        response.write(event(`e${index}`));
        // A proxy that waits for more waits for ever.
        await until(() => received.length > index);
      }
      response.end();
    };
    const gateway = await proxy(forward, () => provider.url, told);
    for await (const chunk of await ask(gateway.url)) received.push(String(chunk));
    expect(received).toEqual(Array.from({ length: 5 }, (_, index) => event(`e${index}`)));
    expect(told.calls).toEqual(['first byte', 1, 1, 1, 1, 1, 'complete', 'answer']);
  });

  it('holds the provider back for a client that does not read', async () => {
    const told = listenIn();
    const size = 192 * MIB;
    const piece = Buffer.from(
      `data: {"choices":[{"delta":{"content":"${'x'.repeat(64 * 1024 - 50)}"}}]}\n\n`,
    );
    let sent = 0;
    const provider = await start((_request, response) => void send(response));
    const send = async (response: ServerResponse): Promise<void> => {
      while (sent < size && !response.destroyed) {
        sent += piece.length;
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end(event('last'));
    };
    const gateway = await proxy(forward, () => provider.url, told);
    const client = await ask(gateway.url);
    // Until nothing moves any more: what fills sockets on the way.
    let before = -1;
    while (sent !== before) {
      before = sent;
      await sleep(300);
    }
    const held = sent;
    const { arrayBuffers } = process.memoryUsage();
    console.log(
      `${(held / MIB).toFixed(1)} MiB sent to a client that does not read, ${(arrayBuffers / MIB).toFixed(1)} MiB of buffers`,
    );
    expect(held).toBeLessThan(64 * MIB);
    // Garbage counts too, until it is collected.
    expect(arrayBuffers).toBeLessThan(128 * MIB);
    let received = 0;
    let most = 0;
    for await (const chunk of client) {
      received += (chunk as Buffer).length;
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(received).toBe(sent + event('last').length);
    expect(most).toBeLessThan(128 * MIB);
    expect(await told.read).toEqual({
      id: 'last',
      usage: { inputTokens: 1, outputTokens: 2 },
      isStream: true,
      chunks: sent / piece.length + 1,
    });
  });

  it('sees a provider that breaks off, and so does the client', async () => {
    const told = listenIn();
    const provider = await start((_request, response) => {
      response.write(event('begun'), () => setTimeout(() => response.destroy(), 20));
    });
    const gateway = await proxy(forward, () => provider.url, told);
    await expect(ask(gateway.url).then(bytesOf)).rejects.toThrow();
    expect((await told.ended).outcome).toBe('failed');
    expect((await told.read).id).toBe('begun');
    expect(told.calls).toEqual(['first byte', 1, 'failed', 'answer']);
  });

  it('sees a client that leaves, and so does the provider', async () => {
    const told = listenIn();
    const left = deferred();
    const provider = await start((_request, response) => {
      response.write(event('begun'));
      response.on('close', () => left.resolve());
    });
    const gateway = await proxy(forward, () => provider.url, told);
    const client = await ask(gateway.url);
    client.once('data', () => client.destroy());
    await left.promise;
    expect((await told.ended).outcome).toBe('aborted');
    expect((await told.read).id).toBe('begun');
  });

  it('passes an answer without a body', async () => {
    const told = listenIn();
    const provider = await start((_request, response) => void response.writeHead(200).end());
    const gateway = await proxy(forward, () => provider.url, told);
    expect(await bytesOf(await ask(gateway.url))).toHaveLength(0);
    expect(await told.read).toEqual({ isStream: false, chunks: 0 });
    expect(told.calls).toEqual(['complete', 'answer']);
  });
});

describe('what has come in before', () => {
  const heads = (): Promise<string> =>
    new Promise((resolve) => {
      const body = event('first');
      const sockets: Socket[] = [];
      const server = createRawServer((socket) => {
        sockets.push(socket.on('error', () => undefined));
        // Head and body in one packet: the body is there before a promise of the head is.
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length * 2}\r\n\r\n${body}`);
        setTimeout(() => socket.end(body.replace('first', 'later')), 30);
      });
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      );
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          for (const socket of sockets) socket.destroy();
        });
      running.push({ close } as Running);
    });

  it('of an IncomingMessage counts', async () => {
    const told = listenIn();
    const answer = await ask(await heads());
    await sleep(10);
    expect(answer.readableLength).toBeGreaterThan(0);
    watchGenAiAnswer(answer, told);
    expect(answer.readableDidRead).toBe(false);
    expect((await bytesOf(answer)).toString()).toBe(event('first') + event('later'));
    expect(await told.read).toMatchObject({ id: 'first', chunks: 2 });
    expect(told.calls).toEqual(['first byte', 1, 1, 'complete', 'answer']);
  });

  it('of a body of undici counts, which can still be read as text', async () => {
    const told = listenIn();
    const { body } = await request(await heads());
    await sleep(10);
    expect(body.readableLength).toBeGreaterThan(0);
    watchGenAiAnswer(body, told);
    expect(body.bodyUsed).toBe(false);
    expect(await body.text()).toBe(event('first') + event('later'));
    expect(await told.read).toMatchObject({ id: 'first', chunks: 2 });
  });

  it('counts when part of it was read, and the rest not', async () => {
    const told = listenIn();
    const stream = new PassThrough();
    stream.write('x');
    stream.write(event('a'));
    stream.write(event('b'));
    await sleep(1);
    expect(String(stream.read(1))).toBe('x');
    watchGenAiAnswer(stream, told);
    stream.end(event('c'));
    expect((await bytesOf(stream as unknown as IncomingMessage)).toString()).toBe(
      event('a') + event('b') + event('c'),
    );
    expect(await told.read).toMatchObject({ id: 'a', chunks: 3 });
  });

  it.each<[string, () => Readable | Promise<Readable>, string]>([
    ['all of it', async () => { const all = Readable.from([event('a')], { objectMode: false }); all.once('readable', () => undefined); await sleep(5); return all; }, 'complete'], // prettier-ignore
    ['all of it, and was read', async () => { const all = Readable.from([event('a')]); await all.toArray(); return all; }, 'complete'], // prettier-ignore
    ['part of it, and was destroyed', () => new PassThrough().destroy(), 'aborted'],
    [
      'part of it, and failed',
      () => new PassThrough().on('error', () => undefined).destroy(new Error('broke')),
      'failed',
    ],
  ])('%s', async (_, make, outcome) => {
    const told = listenIn();
    const stream = watchGenAiAnswer(await make(), told);
    stream.resume();
    expect((await told.ended).outcome).toBe(outcome);
    expect(told.calls.slice(-2)).toEqual([outcome, 'answer']);
  });
});

/** Other streams that hosts have their answers from. */
describe('an answer', () => {
  const body = event('a') + event('b');
  const expected = { id: 'a', usage: { inputTokens: 1, outputTokens: 2 }, isStream: true, chunks: 2 };

  it.each([
    ['6', requestOf6],
    ['7', request],
  ] as const)(
    'of undici %s, watched with its head or by its body, before or after it has come',
    async (_, ask) => {
      const encoded = gzipSync(body);
      const provider = await start((_request, response) => {
        response
          .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' })
          .end(encoded);
      });
      for (const isLate of [false, true]) {
        for (const isWhole of [false, true]) {
          const told = listenIn();
          const answer = await ask(provider.url);
          if (isLate) await sleep(20);
          const source = isWhole ? answer : answer.body;
          expect(watchGenAiAnswer<object>(source, told)).toBe(source);
          expect(Buffer.from(await answer.body.arrayBuffer())).toEqual(encoded);
          expect(await told.read).toEqual(expected);
          expect(told.calls).toEqual(['first byte', 'complete', 'answer']);
        }
      }
    },
  );

  describe('over HTTP/2', () => {
    const over = async (
      answer: (stream: ServerHttp2Stream) => void,
    ): Promise<{ told: Told; text: string; stream: ClientHttp2Stream }> => {
      const server = createHttp2Server();
      server.on('stream', answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      running.push({ close: async () => void (session.destroy(), server.close()) } as Running);
      const stream = session.request({ ':path': '/' });
      const told = listenIn();
      expect(watchGenAiAnswer(stream, told)).toBe(stream);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
      await new Promise((resolve) => stream.once('close', resolve));
      return { told, stream, text: Buffer.concat(chunks).toString() };
    };

    it('is read', async () => {
      const { told, text } = await over((stream) => {
        stream.respond({ ':status': 200 });
        stream.write(event('a'));
        setTimeout(() => stream.end(event('b')), 10);
      });
      expect(text).toBe(body);
      expect(await told.read).toEqual(expected);
      expect(told.calls).toEqual(['first byte', 1, 1, 'complete', 'answer']);
    });

    it.each<[string, (stream: ServerHttp2Stream) => void, string]>([
      ['an error', (stream) => stream.destroy(new Error('broke')), 'failed'],
      ['a connection that closes', (stream) => stream.session?.destroy(), 'aborted'],
    ])('is broken off with %s', async (_, breakOff, outcome) => {
      const { told } = await over((stream) => {
        stream.on('error', () => undefined);
        stream.respond({ ':status': 200 });
        stream.write(event('a'), () => setTimeout(() => breakOff(stream), 20));
      });
      expect((await told.read).id).toBe('a');
      expect((await told.ended).outcome).toBe(outcome);
    });
  });
});

describe('what is watched', () => {
  it('is left as it was when it has ended', async () => {
    const stream = Readable.from([Buffer.from(event('a'))]);
    const told = listenIn();
    watchGenAiAnswer(stream, told);
    expect(Object.hasOwn(stream, 'push')).toBe(true);
    await stream.toArray();
    await told.read;
    expect(Object.hasOwn(stream, 'push')).toBe(false);
  });

  it('has nobody who takes its errors for handled', async () => {
    const stream = new PassThrough();
    watchGenAiAnswer(stream, listenIn());
    expect(stream.listenerCount('error')).toBe(0);
  });

  it.each<[string, unknown, string]>([
    ['of its own', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'failed'],
    ['of the host’s signal', new DOMException('x', 'AbortError'), 'aborted'],
    ['that is a text', 'broke', 'failed'],
    ['that fights back', new Proxy(new Error('x'), { get: () => { throw new Error('no'); } }), 'failed'], // prettier-ignore
  ])('fails with an error %s', async (_, error, outcome) => {
    const told = listenIn();
    const source = new ReadableStream(
      {
        async pull() {
          throw error;
        },
      },
      { highWaterMark: 0 },
    );
    const caught: unknown[] = [];
    const reader = watchGenAiAnswer(source, told).getReader();
    await reader.read().catch((reason: unknown) => void caught.push(reason));
    expect(Object.is(caught[0], error)).toBe(true);
    expect((await told.ended).outcome).toBe(outcome);
  });

  it('keeps the chunks of a web stream, one for each that is asked for', async () => {
    const chunks = [Buffer.from(event('a')), Buffer.from(event('b'))];
    let pulled = 0;
    const source = new ReadableStream<Buffer>(
      {
        pull(controller) {
          const chunk = chunks[pulled++];
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
    const told = listenIn();
    const reader = watchGenAiAnswer(source, told).getReader();
    await sleep(5);
    expect(pulled).toBe(0);
    expect((await reader.read()).value).toBe(chunks[0]);
    await sleep(5);
    expect(pulled).toBe(1);
    expect((await reader.read()).value).toBe(chunks[1]);
    expect((await reader.read()).done).toBe(true);
    expect(told.calls).toEqual(['first byte', 1, 1, 'complete', 'answer']);
  });

  it('passes the reason of a cancelled web stream to its source', async () => {
    const cancelled = deferred<unknown>();
    const source = new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) });
    const told = listenIn();
    await watchGenAiAnswer(source, told).cancel('enough');
    expect(await cancelled.promise).toBe('enough');
    expect(await told.ended).toEqual({ outcome: 'aborted', error: 'enough' });
  });

  it.each([
    ['a locked stream', (): unknown => { const s = new ReadableStream(); s.getReader(); return s; }], // prettier-ignore
    ['a response whose body was read', (): unknown => { const r = new Response('x'); void r.text(); return r; }], // prettier-ignore
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => '{"id":"a"}'],
    ['an object', () => ({ id: 'a' })],
    ['a proxy that fights back', () => new Proxy({}, { get: () => { throw new Error('no'); } })], // prettier-ignore
  ])('is given back as it is: %s', async (_, make) => {
    const told = listenIn();
    const source = make();
    expect(Object.is(watchGenAiAnswer(source, told), source)).toBe(true);
    expect(told.calls).toEqual(['aborted', 'answer']);
    expect(await told.read).toEqual({ isStream: false, chunks: 0 });
  });

  it.each([
    ['a proxy around bytes', (): unknown => new Proxy(new Uint8Array(2), {})],
    ['what only says that it is bytes', (): unknown => Object.create(Uint8Array.prototype)],
  ])('passes chunks that cannot be read: %s', async (_, make) => {
    const chunk = make();
    const [ofNode, ofWeb] = [listenIn(), listenIn()];
    const stream = watchGenAiAnswer(Readable.from([chunk, event('a')]), ofNode);
    const passed = (await stream.toArray()) as unknown[];
    expect(passed.map((part) => part === chunk || part === event('a'))).toEqual([true, true]);
    const web = watchGenAiAnswer(ReadableStream.from([chunk]), ofWeb);
    expect((await web.getReader().read()).value === chunk).toBe(true);
    expect(await ofNode.read).toMatchObject({ fault: 'malformed' });
  });

  it('is given back with its body where its status is none that a response may be made with', async () => {
    const told = listenIn();
    const odd = new Response(event('a'));
    Object.defineProperty(odd, 'status', { value: 999 });
    expect(watchGenAiAnswer(odd, told)).toBe(odd);
    expect(await odd.text()).toBe(event('a'));
  });
});
