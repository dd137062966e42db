/** The accounts of a gateway in another process. */
import { expect } from 'vitest';
import type { GatewayTelemetry, Ledger, TelemetryStatus } from '../../../src/index.js';
import { droppedOf, expectLaw } from '../../delivery/support.js';
import type { LoadCollector } from './collector.js';
import type { Gateway } from './programs/gateway.js';
import type { Program } from './programs.js';

/** The law, for the operator and these tenants; and no error has reached the process. */
export async function expectLawAt(
  gateway: Program<Gateway>,
  tenantIds: readonly string[],
): Promise<TelemetryStatus> {
  const [whole, tenants] = [await gateway.call('status'), await gateway.call('tenants', tenantIds)];
  const status = (tenantId?: string): unknown =>
    tenantId === undefined ? whole : tenants[tenantIds.indexOf(tenantId)];
  expectLaw({ status } as unknown as GatewayTelemetry, tenantIds);
  expect(await gateway.call('unhandled')).toBe(0);
  expect(gateway.errors).toBe('');
  return whole;
}

/** Everything was delivered, and nothing is left. */
export const nothingLost = (items: number): Ledger => ({
  accepted: items,
  delivered: items,
  rejected: 0,
  dropped: {},
  buffered: 0,
});

export const lossOf = (ledger: Ledger | undefined): number => droppedOf(ledger) + (ledger?.rejected ?? 0);

/** The canary check: a tenant's collector has records of its own, and of nobody else. */
export function expectOnlyOwn(collectors: ReadonlyMap<string, LoadCollector>): void {
  for (const [owner, { taken }] of collectors) {
    if (owner === 'operator') continue;
    for (const { signal, owners } of taken) {
      // A reading may have nothing but the tenant's own losses, which name nobody.
      const expected = signal === 'metrics' && owners.length === 0 ? [] : [owner];
      expect(owners, `${signal} at ${owner}'s`).toEqual(expected);
    }
  }
}
