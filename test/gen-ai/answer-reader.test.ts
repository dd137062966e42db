/** What every provider's answer says, however its bytes are cut. */
import { describe, expect, it } from 'vitest';
import { createGenAiReader } from '../../src/gen-ai/answer-reader.js';
import type { GenAiAnswer } from '../../src/model/gen-ai-answer.js';
import { ANSWERS } from './answers.js';
import { read, seeded } from './support.js';

describe.each(ANSWERS)('$name', ({ body, contentType, answer }) => {
  const bytes = Buffer.from(body);

  it('is read in one piece', () => {
    expect(read([bytes], contentType)).toEqual(answer);
  });

  it('is recognised without a content type', () => {
    if (answer.fault === undefined)
      expect(read([bytes])).toMatchObject({ ...answer, chunks: expect.any(Number) as number });
  });

  it('is read byte by byte', () => {
    expect(
      read(
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        contentType,
      ),
    ).toEqual(answer);
  });

  it('is read when cut in two, at every byte', () => {
    const expected = JSON.stringify(read([bytes], contentType));
    for (let cut = 1; cut < bytes.length; cut++) {
      const found = JSON.stringify(read([bytes.subarray(0, cut), bytes.subarray(cut)], contentType));
      if (found !== expected) expect(found, `cut at ${cut}`).toBe(expected);
    }
  });

  it('is read when cut at random', () => {
    const random = seeded(1);
    for (let round = 0; round < 50; round++) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = Math.floor(random() * (round < 25 ? 9 : 400));
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      expect(read(pieces, contentType)).toEqual(answer);
    }
  });
});

describe('an answer that is not as it should be', () => {
  const rows: [string, string, Partial<GenAiAnswer>][] = [
    ['nothing', '', { isStream: false, chunks: 0 }],
    ['white space', ' \r\n\t ', { isStream: false, chunks: 0 }],
    [
      'of a gateway that tells what was cached in both ways',
      '{"usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":20},"cache_read_input_tokens":20}}',
      { usage: { inputTokens: 30, cacheReadInputTokens: 20 } },
    ],
    ['half a byte order mark', '\u{ef}', { fault: 'unsupported_type' }],
    ['cut inside of a string', '{"id":"a","model":"b', { id: 'a', fault: 'incomplete' }],
    ['cut inside of a number', '{"id":"a","usage":{"prompt_tokens":12', { id: 'a', fault: 'incomplete' }],
    ['cut between events', 'data: {"id":"a"}\n\n', { id: 'a', chunks: 1 }],
    [
      'cut before the end of an event',
      'data: {"id":"a"}\n\ndata: {"id":"b","model":"b"}',
      { id: 'a', model: 'b', chunks: 2 },
    ],
    [
      'cut inside of an event',
      'data: {"id":"a"}\n\ndata: {"model":"b","x',
      { id: 'a', model: 'b', chunks: 2, fault: 'incomplete' },
    ],
    [
      'an event that is not JSON',
      'data: hello\n\ndata: {"id":"a"}\n\ndata: {"id":\n\ndata: {"model":"m"}\n\n',
      { id: 'a', model: 'm', chunks: 4, fault: 'malformed' },
    ],
    [
      'only the first letters of [DONE]',
      'data: [DO\n\ndata: {"id":"a"}\n\n',
      { id: 'a', chunks: 2, fault: 'malformed' },
    ],
    ['[DONE] and more', 'data: [DONE]]\n\n', { chunks: 1, fault: 'malformed' }],
    ['more behind JSON', '{"id":"a"} x', { id: 'a', fault: 'malformed' }],
    [
      'equal keys',
      '{"id":"a","usage":{"prompt_tokens":1},"usage":{"completion_tokens":2},"id":"b"}',
      {
        id: 'b',
        usage: { outputTokens: 2 },
      },
    ],
    [
      'a key that was said and taken back',
      '{"usage":{"prompt_tokens":1},"usage":null,"id":"b"}',
      { id: 'b' },
    ],
    ['a usage that is a list', '{"usage":[{"prompt_tokens":1}],"id":"b"}', { id: 'b' }],
    [
      'keys with escapes',
      String.raw`{"\u0069d":"\u0061\ud83c\udf0a\n","usage":{"prompt\u005ftokens":3}}`,
      {
        id: 'a🌊',
        usage: { inputTokens: 3 },
      },
    ],
    [
      'a name that is too long',
      `{"model":"${'m'.repeat(257)}","id":"${'i'.repeat(256)}"}`,
      { id: 'i'.repeat(256) },
    ],
    [
      'an error code that is a text',
      '{"error":{"code":"see https://x.test/?key=1"}}',
      { errorType: '_OTHER' },
    ],
    ['a document deep in documents', '[[[{"id":"a"}]]]', {}],
  ];
  it.each(rows)('%s', (_, body, expected) => {
    expect(read([body])).toEqual({ isStream: body.startsWith('data:'), chunks: 0, ...expected });
    const cut = Array.from(Buffer.from(body), (byte) => Uint8Array.of(byte));
    if (!body.startsWith('\u{ef}')) expect(read(cut)).toEqual(read([body]));
  });

  it.each([
    '-1',
    '1.5',
    '9007199254740992',
    '1e400',
    '"12"',
    'true',
    '[1]',
    '{"a":1}',
    'null',
    '-0.0001',
    '0'.repeat(40),
  ])('counts of %s are no counts', (count) => {
    const usage = `{"prompt_tokens":${count},"completion_tokens":4}`;
    expect(read([`{"usage":${usage}}`]).usage).toEqual({ outputTokens: 4 });
  });

  it('sums that are not exact any more are no counts', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const usage = { input_tokens: largest, cache_read_input_tokens: largest, output_tokens: 1 };
    expect(read([JSON.stringify({ type: 'message', usage })]).usage).toEqual({
      outputTokens: 1,
      cacheReadInputTokens: largest,
    });
  });

  it('no more choices than there can be', () => {
    const choices = Array.from({ length: 1_000 }, (_, index) => ({ index, finish_reason: 'stop' }));
    expect(read([JSON.stringify({ choices })]).finishReasons).toHaveLength(128);
    expect(read([JSON.stringify({ choices: [{ index: 5e9, finish_reason: 'stop' }] })]).finishReasons).toBe(
      undefined,
    );
  });

  it('what is no piece of bytes is left out, and what comes after the end too', () => {
    const reader = createGenAiReader();
    for (const junk of [undefined, null, 5, {}, [], new Proxy(new Uint8Array(4), {}), () => 1]) {
      reader.write(junk as Uint8Array);
    }
    const other = createGenAiReader();
    for (const junk of [undefined, null, 5, {}, [], () => 1]) other.write(junk as Uint8Array);
    other.write('{"id":"a"}');
    other.end();
    other.write('{"id":"b"}');
    other.end();
    expect(other.answer).toEqual({ id: 'a', isStream: false, chunks: 0 });
  });

  it('bytes that are still encoded are not read', () => {
    for (const contentEncoding of ['gzip', 'br', 'identity, gzip']) {
      const reader = createGenAiReader({ contentEncoding });
      reader.write('{"id":"a"}');
      reader.end();
      expect(reader.answer).toEqual({ isStream: false, chunks: 0, fault: 'unsupported_encoding' });
    }
    const reader = createGenAiReader({ contentEncoding: 'identity' });
    reader.write('{"id":"a"}');
    expect(reader.answer.id).toBe('a');
  });
});
