/** Encoded answers are decoded beside the stream, within bounds, and pass as they are. */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  type BrotliCompress,
  type Gzip,
} from 'node:zlib';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { watchGenAiAnswer } from '../../src/gen-ai/watch-answer.js';
import type { GenAiAnswer } from '../../src/model/gen-ai-answer.js';
import { ANSWERS } from './answers.js';
import { ask, bytesOf, hashOf, listenIn, replay, type Running, serve } from './watching.js';

const MIB = 1024 * 1024;
const ENCODERS: readonly [string, (bytes: Uint8Array) => Buffer][] = [
  ['gzip', (bytes) => gzipSync(bytes)],
  ['x-gzip', (bytes) => gzipSync(bytes)],
  ['GZIP', (bytes) => gzipSync(bytes)],
  ['br', (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
  ['deflate', (bytes) => deflateSync(bytes)],
  ['deflate without the header of zlib', (bytes) => deflateRawSync(bytes)],
];

let provider: Running | undefined;
afterEach(() => provider?.close());

/** Through a gateway that reads the answer with `node:http`: what it said, and the bytes that went on. */
async function pass(
  head: Record<string, string>,
  send: (response: import('node:http').ServerResponse) => unknown,
): Promise<{ answer: GenAiAnswer; bytes: Buffer; calls: (string | number)[] }> {
  provider = await serve((_request, response) => {
    response.writeHead(200, head);
    void send(response);
  });
  const told = listenIn();
  const bytes = await bytesOf(watchGenAiAnswer(await ask(provider.url), told));
  return { bytes, answer: await told.read, calls: told.calls };
}

describe.each(ENCODERS)('%s', (name, encode) => {
  const encoding = name.split(' ', 1)[0] as string;

  it.each(ANSWERS)('$name', async ({ body, contentType, answer }) => {
    const encoded = encode(Buffer.from(body));
    const head = { 'content-type': contentType, 'content-encoding': encoding };
    const passed = await pass(head, (response) => replay(response, encoded, 1));
    expect(hashOf(passed.bytes)).toBe(hashOf(encoded));
    expect(passed.answer).toEqual(answer);
    expect(passed.calls).toEqual(['first byte', 'complete', 'answer']);
  });

  it('that is cut off says what came', async () => {
    const body = `{"id":"a","model":"m","x":"${'0123456789abcdef'.repeat(5_000)}","usage":{"prompt_tokens":1}}`;
    const encoded = encode(Buffer.from(body));
    const { answer } = await pass({ 'content-encoding': encoding }, (response) =>
      response.end(encoded.subarray(0, -20)),
    );
    expect(answer).toMatchObject({ fault: 'incomplete', id: 'a', model: 'm' });
  });
});

describe('an encoded stream', () => {
  const flushed: readonly [string, () => Gzip | BrotliCompress][] = [
    ['gzip', () => createGzip({ flush: constants.Z_SYNC_FLUSH })],
    ['deflate', () => createDeflate({ flush: constants.Z_SYNC_FLUSH })],
    ['br', () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
  ];
  it.each(flushed)('of %s, flushed at each event, passes at once', async (encoding, create) => {
    const received = { bytes: 0 };
    provider = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      const encoder = create();
      encoder.pipe(response);
      void (async () => {
        for (let index = 0; index < 5; index++) {
          const before = received.bytes;
          encoder.write(`data: {"id":"e${index}"}\n\n`);
          while (received.bytes === before) await sleep(1);
        }
        encoder.end();
      })();
    });
    const told = listenIn();
    for await (const chunk of watchGenAiAnswer(await ask(provider.url), told)) {
      received.bytes += (chunk as Buffer).length;
    }
    expect(await told.read).toEqual({ id: 'e0', isStream: true, chunks: 5 });
  });

  it('may come from undici, with the encoding named', async () => {
    provider = await serve((_request, response) => response.end(gzipSync('{"id":"a"}')));
    const told = listenIn();
    const { body } = await request(provider.url);
    await watchGenAiAnswer(body, told, { contentEncoding: 'gzip' }).dump();
    expect((await told.read).id).toBe('a');
  });

  it('is known by fetch, which decodes it', async () => {
    provider = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"id":"a"}'));
    });
    const told = listenIn();
    expect(await watchGenAiAnswer(await fetch(provider.url), told).json()).toEqual({ id: 'a' });
    expect(await told.read).toEqual({ id: 'a', isStream: false, chunks: 0 });
  });

  it('is not spoiled by a consumer that writes over its bytes', async () => {
    const stream = new PassThrough();
    const told = listenIn();
    stream.on('data', (chunk: Buffer) => chunk.fill(0));
    watchGenAiAnswer(stream, told, { contentEncoding: 'gzip' });
    const encoded = gzipSync(`{"x":"${'x'.repeat(100_000)}","id":"a"}`);
    for (let at = 0; at < encoded.length; at += 10) stream.write(encoded.subarray(at, at + 10));
    stream.end();
    expect((await told.read).id).toBe('a');
  });
});

describe('what cannot be decoded has a name', () => {
  const incompressible = Buffer.from(Array.from({ length: MIB }, (_, at) => (at * 2_654_435_761) >>> 24));
  const rows: readonly [string, string, Buffer, GenAiAnswer['fault']][] = [
    ['bytes that are not encoded', 'gzip', Buffer.from('{"id":"a"}'), 'undecodable'],
    ['bytes that are encoded otherwise', 'br', gzipSync('{"id":"a"}'), 'undecodable'],
    ['bytes that were damaged', 'gzip', gzipSync('{"id":"a"}').fill(0xff, 12, 16), 'undecodable'],
    ['another encoding', 'zstd', Buffer.from('(\xb5/\xfd', 'latin1'), 'unsupported_encoding'],
    ['two encodings', 'gzip, br', gzipSync('{"id":"a"}'), 'unsupported_encoding'],
    ['a bomb of gzip', 'gzip', gzipSync(`{"x":"${' '.repeat(128 * MIB)}"}`), 'too_large'],
    ['a bomb of brotli', 'br', brotliCompressSync(`{"x":"${' '.repeat(128 * MIB)}"}`, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), 'too_large'], // prettier-ignore
    ['what is not JSON when decoded', 'gzip', gzipSync(incompressible), 'unsupported_type'],
  ];
  it.each(rows)('%s', async (_, encoding, body, fault) => {
    const before = process.memoryUsage();
    const started = performance.now();
    const { answer, bytes } = await pass({ 'content-encoding': encoding }, (response) => response.end(body));
    const after = process.memoryUsage();
    const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
    console.log(`${(performance.now() - started).toFixed(0)} ms, ${(grown / MIB).toFixed(1)} MiB`);
    expect(hashOf(bytes)).toBe(hashOf(body));
    expect(answer).toEqual({ isStream: false, chunks: 0, fault });
    // Pieces that were decoded and are garbage count too.
    expect(grown).toBeLessThan(64 * MIB);
  });

  it('bytes that come faster than they can be decoded', async () => {
    const stream = new PassThrough();
    const told = listenIn();
    watchGenAiAnswer(stream, told, { contentEncoding: 'gzip' });
    const encoded = gzipSync(`{"id":"a","x":"${Array.from({ length: 400_000 }, (_, at) => Math.imul(at, 2_654_435_761)).join()}"}`, { level: 1 }); // prettier-ignore
    expect(encoded.length).toBeGreaterThan(MIB);
    // All in one turn, which leaves no decoder a chance.
    for (let at = 0; at < encoded.length; at += 16_384) stream.push(encoded.subarray(at, at + 16_384));
    stream.push(null);
    expect(await told.read).toEqual({ isStream: false, chunks: 0, fault: 'decoder_overrun' });
    expect(hashOf(await bytesOf(stream as never))).toBe(hashOf(encoded));
  });
});
