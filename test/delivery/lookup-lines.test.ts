/** Who is looked up next: two lines that share the places, and neither can take all of them. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LookupLines } from '../../src/delivery/lookup-lines.js';
import type { Tenant } from '../../src/delivery/tenant.js';
import { deferred } from '../support/deferred.js';

const AT_ONCE = 64;
const OF_A_LINE = 48;

interface Started {
  readonly tenant: Tenant;
  end(): void;
}

function world() {
  const started: Started[] = [];
  const lines = new LookupLines((tenant) => {
    const { promise, resolve } = deferred();
    started.push({ tenant, end: resolve });
    return promise;
  });
  const tenants = (count: number, hasDestinations: boolean): readonly Tenant[] =>
    Array.from({ length: count }, () => ({ hasDestinations, isAsking: false }) as Tenant);
  const join = (count: number, isKnown: boolean): readonly Tenant[] => {
    const joined = tenants(count, isKnown);
    for (const tenant of joined) lines.join(tenant, false);
    return joined;
  };
  const running = (isKnown: boolean): number =>
    started.filter(({ tenant }) => tenant.isAsking && tenant.hasDestinations === isKnown).length;
  return { lines, started, join, running };
}

describe('two lines', () => {
  it.each([
    ['ids that nobody knows', false],
    ['known tenants', true],
  ])('of %s leave places for the others', (_what, isKnown) => {
    const { join, running } = world();
    join(1_000, isKnown);
    expect(running(isKnown)).toBe(OF_A_LINE);
    join(1_000, !isKnown);
    expect(running(isKnown)).toBe(OF_A_LINE);
    expect(running(!isKnown)).toBe(AT_ONCE - OF_A_LINE);
  });

  it('a place goes to a known tenant first, whenever it came', async () => {
    const { started, join, running } = world();
    join(OF_A_LINE + 100, false);
    join(AT_ONCE - OF_A_LINE + 1, true);
    started[0]?.end();
    await turn();
    expect([running(false), running(true)]).toEqual([OF_A_LINE - 1, AT_ONCE - OF_A_LINE + 1]);
  });

  it('go in order, and everyone stands in one once', async () => {
    const { lines, started, join } = world();
    const tenants = join(OF_A_LINE + 2, false);
    for (const tenant of tenants) lines.join(tenant, false);
    for (let index = 0; index < tenants.length; index++) {
      started[index]?.end();
      await turn();
    }
    expect(started.map(({ tenant }) => tenant)).toEqual(tenants);
    expect(tenants.every(({ isAsking }) => !isAsking)).toBe(true);
  });

  it('one that leaves is not asked for, and who waits for its answer goes on', async () => {
    const { lines, started, join } = world();
    const tenants = join(OF_A_LINE + 2, false);
    const leaving = tenants.at(OF_A_LINE) as Tenant;
    const settled = lines.settled(leaving);
    lines.leave(leaving);
    await settled;
    for (const { end } of [...started]) end();
    await turn();
    expect(started.map(({ tenant }) => tenant)).toEqual(tenants.filter((tenant) => tenant !== leaving));
  });

  it('one that is asked for by hand waits behind no unknown one', () => {
    const { lines, started, join } = world();
    join(1_000, false);
    const tenant = { hasDestinations: false, isAsking: false } as Tenant;
    lines.join(tenant, true);
    expect(started.at(-1)?.tenant).toBe(tenant);
  });
});
