/** The two lines together, with a clock of the test's own: whoever has waited longest goes first, wherever that was. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, admissionFor, look } from '../../src/delivery/admission.js';
import { HANDSHAKES_PER_SECOND, MAX_TICK_MS, ORIGIN_REQUESTS_PER_SECOND } from '../../src/delivery/bounds.js';
import type { PlaceTaker } from '../../src/delivery/places.js';
import type { Entry } from '../../src/delivery/under-way.js';
import { WaitingLine } from '../../src/delivery/waiting-line.js';

const STEP_MS = 5;
/** A fifth longer than it should be. */
const TICK_MS = MAX_TICK_MS * 1.2;

interface Tenant extends PlaceTaker {
  readonly admission: Admission;
  isSending: boolean;
  requests: number;
}

/** Tenants that always have something to send, each to an origin, for so long. Answers how many requests each has made. */
function requestsOf(
  origins: readonly string[],
  seconds: number,
  needsHandshake: (origin: string, index: number) => boolean = () => false,
  requestMs = 50,
): readonly number[] {
  let nowMs = 0;
  const home = admissionFor(0.1, () => nowMs);
  const told = new Set<Tenant>();
  const underWay: { readonly endMs: number; readonly tenant: Tenant; readonly entry: Entry }[] = [];
  const tenants = origins.map((origin, index): Tenant => {
    const tenant = {
      standing: 'quick' as const,
      needsHandshake: needsHandshake(origin, index),
      onPlace: () => void told.add(tenant),
      get admission() {
        return admission;
      },
      isSending: false,
      requests: 0,
    };
    const admission = new Admission(tenant, { tenantId: `${index}`, origin, isTrustedOrigin: false }, home);
    return tenant;
  });
  const pump = (tenant: Tenant): void => {
    if (tenant.isSending) return tenant.admission.leave();
    const entry = tenant.admission.enter();
    if (entry === undefined) return;
    tenant.isSending = true;
    tenant.requests++;
    underWay.push({ endMs: nowMs + requestMs, tenant, entry });
  };
  for (const tenant of tenants) pump(tenant);
  for (; nowMs < seconds * 1_000; nowMs += STEP_MS) {
    for (let first = underWay[0]; first !== undefined && first.endMs <= nowMs; [first] = underWay) {
      underWay.shift();
      first.tenant.isSending = false;
      first.tenant.admission.exit(first.entry, true);
      told.add(first.tenant);
    }
    if (nowMs % TICK_MS === 0) look(home);
    for (const tenant of told) {
      told.delete(tenant);
      pump(tenant);
    }
  }
  return tenants.map(({ requests }) => requests);
}

const SHARED = 'https://shared.test';
/** 100 tenants of one origin, and as many others as are asked for, each with an origin of its own. */
const withOthers = (others: number): readonly string[] =>
  Array.from({ length: 100 + others }, (_, index) => (index < 100 ? SHARED : `https://o${index}.test`));

describe('tenants of one origin', () => {
  it('make as many requests as those who have an origin of their own, where there is not enough for all', () => {
    const requests = requestsOf(withOthers(2_000), 60);
    const [ofShared, ofOthers] = [requests.slice(0, 100), requests.slice(100)];
    expect(Math.min(...ofOthers)).toBeGreaterThan(4);
    expect(Math.min(...ofShared)).toBeGreaterThanOrEqual(Math.min(...ofOthers) - 1);
  });

  it('are not kept waiting by those who wait for handshakes', () => {
    const requests = requestsOf(withOthers(400), 60, (origin) => origin !== SHARED);
    const [ofShared, ofOthers] = [requests.slice(0, 100), requests.slice(100)];
    expect(Math.min(...ofOthers)).toBeGreaterThan(3);
    expect(Math.min(...ofShared)).toBeGreaterThanOrEqual(Math.min(...ofOthers) - 1);
  });
});

describe('what comes with time', () => {
  const QUICK_MS = 5;
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

  it('is used up also where all requests end before there is more of it, and only a tick tells', () => {
    const own = Array.from({ length: 600 }, (_, index) => `https://o${index}.test`);
    const handshakes = sum(requestsOf(own, 20, () => true, QUICK_MS)) / 20;
    expect(handshakes).toBeGreaterThan(HANDSHAKES_PER_SECOND * 0.95);
    const shared = Array.from({ length: 100 }, () => SHARED);
    const requests = sum(requestsOf(shared, 20, () => false, QUICK_MS)) / 20;
    expect(requests).toBeGreaterThan(ORIGIN_REQUESTS_PER_SECOND * 0.95);
  });
});

describe('a line', () => {
  it('has the one with the lowest number first, whoever comes and goes', () => {
    const step = fc.record({
      item: fc.nat(9),
      number: fc.nat(1_000),
      kind: fc.constantFrom('add', 'remove'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const line = new WaitingLine<number>();
        const expected = new Map<number, number>();
        steps.forEach(({ item, number, kind }, index) => {
          // No two have the same one.
          const unique = number * 1_000 + index;
          if (kind === 'remove') {
            expect(line.remove(item)).toBe(expected.get(item));
            expected.delete(item);
          } else if (!line.has(item)) {
            line.add(item, unique);
            expected.set(item, unique);
          }
          const lowest = [...expected].sort(([, a], [, b]) => a - b)[0];
          expect(line.first()).toEqual(lowest && { item: lowest[0], number: lowest[1] });
          expect(line.size).toBe(expected.size);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('those who are connected to an origin', () => {
  it('do not wait with those there who are in line for a handshake', () => {
    const origins = [...Array.from({ length: 220 }, () => SHARED), ...withOthers(2_000).slice(100)];
    const isConnected = (origin: string, index: number): boolean => origin === SHARED && index < 200;
    const requests = requestsOf(origins, 60, (origin, index) => !isConnected(origin, index));
    const ofConnected = requests.slice(0, 200).reduce((sum, count) => sum + count, 0);
    // Of the 37 a second that the origin may have.
    expect(ofConnected / 60).toBeGreaterThan(25);
  });
});

describe('an origin', () => {
  it('has no more requests than before when its only tenant is removed and added again', () => {
    let nowMs = 0;
    let looksWanted = 0;
    const home = admissionFor(
      1,
      () => nowMs,
      () => looksWanted++,
    );
    const tenant: PlaceTaker = { standing: 'quick', needsHandshake: false, onPlace: () => undefined };
    let requests = 0;
    for (; nowMs < 1_000; nowMs += 10) {
      const admission = new Admission(
        tenant,
        { tenantId: 'acme', origin: SHARED, isTrustedOrigin: false },
        home,
      );
      for (let entry = admission.enter(); entry !== undefined; entry = admission.enter()) {
        requests++;
        admission.exit(entry, true);
      }
      admission.close();
    }
    expect(requests).toBeLessThanOrEqual(50);
    expect(looksWanted).toBeGreaterThan(0);
    expect(look(home)).toBe(true);
    nowMs += 1_000;
    expect(look(home)).toBe(false);
    expect(home.origins.size).toBe(0);
  });

  it('is forgotten at once where nothing was sent a moment ago, and with what was under way', () => {
    let nowMs = 0;
    const home = admissionFor(1, () => nowMs);
    const tenant: PlaceTaker = { standing: 'quick', needsHandshake: false, onPlace: () => undefined };
    const open = (): Admission =>
      new Admission(tenant, { tenantId: 'acme', origin: SHARED, isTrustedOrigin: false }, home);
    open().close();
    expect(home.origins.size).toBe(0);
    const admission = open();
    const entry = admission.enter() as Entry;
    admission.close();
    nowMs += 1_000;
    expect(look(home)).toBe(true);
    admission.exit(entry, false);
    expect(look(home)).toBe(false);
    expect(home.origins.size).toBe(0);
  });
});
