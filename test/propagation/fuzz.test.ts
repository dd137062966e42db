/** Whatever comes in, nothing throws, and nothing illegal goes out. Seeded, so that a failure can be repeated. */
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type {
  ContextToInject,
  ExtractedContext,
  Propagation,
  PropagationOptions,
  ReadableHeaders,
} from '../../src/propagation/index.js';
import { CAPABILITIES } from './capabilities.js';
import { fetchHeaders } from './cases/expectations.js';
import { anyCharacter, createFuzzer, UNITS } from './fuzzer.js';
import type { Fuzzer, Pair } from './fuzzer.js';
import { assertLegal } from './grammar.js';

const SEED = 20_261_123;
const ROUNDS = 12_000;
const HUGE_ROUNDS = 200;
/** Each run ends after this long on a slow machine; what it did until then counts. */
const BOX_MS = 4_000;

const READERS = CAPABILITIES.map(({ reader }) => reader).filter(
  (reader, at, all) => all.indexOf(reader) === at,
);
const WRITERS = CAPABILITIES.map(({ format }) => format);

const POLICIES: readonly { readonly options: PropagationOptions; readonly propagation: Propagation }[] = (
  [
    {},
    { extract: READERS, inject: WRITERS },
    { extract: [...READERS].reverse(), inject: ['preserve', 'w3c'] },
    { extract: READERS, inject: WRITERS, baggage: 'strip', clear: ['x-debug', 'Host'] },
    { extract: READERS, inject: WRITERS, baggage: { allow: ['user', 'k1', '__proto__', 'a'] } },
    { extract: READERS, inject: WRITERS, baggage: 'ignore' },
    { extract: READERS, inject: ['preserve'], defaultFormat: 'datadog' },
    { extract: ['datadog', 'w3c'], inject: ['w3c', 'datadog'] },
    ...READERS.map((reader): PropagationOptions => ({ extract: [reader], inject: WRITERS })),
  ] satisfies PropagationOptions[]
).map((options) => ({ options, propagation: createPropagation(options) }));

/** As Node's server would have it, if its parser let everything through. */
function objectOf(pairs: readonly Pair[]): Record<string, string> {
  const object = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    object[key] = key in object ? `${object[key]}, ${value}` : value;
  }
  return object;
}

function headersOf(pairs: readonly Pair[]): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) {
    try {
      headers.append(name, value);
    } catch {
      // `Headers` lets in less than others.
    }
  }
  return headers;
}

function shapesOf(pairs: readonly Pair[]): readonly ReadableHeaders[] {
  const distinct = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of pairs) (distinct[name] ??= []).push(value);
  return [pairs, pairs.flat(), objectOf(pairs), distinct, headersOf(pairs)];
}

function contextFor(fuzzer: Fuzzer, extracted: ExtractedContext | undefined): ContextToInject | undefined {
  const { random } = fuzzer;
  if (random.chance(0.05)) return undefined;
  const isContinued = extracted?.traceId !== undefined && random.chance(0.9);
  return {
    traceId: isContinued ? extracted.traceId : random.hex(16) + random.hex(16),
    spanId: random.chance(0.95) ? random.hex(16) : undefined,
    sampled: random.chance(0.7) ? extracted?.sampled : random.pick([true, false, undefined]),
    random: random.chance(0.5),
  };
}

const sorted = (entries: Iterable<readonly [string, unknown]>): string =>
  JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

interface Counts {
  rounds: number;
  found: number;
  decided: number;
  linked: number;
  carried: number;
  written: number;
  characters: number;
}

function run(fuzzer: Fuzzer, rounds: number, make: () => Pair[], perRound: number): Counts {
  const counts: Counts = {
    rounds: 0,
    found: 0,
    decided: 0,
    linked: 0,
    carried: 0,
    written: 0,
    characters: 0,
  };
  const deadline = performance.now() + BOX_MS;
  for (let round = 0; round < rounds && performance.now() < deadline; round++) {
    const pairs = make();
    const shapes = shapesOf(pairs);
    counts.rounds++;
    for (let turn = 0; turn < perRound; turn++) {
      const shape = shapes[(round + turn) % shapes.length] as ReadableHeaders;
      const { options, propagation } = fuzzer.random.pick<(typeof POLICIES)[number]>(POLICIES);
      const extracted = propagation.extract(shape);
      if (extracted?.traceId !== undefined) counts.found++;
      else if (extracted?.sampled !== undefined) counts.decided++;
      if ((extracted?.links.length ?? 0) > 0) counts.linked++;
      if (extracted?.traceState ?? extracted?.baggage ?? extracted?.formatBaggage) counts.carried++;

      const context = contextFor(fuzzer, extracted);
      const fresh: Record<string, string> = {};
      propagation.inject(fresh, context, extracted);
      assertLegal(fresh);
      counts.written += Object.keys(fresh).length;
      counts.characters += pairs.reduce((sum, [, value]) => sum + value.length, 0);

      const list: Pair[] = [];
      propagation.inject(list, context, extracted);
      const headers = new Headers();
      propagation.inject(headers, context, extracted);
      const expected = sorted(Object.entries(fresh));
      if (sorted(list) !== expected) expect(sorted(list)).toBe(expected);
      if (sorted(headers) !== expected) expect(sorted(headers)).toBe(expected);

      // Over what came in, as proxies do it: the same comes out beside what is not ours.
      const passed = objectOf(pairs);
      propagation.inject(passed, context, extracted);
      const { baggage } = passed;
      for (const name in fresh) {
        // What the host has in `baggage` wins over what was extracted from another shape.
        if (name !== 'baggage' && passed[name] !== fresh[name]) expect(passed[name]).toBe(fresh[name]);
      }
      if (baggage !== undefined && options.baggage !== 'ignore') assertLegal({ baggage });
      propagation.traceIds(context?.traceId ?? '', extracted);
    }
  }
  expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  return counts;
}

function print(what: string, startedAt: number, counts: object): void {
  const ms = Math.round(performance.now() - startedAt);
  console.info(`fuzz, ${what} (seed ${SEED}): ${JSON.stringify(counts)} in ${ms} ms`);
}

describe('fuzzed headers', () => {
  it('never throw and never give an illegal value', () => {
    const startedAt = performance.now();
    const fuzzer = createFuzzer(SEED, anyCharacter);
    const counts = run(fuzzer, ROUNDS, () => fuzzer.headers(), 1);
    print('mutated', startedAt, counts);
    // Mutations that never get through would test nothing.
    expect(counts.found).toBeGreaterThan(counts.rounds / 4);
    expect(counts.decided).toBeGreaterThan(counts.rounds / 200);
    expect(counts.linked).toBeGreaterThan(counts.rounds / 50);
    expect(counts.carried).toBeGreaterThan(counts.rounds / 50);
  });

  it('of 64 KiB, or by the thousand, are no different', () => {
    const startedAt = performance.now();
    const fuzzer = createFuzzer(SEED + 1, anyCharacter);
    const counts = run(fuzzer, HUGE_ROUNDS, () => fuzzer.hugeHeaders(), 5);
    print('huge', startedAt, counts);
    expect(counts.found).toBeGreaterThan(counts.rounds / 4);
  });

  it.each(CAPABILITIES)('of $name give the same when what went out comes in again', ({ reader, format }) => {
    const startedAt = performance.now();
    const fuzzer = createFuzzer(SEED + 2, anyCharacter);
    const reading = createPropagation({ extract: [reader], inject: [format] });
    // OT has 32 digits only on the way in, B3 is read in both spellings, and a name may come twice in pairs.
    const comparable = ({ format: _format, formatBaggage, ...rest }: ExtractedContext) => ({
      ...rest,
      ...(formatBaggage !== undefined && { formatBaggage: Object.fromEntries(formatBaggage) }),
      ...(format === 'ot' && { traceId: rest.traceId?.slice(16), traceIdDigits: 16 }),
    });
    const counts = { rounds: 0, found: 0 };
    const deadline = performance.now() + BOX_MS / 10;
    for (; counts.rounds < ROUNDS / 6 && performance.now() < deadline; counts.rounds++) {
      const first = reading.extract(fuzzer.headers());
      if (first === undefined) continue;
      counts.found++;
      const { traceId, spanId, parentSpanId, sampled, random } = first;
      const context = traceId === undefined ? undefined : { traceId, spanId, parentSpanId, sampled, random };
      const outgoing: Record<string, string> = {};
      reading.inject(outgoing, context, first);
      const second = reading.extract(outgoing);
      expect(second && comparable(second)).toEqual(comparable(first));
    }
    print('again', startedAt, counts);
    expect(counts.found).toBeGreaterThan(counts.rounds / 50);
  });

  it('cost time in proportion to their length', () => {
    const propagation = createPropagation({ extract: READERS, inject: WRITERS });
    const prefixes = ['', 'a=1', 'a=1;p', '_dd.p.a='];
    const names = [...new Set(CAPABILITIES.flatMap(({ byHand }) => byHand(SAMPLE)).map(([name]) => name))];
    names.push('tracestate', 'baggage', 'x-datadog-tags', 'x-datadog-origin', 'uberctx-a', 'jaeger-baggage');
    const timeOf = (headers: Record<string, string>): number => {
      let best = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 2; tries++) {
        const startedAt = performance.now();
        propagation.inject(
          {},
          { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
          propagation.extract(headers),
        );
        best = Math.min(best, performance.now() - startedAt);
      }
      return best;
    };
    const valid = Object.fromEntries(CAPABILITIES.flatMap(({ byHand }) => byHand(SAMPLE)));
    const slowest: [string, number, number][] = [];
    for (const name of names) {
      for (const prefix of prefixes) {
        for (const unit of UNITS) {
          const value = (length: number): string => prefix + unit.repeat(Math.ceil(length / unit.length));
          const short = timeOf({ ...valid, [name]: value(8_192) });
          const long = timeOf({ ...valid, [name]: value(65_000) });
          slowest.push([`${name}: ${JSON.stringify(prefix + unit).slice(0, 40)}`, short, long]);
        }
      }
    }
    slowest.sort(([, , a], [, , b]) => b - a);
    const lines = slowest
      .slice(0, 3)
      .map(([what, short, long]) => `${what} … 8 KiB ${short.toFixed(3)} ms, 64 KiB ${long.toFixed(3)} ms`);
    console.info(`fuzz, slowest of ${slowest.length} long values:\n  ${lines.join('\n  ')}`);
  });
});

const SAMPLE = {
  traceId: 'a'.repeat(32),
  digits: 32,
  spanId: 'b'.repeat(16),
  sampled: true,
  debug: false,
  random: false,
} as const;

describe('contexts that are none', () => {
  it.each<[unknown]>([[null], [5], ['text'], [{}], [[]], [() => 1]])('are written as none: %j', (context) => {
    const headers: Record<string, string> = { traceparent: 'stale' };
    createPropagation().inject(headers, context as never);
    expect(headers).toEqual({});
  });
});

describe('objects that are no headers', () => {
  const hostile: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['text', 'traceparent'],
    ['a function', () => 1],
    [
      'a getter that throws',
      Object.defineProperty({}, 'traceparent', { enumerable: true, get: () => fail() }),
    ],
    ['a proxy that throws', new Proxy({}, { get: () => fail(), ownKeys: () => fail(), has: () => fail() })],
    ['a list with holes', [undefined, null, [], ['traceparent'], [5, 5], 'text']],
    ['a flat list that ends early', ['traceparent']],
    ['a list of lists of lists', [[['traceparent'], [['x']]]]],
    ['a get() that throws', { get: () => fail(), set() {} }],
    ['a get() that gives a number', { get: () => 5, set() {} }],
    ['values that are no text', { traceparent: {}, b3: Symbol('b3'), 'uberctx-a': () => 1, baggage: 5n }],
    ['a map', new Map([['traceparent', 'x']])],
    ['text that is no text', { traceparent: { toString: () => fail() } }],
  ];

  it.each(hostile)('are read and written without throwing: %s', (_what, headers) => {
    for (const { propagation } of POLICIES) {
      expect(() => propagation.extract(headers as never)).not.toThrow();
      const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
      expect(() => propagation.inject(headers as never, context)).not.toThrow();
      expect(() => propagation.traceIds(headers as never)).not.toThrow();
    }
  });

  it.each<[string, () => ReadableHeaders]>([
    ['pairs', () => [['__proto__', 'x'] as const, ['traceparent', 'y'] as const]],
    ['an own key', () => JSON.parse('{"__proto__":"x","constructor":"y"}') as ReadableHeaders],
    ['a flat list', () => ['__proto__', 'x', 'uberctx-__proto__', 'y']],
    ['Headers', () => fetchHeaders([['constructor', 'x']])],
  ])('leave every prototype as it is: __proto__ in %s', (_shape, make) => {
    for (const { propagation } of POLICIES) {
      const headers = make();
      const extracted = propagation.extract(headers);
      const outgoing = {};
      propagation.inject(outgoing, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }, extracted);
      propagation.inject(headers as never, undefined, extracted);
      expect(Object.getPrototypeOf(outgoing)).toBe(Object.prototype);
    }
    expect({}).not.toHaveProperty('x');
  });
});

function fail(): never {
  throw new Error('no');
}
