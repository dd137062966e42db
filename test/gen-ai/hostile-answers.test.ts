/** Answers made to hurt: each costs time by its length and no memory by its shape. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGenAiReader } from '../../src/gen-ai/answer-reader.js';
import type { GenAiAnswer } from '../../src/model/gen-ai-answer.js';
import { ANSWERS } from './answers.js';
import { read } from './support.js';

const MIB = 1024 * 1024;
const LENGTH = 8 * MIB;
/** A hundred times what it takes; a cost by the square of the length would take hours. */
const MAX_MS = 20_000;
const MAX_GROWTH = 4 * MIB;

interface Hostile {
  readonly name: string;
  readonly head?: string;
  readonly part: string;
  readonly tail?: string;
  readonly answer: GenAiAnswer;
}

const json = { isStream: false, chunks: 0 } as const;
const found = { ...json, id: 'a' } as const;
const stream = { isStream: true, chunks: 1 } as const;

const HOSTILE: readonly Hostile[] = [
  {
    name: 'an endless depth of lists',
    head: '{"id":"a","x":',
    part: '[',
    answer: { ...found, fault: 'incomplete' },
  },
  {
    name: 'an endless depth of objects',
    head: '{"id":"a","x":',
    part: '{"usage":',
    answer: { ...found, fault: 'incomplete' },
  },
  { name: 'an endless depth at the top', part: '[', answer: { ...json, fault: 'incomplete' } },
  {
    name: 'an endless depth on the paths',
    part: '{"response":{"usage":[',
    answer: { ...json, fault: 'incomplete' },
  },
  { name: 'an endless string', head: '{"x":"', part: 'x', tail: '","id":"a"}', answer: found },
  {
    name: 'an endless string that is asked for',
    head: '{"model":"',
    part: 'x',
    tail: '","id":"a"}',
    answer: found,
  },
  { name: 'an endless key', head: '{"', part: 'x', tail: '":1,"id":"a"}', answer: found },
  { name: 'an endless row of backslashes', head: '{"x":"', part: '\\\\', tail: '","id":"a"}', answer: found },
  { name: 'an endless row of quotes', head: '{"x":"', part: '\\"', tail: '","id":"a"}', answer: found },
  { name: 'an endless number', head: '{"x":', part: '9', tail: ',"id":"a"}', answer: found },
  {
    name: 'an endless number that is asked for',
    head: '{"usage":{"prompt_tokens":',
    part: '9',
    tail: '},"id":"a"}',
    answer: found,
  },
  { name: 'endless white space', head: '{"id":"a"', part: ' \n', tail: '}', answer: found },
  { name: 'endless keys that are equal', head: '{"id":"b"', part: ',"id":"a"', tail: '}', answer: found },
  {
    name: 'endless objects that are equal',
    head: '{"id":"a"',
    part: ',"usage":{"input_tokens":1}',
    tail: '}',
    answer: { ...found, usage: { inputTokens: 1 } },
  },
  {
    name: 'endless choices',
    head: '{"id":"a","choices":[',
    part: '{"finish_reason":"stop"},',
    tail: '{}]}',
    answer: { ...found, finishReasons: Array<string>(128).fill('stop') },
  },
  {
    name: 'endless documents',
    part: '{"id":"a"}\n',
    answer: { ...found, isStream: true, chunks: Math.ceil(LENGTH / 11) },
  },
  { name: 'zeros', part: '\0', answer: { ...json, fault: 'unsupported_type' } },
  { name: 'zeros in JSON', head: '{"id":"a",', part: '\0', answer: { ...found, fault: 'malformed' } },
  {
    name: 'an endless line',
    head: 'data: {"id":"a","x":"',
    part: 'x',
    tail: '"}\n\n',
    answer: { ...stream, id: 'a' },
  },
  {
    name: 'an endless name of a field',
    head: 'data: {"id":"a"}\n\n',
    part: 'data',
    answer: { ...stream, id: 'a' },
  },
  {
    name: 'an endless comment',
    head: ':',
    part: ':',
    tail: '\ndata: {"id":"a"}\n\n',
    answer: { ...stream, id: 'a' },
  },
  {
    name: 'endless lines of one event',
    head: 'data: {"id":"a"\n',
    part: 'data\n',
    tail: 'data: }\n\n',
    answer: { ...stream, id: 'a' },
  },
  {
    name: 'endless strings that do not end',
    part: `data: {"x":"${'x'.repeat(150)}\n\n`,
    answer: { ...stream, chunks: Math.ceil(LENGTH / 164), fault: 'malformed' },
  },
  { name: 'endless empty lines', head: 'data: {"id":"a"}\n\n', part: '\n\r', answer: { ...stream, id: 'a' } },
  {
    name: 'endless carriage returns',
    head: 'data: {"id":"a"}\r\r',
    part: '\r',
    answer: { ...stream, id: 'a' },
  },
];

describe('a hostile answer', () => {
  it.each(HOSTILE)('$name', ({ head = '', part, tail = '', answer }) => {
    const piece = Buffer.from(part.repeat(Math.ceil((64 * 1024) / part.length)));
    const whole = Buffer.from(part.repeat(Math.ceil(LENGTH / part.length)));
    const reader = createGenAiReader();
    reader.write(head);
    const before = process.memoryUsage();
    const started = performance.now();
    // In pieces as a socket gives them; parts go across their borders.
    for (let at = 0; at < whole.length; at += piece.length)
      reader.write(whole.subarray(at, at + piece.length));
    reader.write(tail);
    reader.end();
    const tookMs = performance.now() - started;
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    console.log(`${(tookMs / (whole.length / MIB)).toFixed(1)} ms a MiB`);
    expect(reader.answer).toEqual(answer);
    expect(tookMs).toBeLessThan(MAX_MS);
    expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(MAX_GROWTH);
    // What is garbage already counts too, so that this bound is loose.
    expect(heapUsed - before.heapUsed).toBeLessThan(64 * MIB);
  });
});

describe('a damaged answer', () => {
  const bodies = ANSWERS.map(({ body }) => Buffer.from(body));
  const damage = fc.record({
    body: fc.constantFrom(...bodies),
    /** Where, what, and how many bytes of the answer it takes the place of. */
    changes: fc.array(fc.tuple(fc.nat(6_000), fc.uint8Array({ maxLength: 4 }), fc.nat(40)), {
      minLength: 1,
      maxLength: 6,
    }),
    cuts: fc.array(fc.nat(6_000), { maxLength: 20 }).map((cuts) => cuts.sort((a, b) => a - b)),
  });

  it('says the same however it is cut, and nothing of the wrong kind', () => {
    fc.assert(
      fc.property(damage, ({ body, changes, cuts }) => {
        let bytes: Buffer = body;
        for (const [at, inserted, removed] of changes) {
          const start = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
        }
        const edges = [0, ...cuts, bytes.length];
        const pieces = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
        const answer = read([bytes]);
        expect(read(pieces)).toEqual(answer);
        for (const text of [
          answer.id,
          answer.model,
          answer.serviceTier,
          answer.systemFingerprint,
          answer.errorType,
        ]) {
          if (text !== undefined) expect(text).toMatch(/^[^\u0000-\u001f\u007f-\u009f]{1,256}$/);
        }
        for (const count of Object.values(answer.usage ?? {}))
          expect(count).toSatisfy((n) => Number.isSafeInteger(n) && n >= 0);
        for (const reason of answer.finishReasons ?? []) expect(reason.length).toBeLessThanOrEqual(64);
      }),
      { numRuns: 3_000 },
    );
  });
});
