/** What one format says arrives in another as far as both can say it: ids, sizes and decisions, over one hop and over many. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, ExtractedContext } from '../../src/propagation/index.js';
import { CAPABILITIES, through } from './capabilities.js';
import type { Capability, TraceFacts } from './capabilities.js';
import { nodeObject } from './cases/expectations.js';
import { randomOf } from './random.js';
import type { Random } from './random.js';

const SEED = 20_261_121;
const ROUNDS = 60;

const ZERO_HALF = '0'.repeat(16);

/** Also ids of which the upper digits, or the whole upper half, are zeros. */
function factsOf(random: Random): TraceFacts {
  const digits = random.pick([16, 32] as const);
  const low = random.chance(0.2) ? random.hex(3).padStart(16, '0') : random.hex(16);
  const high = digits === 16 || random.chance(0.2) ? ZERO_HALF : random.hex(16);
  const debug = random.chance(0.2);
  const sampled = debug ? true : random.pick([true, false, undefined]);
  const spanId = random.chance(0.2) ? random.hex(2).padStart(16, '0') : random.hex(16);
  return { traceId: high + low, digits, spanId, sampled, debug, random: random.chance(0.5) };
}

function factsIn(extracted: ExtractedContext | undefined): TraceFacts | undefined {
  if (extracted?.traceId === undefined) return undefined;
  const { traceId, traceIdDigits: digits, spanId, sampled, debug, random } = extracted;
  return { traceId, digits, spanId, sampled, debug, random };
}

const continued = (facts: TraceFacts, spanId: string): ContextToInject => ({
  traceId: facts.traceId,
  spanId,
  sampled: facts.sampled,
  random: facts.random,
});

const hop = (from: Capability, to: Capability) =>
  createPropagation({ extract: [from.reader], inject: [to.format] });

describe.each(CAPABILITIES)('$name', (format) => {
  it('is read as it is written by hand', () => {
    const random = randomOf(SEED);
    const propagation = hop(format, format);
    for (let round = 0; round < ROUNDS; round++) {
      const facts = factsOf(random);
      const extracted = propagation.extract(nodeObject(format.byHand(facts)));
      expect(extracted?.format).toBe(format.name);
      expect(factsIn(extracted)).toEqual(through(format, format.reads, facts));
      expect(extracted?.links).toEqual([]);
    }
  });

  it('begins a trace that is read as it was meant', () => {
    const random = randomOf(SEED + 1);
    const propagation = hop(format, format);
    for (let round = 0; round < ROUNDS; round++) {
      const facts: TraceFacts = {
        ...factsOf(random),
        traceId: random.hex(16) + random.hex(16),
        digits: 32,
        debug: false,
      };
      const headers: Record<string, string> = {};
      propagation.inject(headers, continued(facts, facts.spanId ?? ''));
      expect(factsIn(propagation.extract(headers))).toEqual(through(format, format.writes, facts));
    }
  });

  it.each(CAPABILITIES)('to $name keeps what both can say', (target) => {
    const random = randomOf(SEED + 2);
    const first = hop(format, target);
    const second = hop(target, format);
    for (let round = 0; round < ROUNDS; round++) {
      const facts = factsOf(random);
      const headers = nodeObject(format.byHand(facts));
      const extracted = first.extract(headers);
      const known = through(format, format.reads, facts);
      expect(factsIn(extracted)).toEqual(known);

      const spanId = random.hex(16);
      first.inject(headers, continued(known, spanId), extracted);
      expect(factsIn(second.extract(headers))).toEqual(through(target, target.writes, { ...known, spanId }));
    }
  });
});

describe('a chain of gateways', () => {
  it(`loses only what a format on the way cannot say (seed ${SEED})`, () => {
    const random = randomOf(SEED + 3);
    for (let round = 0; round < 1_000; round++) {
      let from = random.pick(CAPABILITIES);
      let facts = through(from, from.reads, factsOf(random));
      // A caller writes by hand what its format can say.
      const headers = nodeObject(from.byHand({ ...facts, spanId: facts.spanId ?? random.hex(16) }));
      const path = [from.name];
      for (let hops = 1 + random.below(5); hops > 0; hops--) {
        const to = random.pick(CAPABILITIES);
        const propagation = hop(from, to);
        const extracted = propagation.extract(headers);
        path.push(to.name);
        const where = path.join(' > ');
        expect(factsIn(extracted), where).toMatchObject({ traceId: facts.traceId, sampled: facts.sampled });
        const spanId = random.hex(16);
        propagation.inject(headers, continued(facts, spanId), extracted);
        facts = through(to, to.writes, { ...facts, spanId });
        const arrived = createPropagation({ extract: [to.reader] }).extract(headers);
        expect(factsIn(arrived), where).toEqual(facts);
        from = to;
      }
    }
  });
});
