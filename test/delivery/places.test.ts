/** The places that tenants' requests share: nobody overtakes, no place is lost, whoever comes and goes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bucket } from '../../src/delivery/bucket.js';
import { Places, type PlaceTaker, type Standing } from '../../src/delivery/places.js';
import { placesOf } from './lane-bench.js';

/** Takes a place as soon as it is told, as a lane does, or leaves if it has nothing to send any more. */
class Taker implements PlaceTaker {
  wanted = 0;
  readonly places: Standing[] = [];
  calls = 0;
  standing: Standing = 'quick';
  needsHandshake = false;

  onPlace(): void {
    this.calls++;
  }

  pump(places: Places): void {
    while (this.wanted > 0) {
      const place = places.take(this);
      if (place === undefined) break;
      this.wanted--;
      this.places.push(place);
    }
    if (this.wanted === 0) places.leave(this);
  }
}

const takers = (count: number): Taker[] => Array.from({ length: count }, () => new Taker());

describe('places', () => {
  it('are given to the first in line, one at a time', () => {
    const places = placesOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    expect(places.take(a)).toBeDefined();
    expect([places.take(b), places.take(c), places.take(a)]).toEqual([undefined, undefined, undefined]);
    places.give('quick');
    expect([a.calls, b.calls, c.calls]).toEqual([0, 1, 0]);
    expect(places.take(c)).toBeUndefined();
    expect(places.take(a)).toBeUndefined();
    expect(places.take(b)).toBeDefined();
    places.give('quick');
    expect([a.calls, c.calls]).toEqual([0, 1]);
  });

  it('are not lost when the first in line leaves: the next one is told', () => {
    const places = placesOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    places.take(a);
    places.take(b);
    places.take(c);
    places.give('quick');
    expect(c.calls).toBe(0);
    places.leave(b);
    expect(c.calls).toBe(1);
    expect(places.take(c)).toBeDefined();
    expect(places.taken).toBe(1);
  });

  it('leaving from the middle, or without standing in line, disturbs nobody', () => {
    const places = placesOf(1);
    const [a, b, c] = takers(3) as [Taker, Taker, Taker];
    places.take(a);
    places.take(b);
    places.take(c);
    places.leave(c);
    places.leave(a);
    places.give('quick');
    expect(places.take(b)).toBeDefined();
  });

  it('several that come free at once are all used', () => {
    const places = placesOf(3);
    const [a, ...others] = takers(4) as [Taker, ...Taker[]];
    a.wanted = 3;
    a.pump(places);
    for (const other of others) other.wanted = 1;
    for (const other of others) other.pump(places);
    places.give('quick');
    places.give('quick');
    places.give('quick');
    // Each that takes its place tells the next one.
    for (const other of others) {
      expect(other.calls).toBeGreaterThan(0);
      other.pump(places);
    }
    expect(places.taken).toBe(3);
  });

  it('go round: of many that always want one, nobody gets more than the others', () => {
    const places = placesOf(4);
    const all = takers(10);
    for (const taker of all) taker.wanted = 1_000;
    for (const taker of all) taker.pump(places);
    for (let round = 0; round < 1_000; round++) {
      const busy = all.find((taker) => taker.places.length > 0) as Taker;
      places.give(busy.places.pop() as Standing);
      // Told or not, in an order that favours the first ones.
      for (const taker of all) taker.pump(places);
    }
    const left = all.map(({ wanted }) => wanted);
    // The first one had all four at the beginning; after that they take turns.
    expect(Math.max(...left) - Math.min(...left)).toBeLessThanOrEqual(4);
  });

  it('never more than there are, none lost, and never idle while somebody stands in line', () => {
    const action = fc.record({
      taker: fc.nat(5),
      kind: fc.constantFrom('want', 'give', 'give', 'leave', 'pump', 'change'),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(action, { minLength: 20, maxLength: 200 }),
        (max, actions) => {
          const places = placesOf(max);
          const all = takers(6);
          const told = new Set<Taker>();
          for (const taker of all) taker.onPlace = () => void told.add(taker);
          const pumpTold = (): void => {
            while (told.size > 0) {
              const [first] = told as unknown as Iterable<Taker> as [Taker];
              told.delete(first);
              first.pump(places);
            }
          };
          const act: Readonly<Record<string, (taker: Taker) => void>> = {
            want: (taker) => taker.wanted++,
            change(taker) {
              taker.standing = taker.standing === 'quick' ? 'slow' : 'quick';
              taker.needsHandshake = !taker.needsHandshake;
            },
            pump: (taker) => taker.pump(places),
            give(taker) {
              const place = taker.places.pop();
              if (place !== undefined) places.give(place);
            },
            leave(taker) {
              taker.wanted = 0;
              places.leave(taker);
            },
          };
          for (const taker of all) {
            taker.wanted = 3;
            taker.pump(places);
          }
          for (const { taker, kind } of actions) {
            act[kind]?.(all[taker] as Taker);
            pumpTold();
            expect(places.taken).toBe(all.reduce((sum, taker) => sum + taker.places.length, 0));
            expect(places.taken).toBeLessThanOrEqual(max);
            // Nobody is pumped but those that are told: a call that gets lost would leave a place free.
            if (places.hasLine) expect(places.taken).toBe(max);
          }
          for (const taker of all) act['leave']?.(taker);
          for (const taker of all) while (taker.places.length > 0) act['give']?.(taker);
          expect(places.taken).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('those that may be dead', () => {
  const lines = (): Places => new Places({ max: 5, maxNew: 2, maxSlow: 1, rates: [], monotonicMs: () => 0 });
  const one = (standing: Standing): Taker => Object.assign(new Taker(), { standing });

  it('have a part of the places, the new ones and the slow ones each, and quick ones all of them', () => {
    const places = lines();
    expect([places.take(one('slow')), places.take(one('new')), places.take(one('new'))]).toEqual([
      'slow',
      'new',
      'new',
    ]);
    const [slow, unknown] = [one('slow'), one('new')];
    expect([places.take(slow), places.take(unknown)]).toEqual([undefined, undefined]);
    expect([places.take(one('quick')), places.take(one('quick'))]).toEqual(['quick', 'quick']);
    places.give('quick');
    expect([slow.calls, unknown.calls]).toEqual([0, 0]);
    places.give('slow');
    expect([slow.calls, unknown.calls]).toEqual([1, 0]);
    expect(places.take(slow)).toBe('slow');
    places.give('new');
    expect(places.take(unknown)).toBe('new');
  });

  it('that have become quick while they stood in line go on as such', () => {
    const places = lines();
    const [a, b, c] = [one('slow'), one('slow'), one('slow')];
    for (const taker of [a, b, c]) places.take(taker);
    b.standing = 'quick';
    expect(places.take(b)).toBe('quick');
    places.give('slow');
    expect(places.take(c)).toBe('slow');
  });

  it('get their share where quick ones never leave a place free', () => {
    const places = new Places({ max: 1, maxNew: 1, maxSlow: 1, rates: [], monotonicMs: () => 0 });
    const all = [one('quick'), one('quick'), one('new'), one('slow')];
    const served = new Map(all.map((taker) => [taker, 0]));
    for (let round = 0; round < 400; round++) {
      for (const taker of all) {
        const place = places.take(taker);
        if (place === undefined) continue;
        served.set(taker, (served.get(taker) ?? 0) + 1);
        places.take(taker);
        places.give(place);
      }
    }
    const counts = [...served.values()];
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) - 3);
  });
});

describe('those that need a handshake', () => {
  it('have a part of the places where they may have to wait with them, and give it back as what they took it', () => {
    const places = new Places({
      max: 4,
      maxNew: 4,
      maxSlow: 4,
      maxHandshakes: 2,
      rates: [],
      monotonicMs: () => 0,
    });
    const cold = takers(3).map((taker) => Object.assign(taker, { needsHandshake: true }));
    expect(cold.map((taker) => places.take(taker))).toEqual(['quick', 'quick', undefined]);
    expect(takers(2).map((taker) => places.take(taker))).toEqual(['quick', 'quick']);
    places.give('quick');
    expect(cold[2]?.calls).toBe(0);
    places.give('quick', true);
    expect(cold[2]?.calls).toBe(1);
    expect(places.take(cold[2] as Taker)).toBe('quick');
  });
});

describe('what comes with time', () => {
  it('bounds the requests of any second, whatever places are free, and tells those in line', () => {
    let nowMs = 0;
    const bucket = new Bucket(50, 100, nowMs);
    const rates = [{ bucket, cost: () => 0.4 }];
    const places = new Places({ max: 9, maxNew: 9, maxSlow: 9, rates, monotonicMs: () => nowMs });
    const taker = new Taker();
    const begunAtMs: number[] = [];
    for (; nowMs < 20_000; nowMs += 5) {
      for (let place = places.take(taker); place !== undefined; place = places.take(taker)) {
        begunAtMs.push(nowMs);
        places.give(place);
      }
      const before = taker.calls;
      places.look();
      expect(taker.calls, 'nothing is there yet').toBe(before);
    }
    const perSecond = begunAtMs.filter((atMs) => atMs >= 10_000).length / 10;
    expect(perSecond).toBeGreaterThan(240);
    expect(perSecond).toBeLessThanOrEqual(255);
    expect(begunAtMs.filter((atMs) => atMs === 0).length).toBeLessThanOrEqual(126);
    const before = taker.calls;
    nowMs += 100;
    places.look();
    expect(taker.calls).toBe(before + 1);
    expect(places.hasLine).toBe(true);
    expect(places.take(taker)).toBeDefined();
    expect(places.hasLine).toBe(false);
  });

  it('keeps those who need a handshake waiting for one, and nobody else', () => {
    let nowMs = 0;
    const handshakes = new Bucket(2, 10, nowMs);
    const rates = [{ bucket: handshakes, cost: (isNeeded: boolean) => (isNeeded ? 1 : 0) }];
    const places = new Places({ max: 90, maxNew: 90, maxSlow: 90, rates, monotonicMs: () => nowMs });
    const cold = takers(6);
    for (const taker of cold) taker.needsHandshake = true;
    expect(cold.map((taker) => places.take(taker) !== undefined)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    for (const taker of takers(20)) expect(places.take(taker)).toBe('quick');
    places.look();
    expect(cold[2]?.calls).toBe(0);
    nowMs += 100;
    places.look();
    expect(cold[2]?.calls).toBe(1);
    expect(places.take(cold[2] as Taker)).toBe('quick');
    expect(places.take(cold[3] as Taker)).toBeUndefined();
    // It has an open connection by now: it need not wait with those who have none.
    (cold[4] as Taker).needsHandshake = false;
    expect(places.take(cold[4] as Taker)).toBe('quick');
    expect(places.take(cold[3] as Taker)).toBeUndefined();
  });

  it('is halved between those who need a handshake and the others, as long as both want it', () => {
    let nowMs = 0;
    const core = { bucket: new Bucket(50, 100, nowMs), cost: (isNeeded: boolean) => (isNeeded ? 2.5 : 0.4) };
    const bounds = { max: 90, maxNew: 90, maxSlow: 90, monotonicMs: () => nowMs };
    const places = new Places({ ...bounds, rates: [core], halved: core });
    const closing = takers(100);
    for (const taker of closing) taker.needsHandshake = true;
    const open = takers(5);
    const all = [...closing, ...open];
    const served = { closing: 0, open: 0 };
    const serve = (during: readonly Taker[]): void => {
      for (const endMs = nowMs + 10_000; nowMs < endMs; nowMs += 5) {
        for (let isAny = true; isAny;) {
          isAny = false;
          for (const taker of during) {
            const place = places.take(taker);
            if (place === undefined) continue;
            places.give(place);
            served[taker.needsHandshake ? 'closing' : 'open']++;
            isAny = true;
          }
        }
      }
    };
    serve(all);
    expect(served.open).toBeGreaterThan(1_000);
    expect(served.closing).toBeGreaterThan(180);
    // What one kind does not want, the other may have.
    for (const taker of open) places.leave(taker);
    served.closing = 0;
    serve(closing);
    expect(served.closing).toBeGreaterThan(380);
  });
});
