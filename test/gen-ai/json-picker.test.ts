/** The picker gives what `JSON.parse` would give at the same path, however the bytes are cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonPicker, type JsonEnding, type Picked } from '../../src/gen-ai/json-picker.js';
import { buildPicks, orInArray, type Pick } from '../../src/gen-ai/picks.js';

const PATHS = ['a', 'b', 'b.a', 'b.é', 'b.b.a', 'l[].a', 'l[].b.a', 'toString', '__proto__', '', 'b.'];
const PICKS = orInArray(buildPicks(PATHS));

/** Keys that are wanted, keys almost like them, and keys that are no keys to an ordinary object. */
const key = fc.constantFrom(
  'a',
  'b',
  'é',
  'l',
  '',
  'A',
  'aa',
  'c',
  'toString',
  '__proto__',
  'a"',
  '\\',
  '\u0000',
  '🌊',
);
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '{"a":1}',
    '],"a":2}',
    '\u2028',
    '\ud800',
    'x'.repeat(300),
    '\\'.repeat(200),
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, depthSize: 'medium' },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => new Entries(entries)),
  ),
}));

/** An object that may have equal keys, as text may. */
class Entries {
  constructor(readonly entries: readonly (readonly [string, unknown])[]) {}
}

function print(value: unknown, space: string): string {
  if (value instanceof Entries) {
    const members = value.entries.map(
      ([name, inner]) => `${JSON.stringify(name)}${space}:${print(inner, space)}`,
    );
    return `{${members.join(`,${space}`)}${space}}`;
  }
  if (Array.isArray(value)) return `[${space}${value.map((inner) => print(inner, space)).join(`${space},`)}]`;
  return JSON.stringify(value);
}

/** What a document says, as a record from path to value; lists have one value for each element. */
type Found = Record<string, Picked | Picked[]>;

class Collector {
  #values = new Map<string, Picked>();
  readonly documents: Found[] = [];
  #elements = new Map<string, Picked[]>();

  wants(): boolean {
    return true;
  }

  pick({ path }: Pick, value: Picked): void {
    this.#values.set(path, value);
  }

  begin({ path, leaves }: Pick): void {
    for (const leaf of leaves) this.#values.delete(PATHS[leaf] as string);
    if (path === 'l' || path === '') this.#elements.clear();
  }

  end({ path, leaves }: Pick): void {
    if (path === 'l[]') {
      for (const leaf of leaves) {
        const name = PATHS[leaf] as string;
        this.#elements.set(name, [...(this.#elements.get(name) ?? []), this.#values.get(name)]);
        this.#values.delete(name);
      }
    }
    if (path === '') {
      const found = { ...Object.fromEntries(this.#values), ...Object.fromEntries(this.#elements) };
      if (Object.keys(found).length > 0) this.documents.push(found);
      this.#values.clear();
      this.#elements.clear();
    }
  }
}

function pickAll(bytes: Uint8Array, cuts: readonly number[]): { documents: Found[]; ending: JsonEnding } {
  const collector = new Collector();
  const picker = new JsonPicker(PICKS, collector);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.min(bytes.length, Math.max(at, cut));
    // In the middle of a larger piece, as the data of an event is.
    const piece = Buffer.concat([Buffer.from('"}]'), bytes.subarray(at, end), Buffer.from('"\\{[')]);
    picker.write(piece, 3, 3 + end - at);
    at = end;
  }
  return { documents: collector.documents, ending: picker.end() };
}

/** The oracle. */
function expected(text: string): Found[] {
  const parsed: unknown = JSON.parse(text);
  const documents = (Array.isArray(parsed) ? parsed : [parsed]).filter(isObject);
  return documents.map(foundIn).filter((found) => Object.keys(found).length > 0);
}

function foundIn(document: object): Found {
  const found: Found = {};
  for (const path of PATHS) {
    if (path.startsWith('l[]')) {
      const list = own(document, 'l');
      if (!Array.isArray(list)) continue;
      const objects = list.filter(isObject);
      if (objects.length > 0)
        found[path] = objects.map((element) => asPicked(walk(element, path.slice(4).split('.'))));
      continue;
    }
    const value = walk(document, path.split('.'));
    if (value !== MISSING) define(found, path, asPicked(value));
  }
  return found;
}

const MISSING = Symbol('missing');

function walk(from: unknown, keys: readonly string[]): unknown {
  let at: unknown = from;
  for (const name of keys) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return MISSING;
    at = own(at, name);
  }
  return at;
}

function own(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

function define(found: Found, path: string, value: Picked): void {
  Object.defineProperty(found, path, { value, enumerable: true, configurable: true, writable: true });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asPicked(value: unknown): Picked {
  if (value === MISSING || (typeof value === 'object' && value !== null)) return undefined;
  // The bound is on the bytes as they stand in the text.
  if (typeof value === 'string' && Buffer.byteLength(JSON.stringify(value)) - 2 > 256) return undefined;
  return value as Picked;
}

const cuts = fc.array(fc.nat(400), { maxLength: 12 }).map((at) => at.sort((a, b) => a - b));
const runs = { numRuns: 3_000 };

describe('the picker agrees with JSON.parse', () => {
  it('on JSON', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t\r '), cuts, (value, space, at) => {
        const text = print(value, space);
        const { documents, ending } = pickAll(Buffer.from(text), at);
        expect(ending).toBe('complete');
        expect(documents).toEqual(expected(text));
      }),
      runs,
    );
  });

  it('on JSON with every character escaped', () => {
    const escape = (text: string): string =>
      text.replace(/"((?:[^"\\]|\\.)*)"/g, (string) => {
        const plain = JSON.parse(string) as string;
        const units = Array.from({ length: plain.length }, (_, at) => plain.charCodeAt(at));
        return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
      });
    const short = fc.tuple(key, key, fc.constantFrom('a', 'é', '🌊', '"\\')).map(
      ([outer, inner, value]) =>
        new Entries([
          [outer, new Entries([[inner, value]])],
          ['a', value],
        ]),
    );
    fc.assert(
      fc.property(short, cuts, (value, at) => {
        const text = escape(print(value, ''));
        expect(pickAll(Buffer.from(text), at).documents).toEqual(expected(text));
      }),
      runs,
    );
  });

  it('on JSON that was damaged: where both take it, they find the same', () => {
    const change = fc.tuple(
      fc.nat(300),
      fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '1', 'n', ' ', '\u0000'),
    );
    let bothTook = 0;
    fc.assert(
      fc.property(json, fc.array(change, { minLength: 1, maxLength: 3 }), cuts, (value, changes, at) => {
        let text = print(value, '');
        for (const [position, character] of changes) {
          text = text.slice(0, position) + character + text.slice(position + 1);
        }
        const bytes = Buffer.from(text);
        const { documents, ending } = pickAll(bytes, at);
        let parsed: Found[] | undefined;
        try {
          // Half of a surrogate pair has no bytes.
          parsed = expected(bytes.toString());
        } catch {
          return;
        }
        bothTook++;
        expect(ending).toBe('complete');
        expect(documents).toEqual(parsed);
      }),
      runs,
    );
    expect(bothTook).toBeGreaterThan(100);
  });

  it('on bytes of any kind: no throw, and cuts change nothing', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .array(
          fc.constantFrom(
            '{',
            '}',
            '[',
            ']',
            '"',
            '\\',
            ',',
            ':',
            'a',
            'b',
            'l',
            '1',
            'null',
            ' ',
            '"a"',
            '\u00ff',
          ),
          { maxLength: 80 },
        )
        .map((parts) => Buffer.from(parts.join(''), 'latin1')),
    );
    fc.assert(
      fc.property(bytes, cuts, (all, at) => {
        expect(pickAll(all, at)).toEqual(pickAll(all, []));
      }),
      runs,
    );
  });
});

describe('what is not JSON has a name', () => {
  it.each<[string, JsonEnding]>([
    ['', 'empty'],
    [' \n', 'empty'],
    ['{}', 'complete'],
    ['12', 'complete'],
    ['{} {"a":1}', 'complete'],
    ['{', 'incomplete'],
    ['"a', 'incomplete'],
    ['{"a":1', 'incomplete'],
    ['{"a"', 'incomplete'],
    ['[{}', 'incomplete'],
    ['{"c":[[', 'incomplete'],
    ['}', 'malformed'],
    ['{]', 'malformed'],
    ['[}', 'malformed'],
    ['{"a":1]', 'malformed'],
    ['{"a" 1}', 'malformed'],
    ['{"a":1,}', 'malformed'],
    ['{a:1}', 'malformed'],
    ["{'a':1}", 'malformed'],
    ['{"a":01}', 'malformed'],
    ['{"a":nul}', 'malformed'],
    ['{"a":+1}', 'malformed'],
    ['{"a":1 2}', 'malformed'],
    ['hello', 'malformed'],
  ])('%j is %s', (text, ending) => {
    expect(pickAll(Buffer.from(text), []).ending).toBe(ending);
  });

  it('a picker goes on with the next text', () => {
    const collector = new Collector();
    const picker = new JsonPicker(PICKS, collector);
    for (const text of ['{"b":{"a":', '{"c":"\\', '{"a":1', ']', '"a', '{"c":[[[{"', '12', '{"a":5}']) {
      picker.write(Buffer.from(text), 0, text.length);
      picker.end();
    }
    expect(collector.documents.at(-1)).toEqual({ a: 5 });
  });
});
