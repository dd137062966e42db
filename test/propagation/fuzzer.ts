/** Headers as nobody should send them: mutated good ones, random bytes, far too long, far too many. */
import { CASES } from './cases/index.js';
import { CAPABILITIES } from './capabilities.js';
import { randomOf } from './random.js';
import type { Random } from './random.js';

export type Pair = [string, string];

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** What the cases have, what every format writes by hand, and baggage. */
const SEEDS: readonly (readonly [string, string])[] = [
  ...CASES.flatMap(({ headers }) => headers),
  ...CAPABILITIES.flatMap(({ byHand }) =>
    [true, undefined].flatMap((sampled) =>
      byHand({ traceId: TRACE, digits: 32, spanId: SPAN, sampled, debug: sampled === true, random: true }),
    ),
  ),
  ['uberctx-user', 'al%20ice'],
  ['jaeger-baggage', 'k1=v1, k2=v2'],
  ['ot-baggage-user', 'alice'],
  ['b3', `${TRACE}-${SPAN}-1-${SPAN}`],
  ['x-b3-parentspanid', SPAN],
];
const NAMES = [...new Set(SEEDS.map(([name]) => name.toLowerCase()))];
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'uberctx-__proto__',
  'ot-baggage-constructor',
  'uberctx-',
  'ot-baggage-\u00e4',
  'uberctx-a b',
  'uberctx-\ud800',
  `uberctx-${'k'.repeat(300)}`,
  '',
];

/** Of what values that are too long are made. */
export const UNITS = [
  'a',
  '0',
  ' ',
  '\t',
  ',',
  ', ',
  ';',
  '=',
  '-',
  ':',
  '"',
  '%',
  '%ZZ',
  '%FF',
  '%3A',
  '%2541',
  '\ud800',
  '\u00e4',
  '\u0000',
  'a=1,',
  'a=1;',
  ';p',
  'a=1, ',
  '__proto__=1,',
  'key=%F0%9F%98%80;p=%20,',
  '_dd.p.a=1,',
  '_dd.p.__proto__=1,',
  'dd=s:2;t.a:b;',
  'Root=;',
  `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};`,
  `${TRACE}-`,
  `${TRACE}:${SPAN}:0:1,`,
  `00-${TRACE}-${SPAN}-01,`,
];

/** Also lengths that are just within some limit, or that grow over it when they are encoded. */
const LENGTHS = [600, 3_000, 8_000, 8_192, 65_536];

export interface Fuzzer {
  readonly random: Random;
  /** A few headers of one request. */
  headers(): Pair[];
  /** The same with values or counts that are far too great. */
  hugeHeaders(): Pair[];
  mutate(text: string): string;
}

export const anyCharacter = (random: Random): string => String.fromCharCode(random.below(65_536));

/** What a raw socket can send. */
export const wireCharacter = (random: Random): string => {
  const code = 32 + random.below(224);
  return code === 127 ? '~' : String.fromCharCode(code);
};

export function createFuzzer(seed: number, character: (random: Random) => string): Fuzzer {
  const random = randomOf(seed);
  const { below, pick, chance } = random;

  const mutate = (text: string): string => {
    let result = text;
    for (let changes = below(4); changes > 0; changes--) {
      const at = below(result.length + 1);
      const kind = below(7);
      if (kind === 0) result = result.slice(0, at) + character(random) + result.slice(at);
      else if (kind === 1) result = result.slice(0, at) + result.slice(at + 1 + below(3));
      else if (kind === 2) result = result.slice(0, at) + character(random) + result.slice(at + 1);
      else if (kind === 3) result += result.slice(at);
      else if (kind === 4) result = result.slice(0, at) + pick(UNITS) + result.slice(at);
      // Another good digit is still a good value.
      else if (kind === 5) result = result.slice(0, at) + random.hex(1) + result.slice(at + 1);
      else result = chance(0.5) ? result.toUpperCase() : `${result},${result}`;
    }
    return result;
  };
  const bytes = (): string => Array.from({ length: below(80) }, () => character(random)).join('');

  const pair = (): Pair => {
    const [name, value] = pick(SEEDS);
    if (chance(0.04)) return [pick(ODD_NAMES), value];
    if (chance(0.05)) return [pick(NAMES), bytes()];
    return [chance(0.95) ? name : mutate(name), chance(0.4) ? value : mutate(value)];
  };

  /** All headers of one format, so that several together are valid often enough. */
  const family = (): Pair[] => {
    const digits = pick([16, 32] as const);
    const sampled = pick([true, false, undefined]);
    const debug = sampled === true && chance(0.3);
    const traceId = (digits === 16 ? '0'.repeat(16) : random.hex(16)) + random.hex(16);
    const facts = {
      traceId: chance(0.5) ? TRACE : traceId,
      digits,
      spanId: random.hex(16),
      sampled,
      debug,
      random: true,
    };
    const pairs = pick(CAPABILITIES).byHand(facts);
    return pairs.map(([name, value]): Pair => [name, chance(0.9) ? value : mutate(value)]);
  };

  /** A good list that is about as long as it may be. */
  const list = (): Pair => {
    const name = pick(['tracestate', 'baggage', 'x-datadog-tags']);
    const [prefix, letter] = name === 'x-datadog-tags' ? ['_dd.p.k', 'v'] : ['k', pick(['v', '0', '!', ':'])];
    const length = pick([1, 10, 30, 100, 255]);
    const members = Array.from({ length: pick([2, 8, 31, 32, 33, 64, 66]) }, (_, index) => {
      return `${prefix}${index}=${letter.repeat(1 + below(length))}`;
    });
    return [name, members.join(pick([',', ', ']))];
  };

  const headers = (): Pair[] => {
    const pairs: Pair[] = [];
    for (let count = below(4); count > 0; count--) pairs.push(...family());
    for (let count = below(4); count > 0; count--) pairs.push(pair());
    if (chance(0.2)) pairs.push(list());
    if (pairs.length > 0 && chance(0.1)) pairs.push([...pick(pairs)]);
    return pairs;
  };

  const hugeHeaders = (): Pair[] => {
    const pairs = headers();
    const unit = pick(UNITS);
    const long = unit.repeat(Math.ceil(pick(LENGTHS) / unit.length));
    const kind = below(4);
    if (kind === 0) {
      pairs.push([pick(NAMES), long]);
    } else if (kind === 1) {
      const [name, value] = pick(SEEDS);
      pairs.push([name, value + long + (chance(0.5) ? value : '')]);
    } else if (kind === 2) {
      const [name, value] = pick(SEEDS);
      for (let count = 2_000; count > 0; count--) pairs.push([name, value]);
    } else {
      const prefix = pick(['uberctx-', 'ot-baggage-', 'x-other-']);
      for (let count = 2_000; count > 0; count--) pairs.push([`${prefix}k${count}`, unit]);
    }
    return pairs;
  };

  return { random, headers, hugeHeaders, mutate };
}
