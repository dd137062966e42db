/** The places that tenants' requests share: nobody overtakes, no place is lost, whoever comes and goes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots, type SlotTaker } from '../../src/delivery/slots.js';

/** Takes a place as soon as it is told, as a lane does, or leaves if it has nothing to send any more. */
class Taker implements SlotTaker {
  wanted = 0;
  held = 0;
  calls = 0;
  isSlow = false;

  onSlot(): void {
    this.calls++;
  }

  pump(slots: Slots): void {
    while (this.wanted > 0 && slots.take(this)) {
      this.wanted--;
      this.held++;
    }
    if (this.wanted === 0) slots.leave(this);
  }
}

/** With all the time and the core in the world. */
function slotsOf(max: number): Slots {
  let nowMs = 0;
  return new Slots({ cpuShare: 1, monotonicMs: () => (nowMs += 1_000), max, maxSlow: max });
}

const PLACE = { isSlow: false };

const takers = (count: number): Taker[] => Array.from({ length: count }, () => new Taker());

describe('slots', () => {
  it('are given to the first in line, one at a time', () => {
    const slots = slotsOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    expect(slots.take(a)).toBeDefined();
    expect([slots.take(b), slots.take(c), slots.take(a)]).toEqual([undefined, undefined, undefined]);
    slots.give(PLACE);
    expect([a.calls, b.calls, c.calls]).toEqual([0, 1, 0]);
    expect(slots.take(c)).toBeUndefined();
    expect(slots.take(a)).toBeUndefined();
    expect(slots.take(b)).toBeDefined();
    slots.give(PLACE);
    expect([a.calls, b.calls, c.calls]).toEqual([0, 1, 1]);
  });

  it('are not lost when the first in line leaves: the next one is told', () => {
    const slots = slotsOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    slots.take(a);
    slots.take(b);
    slots.take(c);
    slots.give(PLACE);
    expect(c.calls).toBe(0);
    slots.leave(b);
    expect(c.calls).toBe(1);
    expect(slots.take(c)).toBeDefined();
    expect(slots.taken).toBe(1);
  });

  it('leaving from the middle, or without standing in line, disturbs nobody', () => {
    const slots = slotsOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    slots.take(a);
    slots.take(b);
    slots.take(c);
    slots.leave(c);
    slots.leave(a);
    slots.give(PLACE);
    expect(slots.take(b)).toBeDefined();
  });

  it('several that come free at once are all used', () => {
    const slots = slotsOf(3);
    const [a, ...others] = takers(4) as [Taker, ...Taker[]];
    a.wanted = 3;
    a.pump(slots);
    for (const other of others) other.wanted = 1;
    for (const other of others) other.pump(slots);
    slots.give(PLACE);
    slots.give(PLACE);
    slots.give(PLACE);
    // Each that takes its place tells the next one.
    for (const other of others) {
      expect(other.calls).toBeGreaterThan(0);
      other.pump(slots);
    }
    expect(slots.taken).toBe(3);
  });

  it('go round: of many that always want one, nobody gets more than the others', () => {
    const slots = slotsOf(4);
    const all = takers(10);
    for (const taker of all) taker.wanted = 1_000;
    for (const taker of all) taker.pump(slots);
    for (let round = 0; round < 1_000; round++) {
      const busy = all.find(({ held }) => held > 0) as Taker;
      busy.held--;
      slots.give(PLACE);
      // Told or not, in an order that favours the first ones.
      for (const taker of all) taker.pump(slots);
    }
    const left = all.map(({ wanted }) => wanted);
    // The first one had all four at the beginning; after that they take turns.
    expect(Math.max(...left) - Math.min(...left)).toBeLessThanOrEqual(4);
  });

  it('never more than there are, none lost, and never idle while somebody stands in line', () => {
    const action = fc.record({
      taker: fc.nat(5),
      kind: fc.constantFrom('want', 'give', 'give', 'leave', 'pump'),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 200 }), (max, actions) => {
        const slots = slotsOf(max);
        const all = takers(6);
        const told = new Set<Taker>();
        for (const taker of all) taker.onSlot = () => void told.add(taker);
        const pumpTold = (): void => {
          while (told.size > 0) {
            const [first] = told as unknown as Iterable<Taker> as [Taker];
            told.delete(first);
            first.pump(slots);
          }
        };
        const act: Readonly<Record<string, (taker: Taker) => void>> = {
          want: (taker) => taker.wanted++,
          pump: (taker) => taker.pump(slots),
          give(taker) {
            if (taker.held === 0) return;
            taker.held--;
            slots.give(PLACE);
          },
          leave(taker) {
            taker.wanted = 0;
            slots.leave(taker);
          },
        };
        for (const { taker, kind } of actions) {
          act[kind]?.(all[taker] as Taker);
          pumpTold();
          expect(slots.taken).toBe(all.reduce((sum, { held }) => sum + held, 0));
          expect(slots.taken).toBeLessThanOrEqual(max);
        }
        for (const taker of all) taker.pump(slots);
        pumpTold();
        const isWanted = all.some(({ wanted }) => wanted > 0);
        if (isWanted) expect(slots.taken).toBe(max);
        for (const taker of all) act['leave']?.(taker);
        for (const taker of all) while (taker.held > 0) act['give']?.(taker);
        expect(slots.taken).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('slow ones', () => {
  it('have a part of the places, and quick ones all of them', () => {
    const slots = new Slots({ cpuShare: 1, monotonicMs: () => performance.now(), max: 4, maxSlow: 1 });
    const [a, b, c, d, e] = takers(5) as [Taker, Taker, Taker, Taker, Taker];
    for (const slow of [a, b]) slow.isSlow = true;
    expect(slots.take(a)).toEqual({ isSlow: true });
    expect(slots.take(b)).toBeUndefined();
    for (const quick of [c, d, e]) expect(slots.take(quick)).toEqual({ isSlow: false });
    slots.give({ isSlow: false });
    expect(b.calls).toBe(0);
    slots.give({ isSlow: true });
    expect(b.calls).toBe(1);
    expect(slots.take(b)).toEqual({ isSlow: true });
  });

  it('that have become quick while they stood in line go on as such', () => {
    const slots = new Slots({ cpuShare: 1, monotonicMs: () => performance.now(), max: 4, maxSlow: 1 });
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    for (const slow of [a, b, c]) slow.isSlow = true;
    slots.take(a);
    slots.take(b);
    slots.take(c);
    b.isSlow = false;
    expect(slots.take(b)).toEqual({ isSlow: false });
    slots.give({ isSlow: true });
    expect(slots.take(c)).toEqual({ isSlow: true });
  });
});

describe('the share of a core', () => {
  it('bounds the exports of any second, whatever places are free', () => {
    let nowMs = 0;
    const slots = new Slots({ cpuShare: 0.1, monotonicMs: () => nowMs });
    const taker = new Taker();
    const begunAtMs: number[] = [];
    for (; nowMs < 20_000; nowMs += 5) {
      slots.look();
      for (let slot = slots.take(taker); slot !== undefined; slot = slots.take(taker)) {
        begunAtMs.push(nowMs);
        slots.give(slot);
      }
    }
    // 100 ms of CPU a second, at 0.4 ms each.
    const perSecond = begunAtMs.filter((atMs) => atMs >= 10_000).length / 10;
    expect(perSecond).toBeGreaterThan(240);
    expect(perSecond).toBeLessThanOrEqual(255);
    expect(begunAtMs.filter((atMs) => atMs === 0).length).toBeLessThanOrEqual(126);
  });

  it('tells those in line when time has passed', () => {
    let nowMs = 0;
    const slots = new Slots({ cpuShare: 0.1, monotonicMs: () => nowMs });
    const taker = new Taker();
    let slot = slots.take(taker);
    for (; slot !== undefined; slot = slots.take(taker)) slots.give(slot);
    expect(slots.look()).toBe(true);
    const before = taker.calls;
    nowMs += 100;
    expect(slots.look()).toBe(true);
    expect(taker.calls).toBe(before + 1);
    expect(slots.take(taker)).toBeDefined();
    expect(slots.look()).toBe(false);
  });
});
