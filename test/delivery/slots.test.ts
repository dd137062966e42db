/** The places that tenants' requests share: nobody overtakes, no place is lost, whoever comes and goes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots, type SlotTaker } from '../../src/delivery/slots.js';

/** Takes a place as soon as it is told, as a lane does, or leaves if it has nothing to send any more. */
class Taker implements SlotTaker {
  wanted = 0;
  held = 0;
  calls = 0;

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

const takers = (count: number): Taker[] => Array.from({ length: count }, () => new Taker());

describe('slots', () => {
  it('are given to the first in line, one at a time', () => {
    const slots = new Slots(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    expect(slots.take(a)).toBe(true);
    expect([slots.take(b), slots.take(c), slots.take(a)]).toEqual([false, false, false]);
    slots.give();
    expect([a.calls, b.calls, c.calls]).toEqual([0, 1, 0]);
    expect(slots.take(c)).toBe(false);
    expect(slots.take(a)).toBe(false);
    expect(slots.take(b)).toBe(true);
    slots.give();
    expect([a.calls, b.calls, c.calls]).toEqual([0, 1, 1]);
  });

  it('are not lost when the first in line leaves: the next one is told', () => {
    const slots = new Slots(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    slots.take(a);
    slots.take(b);
    slots.take(c);
    slots.give();
    expect(c.calls).toBe(0);
    slots.leave(b);
    expect(c.calls).toBe(1);
    expect(slots.take(c)).toBe(true);
    expect(slots.taken).toBe(1);
  });

  it('leaving from the middle, or without standing in line, disturbs nobody', () => {
    const slots = new Slots(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    slots.take(a);
    slots.take(b);
    slots.take(c);
    slots.leave(c);
    slots.leave(a);
    slots.give();
    expect(slots.take(b)).toBe(true);
  });

  it('several that come free at once are all used', () => {
    const slots = new Slots(3);
    const [a, ...others] = takers(4) as [Taker, ...Taker[]];
    a.wanted = 3;
    a.pump(slots);
    for (const other of others) other.wanted = 1;
    for (const other of others) other.pump(slots);
    slots.give();
    slots.give();
    slots.give();
    // Each that takes its place tells the next one.
    for (const other of others) {
      expect(other.calls).toBeGreaterThan(0);
      other.pump(slots);
    }
    expect(slots.taken).toBe(3);
  });

  it('go round: of many that always want one, nobody gets more than the others', () => {
    const slots = new Slots(4);
    const all = takers(10);
    for (const taker of all) taker.wanted = 1_000;
    for (const taker of all) taker.pump(slots);
    for (let round = 0; round < 1_000; round++) {
      const busy = all.find(({ held }) => held > 0) as Taker;
      busy.held--;
      slots.give();
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
        const slots = new Slots(max);
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
            slots.give();
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
