/** Event streams by the rules of the WHATWG, beside a plain reading of those rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../src/gen-ai/event-stream.js';

/** The data of every event, `undefined` for `[DONE]`. */
function readEvents(bytes: Uint8Array, cuts: readonly number[]): (string | undefined)[] {
  const events: (string | undefined)[] = [];
  let data: Buffer[] = [];
  const stream = new EventStream({
    data: (piece, start, end) => data.push(Buffer.from(piece.subarray(start, end))),
    event(isDone) {
      events.push(isDone ? undefined : Buffer.concat(data).toString());
      data = [];
    },
  });
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.min(bytes.length, Math.max(at, cut));
    stream.write(bytes.subarray(at, end), 0);
    at = end;
  }
  stream.end();
  return events;
}

/** HTML, section 9.2.6, word for word. */
function byTheRules(text: string): (string | undefined)[] {
  const events: (string | undefined)[] = [];
  let data: string | undefined;
  const dispatch = (): void => {
    if (data !== undefined) events.push(data === '[DONE]' ? undefined : data);
    data = undefined;
  };
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === '') dispatch();
    else if (!line.startsWith(':')) {
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    }
  }
  dispatch();
  return events;
}

const line = fc.constantFrom(
  ...[
    '',
    'data',
    'data:',
    'data: ',
    'data:  a',
    'data:{"a":1}',
    'data: b:c',
    'dat: d',
    'data : e',
    'datas: f',
    ' data: g',
  ],
  ...[
    'event: h',
    ':',
    ': i',
    'id',
    'id: 1',
    'retry: 10',
    'data: [DONE]',
    'data:[DONE]',
    'data: [DO',
    'data: [DONE]]',
    'DATA: j',
  ],
  ...['data: [', 'data: é🌊', 'data: NE]'],
);
const lineEnd = fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '\n\r', '');
const text = fc.array(fc.tuple(line, lineEnd), { maxLength: 12 }).map((lines) => lines.flat().join(''));
const cuts = fc.array(fc.nat(120), { maxLength: 12 }).map((at) => at.sort((a, b) => a - b));

describe('an event stream', () => {
  it('has the events that the rules give it, however it is cut', () => {
    fc.assert(
      fc.property(text, cuts, (all, at) => {
        expect(readEvents(Buffer.from(all), at)).toEqual(byTheRules(all));
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => {
        expect(readEvents(bytes, at)).toEqual(readEvents(bytes, []));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['data: a\n\n', ['a']],
    ['data: a\ndata: b\n\ndata:c\n\n', ['a\nb', 'c']],
    ['data: a\r\rdata: b\r\n\r\ndata: c', ['a', 'b', 'c']],
    ['data\n\ndata\ndata\n\ndata:\n\n', ['', '\n', '']],
    ['data: [DONE]\n\n', [undefined]],
    ['data: [DONE]\ndata: [DONE]\n\n', ['[DONE]\n[DONE]']],
    ['data: [DO\ndata: NE]\n\n', ['[DO\nNE]']],
    ['event: x\nid: 1\n\n: comment\n\n', []],
  ])('%j', (all, events) => {
    expect(readEvents(Buffer.from(all), [])).toEqual(events);
  });
});
