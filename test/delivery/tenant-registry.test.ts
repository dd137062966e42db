/** Who is in the registry of tenants, and who is not any more. */
import { expect, it } from 'vitest';
import type { Destinations } from '../../src/index.js';
import { startDelivery, tenantAt, type DeliveryBench } from './delivery-bench.js';
import { eventually, pause } from './support.js';

const MAX_TENANTS = 20_000;

it('holds no more than its limit, also of tenants that the lookup did not know', async () => {
  const { delivery } = startDelivery({ tenantLookup: () => Promise.resolve(null) });
  delivery.tenant('unknown');
  await eventually(() => expect(delivery.tenantStatus('unknown').state).toBe('none'));
  const destinations = tenantAt('a');
  const all = Array.from({ length: MAX_TENANTS }, (_, index) => [`t${index}`, destinations] as const);
  delivery.setTenants(new Map(all), true);
  for (const id of ['new', 'unknown'])
    expect(() => delivery.setTenant(id, destinations)).toThrow(`knows ${MAX_TENANTS} tenants already`);
  expect(delivery.status().tenants.count).toBe(MAX_TENANTS);
  delivery.setTenant('t0', tenantAt('b'));
  delivery.close();
});

it.each<[string, (bench: DeliveryBench) => void]>([
  ['is removed', ({ delivery }) => delivery.setTenants(new Map(), true)],
  ['ends with the instance', ({ delivery }) => delivery.close()],
])('does not ask the lookup again for a tenant that %s while it is being asked', async (_how, end) => {
  const answers: ((destinations: Destinations | null) => void)[] = [];
  const bench = startDelivery({ tenantLookup: () => new Promise((resolve) => void answers.push(resolve)) });
  bench.delivery.tenant('acme');
  await eventually(() => expect(answers).toHaveLength(1));
  const refreshed = bench.delivery.refreshTenant('acme');
  end(bench);
  answers[0]?.(null);
  await refreshed;
  await pause(10);
  expect(answers).toHaveLength(1);
  bench.delivery.close();
});
