/** Tenants with many destinations beside tenants with one: they have no more turns for it. */
import { expect, it } from 'vitest';
import { Admission, admissionFor, look } from '../../src/delivery/admission.js';
import type { Entry } from '../../src/delivery/under-way.js';
import type { PlaceTaker } from '../../src/delivery/places.js';

const TICK_MS = 250;
const STEP_MS = 5;

it('a tenant with sixteen destinations keeps others waiting for no longer than one with a few', () => {
  let nowMs = 0;
  const home = admissionFor(0.1, () => nowMs);
  const woken = new Set<Lane>();
  const underWay = new Map<Lane, { readonly entry: Entry; readonly endMs: number }>();
  const waitsMs: number[] = [];
  let served = 0;

  class Lane implements PlaceTaker {
    readonly standing = 'quick';
    readonly needsHandshake = false;
    readonly admission: Admission;
    wantsSinceMs: number | undefined;

    constructor(
      readonly tenantId: string,
      index: number,
    ) {
      const origin = `https://${tenantId}-${index}.test`;
      this.admission = new Admission(this, { tenantId, origin, isTrustedOrigin: false }, home);
    }

    onPlace(): void {
      woken.add(this);
    }

    want(): void {
      if (this.wantsSinceMs !== undefined || underWay.has(this)) return;
      this.wantsSinceMs = nowMs;
      this.pump();
    }

    pump(): void {
      if (this.wantsSinceMs === undefined) return this.admission.leave();
      const entry = this.admission.enter();
      if (entry === undefined) return;
      served++;
      if (this.tenantId.startsWith('good')) waitsMs.push(nowMs - this.wantsSinceMs);
      this.wantsSinceMs = undefined;
      underWay.set(this, { entry, endMs: nowMs + 50 });
    }
  }

  const lanesOf = (tenantId: string, count: number): Lane[] =>
    Array.from({ length: count }, (_, index) => new Lane(tenantId, index));
  const greedy = Array.from({ length: 20 }, (_, index) => lanesOf(`greedy-${index}`, 32)).flat();
  const good = Array.from({ length: 20 }, (_, index) => lanesOf(`good-${index}`, 2)).flat();
  for (; nowMs < 30_000; nowMs += STEP_MS) {
    if (nowMs % TICK_MS === 0) look(home);
    for (const lane of greedy) lane.want();
    for (const [index, lane] of good.entries()) if (nowMs % 1_000 === (index * STEP_MS) % 1_000) lane.want();
    for (const [lane, { entry, endMs }] of underWay) {
      if (endMs > nowMs) continue;
      underWay.delete(lane);
      lane.admission.exit(entry, true);
    }
    while (woken.size > 0) {
      const lanes = [...woken];
      woken.clear();
      for (const lane of lanes) lane.pump();
    }
  }
  expect(served).toBeGreaterThan(240 * 30);
  expect(waitsMs.length).toBeGreaterThan(28 * good.length);
  expect(Math.max(...waitsMs)).toBeLessThan(1_000);

  for (const { admission } of [...greedy, ...good]) admission.close();
  for (const { entry } of underWay.values()) good[0]?.admission.exit(entry, true);
  expect(home.places.taken).toBe(0);
  expect(home.places.hasLine).toBe(false);
  expect(home.tenants.size).toBe(0);
});
