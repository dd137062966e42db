/** Whatever comes in, nothing throws, and nothing illegal goes out. Seeded, so that a failure can be repeated. */
import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import { finishRequest, instance, rawGet, startGateway } from '../config/support.js';
import { W3C_CASES } from './w3c-cases.js';

const SEED = 20_260_729;
const ROUNDS = 20_000;

/** Mulberry32: small, and good enough to choose mutations. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const seeds = W3C_CASES.flatMap(({ headers }) => headers);

function createFuzzer(seed: number, characters: (random: () => number) => string) {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const mutate = (text: string): string => {
    let result = text;
    for (let changes = below(4); changes > 0; changes--) {
      const at = below(result.length + 1);
      const kind = below(5);
      if (kind === 0) result = result.slice(0, at) + characters(random) + result.slice(at);
      else if (kind === 1) result = result.slice(0, at) + result.slice(at + 1 + below(3));
      else if (kind === 2) result = result.slice(0, at) + characters(random) + result.slice(at + 1);
      else if (kind === 3) result += result.slice(at);
      else result = random() < 0.5 ? result.toUpperCase() : `${result},${result}`;
    }
    return result;
  };
  return {
    below,
    headers(): [string, string][] {
      const pairs: [string, string][] = [];
      for (let count = below(4); count >= 0; count--) {
        const [name, value] = seeds[below(seeds.length)] ?? ['traceparent', ''];
        pairs.push([random() < 0.9 ? name : mutate(name), mutate(value)]);
      }
      return pairs;
    },
  };
}

const anyCharacter = (random: () => number): string => String.fromCharCode(Math.floor(random() * 65_536));
const wireCharacter = (random: () => number): string => {
  const code = 32 + Math.floor(random() * 224);
  return code === 127 ? '~' : String.fromCharCode(code);
};

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/;
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

function expectLegal(headers: Readonly<Record<string, unknown>>): void {
  const { traceparent, tracestate } = headers;
  expect(traceparent).toMatch(TRACEPARENT);
  expect(() => validateHeaderValue('traceparent', traceparent as string)).not.toThrow();
  if (tracestate === undefined) return;
  expect(() => validateHeaderValue('tracestate', tracestate as string)).not.toThrow();
  const members = (tracestate as string).split(',');
  expect(members.length).toBeLessThanOrEqual(32);
  for (const member of members) expect(member).toMatch(MEMBER);
}

describe('fuzzed headers', () => {
  it(`never throw and never give an illegal value (seed ${SEED})`, () => {
    const fuzzer = createFuzzer(SEED, anyCharacter);
    const propagation = createPropagation({ clear: ['x-debug'] });
    let found = 0;
    let carried = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const pairs = fuzzer.headers();
      const shape = fuzzer.below(3);
      const object: Record<string, string> = Object.create(null) as Record<string, string>;
      for (const [name, value] of pairs) object[name.toLowerCase()] = value;
      const incoming = shape === 0 ? pairs : shape === 1 ? pairs.flat() : object;
      const extracted = propagation.extract(incoming);
      if (extracted !== undefined) found++;
      if (extracted?.traceState !== undefined) carried++;
      const outgoing = { ...object };
      propagation.inject(
        outgoing,
        {
          traceId: extracted?.traceId ?? 'a'.repeat(32),
          spanId: 'aaaabbbbccccdddd',
          sampled: extracted?.sampled ?? true,
          random: extracted?.random ?? true,
        },
        extracted,
      );
      const { traceparent, tracestate } = outgoing;
      expectLegal({ traceparent, tracestate });
      propagation.inject(pairs, undefined, extracted);
    }
    // Mutations that never get through would test nothing.
    expect(found).toBeGreaterThan(ROUNDS / 20);
    expect(carried).toBeGreaterThan(ROUNDS / 200);
  });

  it('give the same when what went out comes in again', () => {
    const fuzzer = createFuzzer(SEED + 1, wireCharacter);
    const propagation = createPropagation();
    for (let round = 0; round < ROUNDS / 4; round++) {
      const first = propagation.extract(fuzzer.headers());
      if (first === undefined) continue;
      const outgoing: Record<string, string> = {};
      propagation.inject(outgoing, first, first);
      expect(propagation.extract(outgoing)).toEqual(first);
    }
  });

  it('do not stop a gateway', async () => {
    const fuzzer = createFuzzer(SEED + 2, wireCharacter);
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    const gateway = await startGateway(telemetry);
    let answered = 0;
    for (let round = 0; round < 300; round++) {
      const pairs = fuzzer.headers().filter(([name]) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
      const before = gateway.arrived.length;
      const status = await rawGet(gateway.port, pairs);
      // Node's own parser refuses some of them.
      if (gateway.arrived.length === before) continue;
      expect(status).toContain('200');
      const { traceparent, tracestate } = gateway.arrived.at(-1)?.headers ?? {};
      expectLegal({ traceparent, tracestate });
      answered++;
    }
    expect(answered).toBeGreaterThan(150);
    finishRequest(telemetry);
  });

  it('of any type in any place do not make begin() throw', () => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    const random = randomOf(SEED + 3);
    const things: unknown[] = [
      undefined,
      null,
      0,
      NaN,
      '',
      'traceparent',
      true,
      [],
      {},
      [[]],
      new Date(0),
      () => 1,
      5n,
      new Headers(),
    ];
    const thing = (): unknown => things[Math.floor(random() * things.length)];
    for (let round = 0; round < 2_000; round++) {
      const headers = [
        thing(),
        [thing(), thing()],
        { traceparent: thing(), tracestate: thing(), host: thing() },
        [[thing(), thing()], thing()],
      ];
      const request = { method: thing(), url: thing(), headers: headers[round % 4], startTimeMs: thing() };
      const exchange = telemetry.begin(request as never);
      exchange.inject({});
      exchange.end({ statusCode: 200 });
    }
  });
});
