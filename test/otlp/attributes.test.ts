import { describe, expect, it } from 'vitest';
import { writeAnyValueField, writeAttributes } from '../../src/otlp/attributes.js';
import { ProtoWriter } from '../../src/otlp/proto-writer.js';
import type { AttributeRecord } from '../../src/model/records.js';
import { createRandom, decode, encode, type Decoded } from './official.js';

/** KeyValueList.values is field 1, so that its decoder reads attributes written as field 1. */
function write(attributes: AttributeRecord): Uint8Array {
  const w = new ProtoWriter(64);
  writeAttributes(w, 1, attributes);
  return w.bytes();
}

function entries(attributes: AttributeRecord): [string, Decoded][] {
  const { values } = decode('common.v1.KeyValueList', write(attributes)) as {
    values: { key: string; value: Decoded }[];
  };
  return values.map(({ key, value }) => [key, value]);
}

/** The one set field of one attribute's value. */
function valueOf(value: unknown): unknown {
  const { value: oneof, ...rest } = entries({ key: value })[0]?.[1] ?? {};
  return oneof === undefined ? 'empty' : { [oneof]: rest[oneof] };
}

function throwing(): never {
  throw new Error('Unreadable.');
}

describe('a value', () => {
  it.each<[unknown, unknown]>([
    ['text', { stringValue: 'text' }],
    ['', { stringValue: '' }],
    [true, { boolValue: true }],
    [false, { boolValue: false }],
    [0, { intValue: '0' }],
    [-0, { intValue: '0' }],
    [-1, { intValue: '-1' }],
    [Number.MAX_SAFE_INTEGER, { intValue: '9007199254740991' }],
    [Number.MIN_SAFE_INTEGER, { intValue: '-9007199254740991' }],
    [2 ** 53, { doubleValue: 2 ** 53 }],
    [0.5, { doubleValue: 0.5 }],
    [Number.NaN, { doubleValue: Number.NaN }],
    [Infinity, { doubleValue: Infinity }],
    [-Infinity, { doubleValue: -Infinity }],
    [Number.MIN_VALUE, { doubleValue: Number.MIN_VALUE }],
    [0n, { intValue: '0' }],
    [-1n, { intValue: '-1' }],
    [2n ** 63n - 1n, { intValue: '9223372036854775807' }],
    [-(2n ** 63n), { intValue: '-9223372036854775808' }],
    [2n ** 63n, { stringValue: '9223372036854775808' }],
    [new Uint8Array([1, 2]), { bytesValue: 'AQI=' }],
    [Buffer.from([1, 2]), { bytesValue: 'AQI=' }],
    [null, 'empty'],
    [Symbol('s'), { stringValue: 'Symbol(s)' }],
    [new URL('http://a/b'), { stringValue: 'http://a/b' }],
    [new TypeError('no'), { stringValue: 'TypeError: no' }],
    [new Date(0), { stringValue: String(new Date(0)) }],
    [new Date(Number.NaN), { stringValue: 'Invalid Date' }],
    [new Map([[1, 2]]), { stringValue: '[object Map]' }],
    [/x/g, { stringValue: '/x/g' }],
    [[], { arrayValue: { values: [] } }],
    [{}, { kvlistValue: { values: [] } }],
    [Object.create(null), { kvlistValue: { values: [] } }],
  ])('%s', (value, expected) => {
    expect(valueOf(value)).toEqual(expected);
  });

  it('that is a class instance is a key-value list', () => {
    class Point {
      readonly x = 1;
    }
    expect(write({ point: new Point() })).toEqual(write({ point: { x: 1 } }));
  });

  it('that is an array keeps its holes as empty values', () => {
    const { arrayValue } = valueOf([1, null, undefined, , 'x']) as Decoded;
    expect(arrayValue.values.map((item: Decoded) => item.value)).toEqual([
      'intValue',
      undefined,
      undefined,
      undefined,
      'stringValue',
    ]);
  });

  it('as a log body', () => {
    const body = (value: unknown): unknown => {
      const w = new ProtoWriter();
      writeAnyValueField(w, 5, value);
      return decode('logs.v1.LogRecord', w.bytes()).body;
    };
    expect(body('x')).toEqual({ stringValue: 'x', value: 'stringValue' });
    expect(body(null)).toEqual({});
    expect(body(undefined)).toBeNull();
    expect(body({ toJSON: 1, valueOf: 2 })).toMatchObject({ value: 'kvlistValue' });
    expect(body({ [Symbol.toPrimitive]: 1, __proto__: { toString: throwing, __proto__: {} } })).toBeNull();
  });
});

describe('attributes', () => {
  it('that are undefined, inherited or not enumerable are left out', () => {
    const attributes = Object.create({ inherited: 1 }) as Record<string, unknown>;
    Object.defineProperty(attributes, 'hidden', { value: 1, enumerable: false });
    attributes['undefined'] = undefined;
    attributes['kept'] = 1;
    expect(entries(attributes).map(([key]) => key)).toEqual(['kept']);
  });

  it('with throwing getters, proxies and conversions are left out alone', () => {
    const attributes = {
      before: 1,
      get thrower(): never {
        return throwing();
      },
      nested: {
        inner: 1,
        get thrower(): never {
          return throwing();
        },
        after: 2,
      },
      proxy: new Proxy({}, { getPrototypeOf: throwing }),
      keys: new Proxy({}, { ownKeys: throwing }),
      array: new Proxy([1], { get: throwing }),
      text: Object.create({ toString: throwing, __proto__: {} }) as object,
      after: 2,
    };
    expect(entries(attributes).map(([key]) => key)).toEqual(['before', 'nested', 'after']);
    const nested = entries(attributes)[1]?.[1].kvlistValue.values;
    expect(nested.map((pair: Decoded) => pair.key)).toEqual(['inner', 'after']);
    expect(write(new Proxy({}, { ownKeys: throwing }))).toHaveLength(0);
  });

  it('of any key', () => {
    const keys = ['', '__proto__', 'hasOwnProperty', 'ключ', '\ud800', 'k'.repeat(300), '7'];
    const attributes = Object.fromEntries(keys.map((key) => [key, 1]));
    expect(new Set(entries(attributes).map(([key]) => key))).toEqual(
      new Set(keys.map((key) => Buffer.from(key).toString())),
    );
  });

  it('by the ten thousand', () => {
    const attributes = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key-${i}`, i]));
    expect(entries(attributes).map(([key, value]) => [key, Number(value.intValue)])).toEqual(
      Object.entries(attributes),
    );
  });
});

describe('nesting', () => {
  it('goes 16 levels deep', () => {
    const nest = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
      let value: unknown = 'core';
      for (let level = 0; level < levels; level++) value = wrap(value);
      return value;
    };
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
      const text = (levels: number): string => JSON.stringify(valueOf(nest(levels, wrap)));
      expect(text(16)).toContain('core');
      expect(text(17)).toContain('…');
      expect(text(17)).not.toContain('core');
      expect(text(5000)).toBe(text(17));
    }
  });

  it('with cycles ends', () => {
    const cycle: Record<string, unknown> = { name: 'cycle' };
    cycle['self'] = cycle;
    const list: unknown[] = [cycle];
    list.push(list);
    expect(JSON.stringify(entries({ cycle, list }))).toContain('…');
  });

  it('with cycles that branch ends within a few megabytes', () => {
    const knot: Record<string, unknown> = {};
    for (let i = 0; i < 20; i++) knot[`self-${i}`] = i % 2 === 0 ? knot : [knot, knot];
    const bytes = write({ knot, after: 1 });
    expect(bytes.length).toBeLessThan(6 << 20);
    expect(entries({ knot, after: 1 }).map(([key]) => key)).toEqual(['knot', 'after']);
  });

  it('with a huge hole ends', () => {
    expect(write({ hole: new Array(2 ** 32 - 1) }).length).toBeLessThan(6 << 20);
  });

  it('of huge scalars is complete', () => {
    const text = '€'.repeat(3_000_000);
    expect(valueOf(text)).toEqual({ stringValue: text });
    const numbers = Array.from({ length: 200_000 }, (_, i) => i);
    expect((valueOf(numbers) as Decoded).arrayValue.values).toHaveLength(200_000);
  });
});

describe('random trees', () => {
  const units = ['a', 'Z', ' ', 'é', 'ß', '€', '漢', '😀', '\ud83d', '\ude00', '\0'];

  /** A value and what the official encoder is told to write for it. */
  function tree(random: () => number, depth: number): [unknown, Decoded] {
    const pick = Math.floor(random() * (depth < 5 ? 10 : 8));
    const text = (): string =>
      Array.from(
        { length: Math.floor(random() ** 4 * 400) },
        () => units[Math.floor(random() ** 2 * 11)],
      ).join('');
    const size = Math.floor(random() * 5);
    switch (pick) {
      case 0:
      case 1: {
        const stringValue = text();
        return [stringValue, { stringValue: Buffer.from(stringValue).toString() }];
      }
      case 2: {
        const boolValue = random() < 0.5;
        return [boolValue, { boolValue }];
      }
      case 3:
      case 4: {
        const integer = Math.round((random() - 0.5) * 2 ** Math.floor(random() * 54));
        return [integer, { intValue: integer }];
      }
      case 5: {
        const doubleValue = (random() - 0.5) * 10 ** Math.floor((random() - 0.5) * 30) + 2 ** -40;
        return [doubleValue, { doubleValue }];
      }
      case 6: {
        const bytesValue = new Uint8Array(Math.floor(random() * 200)).map(() => random() * 256);
        return [bytesValue, { bytesValue }];
      }
      case 7:
        return [null, {}];
      case 8: {
        const items = Array.from({ length: size }, () => tree(random, depth + 1));
        return [items.map(([value]) => value), { arrayValue: { values: items.map(([, plain]) => plain) } }];
      }
      default: {
        const items = Array.from({ length: size }, (_, i) => ({
          key: `k${i}${text()}`,
          item: tree(random, depth + 1),
        }));
        const values = items.map(({ key, item }) => ({ key: Buffer.from(key).toString(), value: item[1] }));
        return [
          Object.fromEntries(items.map(({ key, item }) => [key, item[0]])),
          { kvlistValue: { values } },
        ];
      }
    }
  }

  it('equal the bytes of the official encoder', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = createRandom(seed);
      const items = Array.from({ length: 1 + Math.floor(random() * 20) }, () => tree(random, 0));
      const attributes = Object.fromEntries(items.map(([value], i) => [`attribute.${i}`, value]));
      const values = items.map(([, value], i) => ({ key: `attribute.${i}`, value }));
      const official = Buffer.from(encode('common.v1.KeyValueList', { values }));
      if (!official.equals(write(attributes))) throw new Error(`Seed ${seed} differs.`);
    }
  });
});
