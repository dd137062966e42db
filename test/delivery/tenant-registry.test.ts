/** Who is in the registry of tenants, and who is not any more. */
import { expect, it } from 'vitest';
import type { Destinations } from '../../src/index.js';
import { startDelivery, type DeliveryBench } from './delivery-bench.js';
import { eventually, pause } from './support.js';

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
