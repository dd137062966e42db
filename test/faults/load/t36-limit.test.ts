/** T36: twenty thousand tenants, which is the limit, and more. */
import { expect, it } from 'vitest';
import { createGatewayTelemetry, type TenantRecord } from '../../../src/index.js';
import { inWorld } from '../../delivery/support.js';

it('T36: tenants over the limit are refused, at the start and one by one, and those that are there are served', async () => {
  const LIMIT = 20_000;
  const manyAt = (endpoint: string, count: number): TenantRecord =>
    Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`m${index}`, { endpoint }]));
  await inWorld(
    {
      receivers: ['t1'],
      configure: (to) => ({ tenants: { t1: to('t1') }, metrics: { intervalMs: 86_400_000 } }),
    },
    async (world) => {
      const { telemetry } = world;
      const somewhere = world.to('t1');
      const isFault = expect.objectContaining({ name: 'ConfigurationError' }) as Error;
      world.send('t1', 1);
      const start = performance.now();
      telemetry.setTenants({ t1: somewhere, ...manyAt(world.at('t1').url, LIMIT - 1) });
      console.log(`T36: a push of ${LIMIT} tenants took ${Math.round(performance.now() - start)} ms`);
      world.send('t1', 2);
      for (let index = 0; index < 100; index++)
        expect(() => telemetry.setTenant(`further-${index}`, somewhere)).toThrow(isFault);
      expect(telemetry.status().tenants.count).toBe(LIMIT);
      // A change of one that is there is none too many.
      telemetry.setTenant('t1', somewhere);
      world.send('t1', 3);
      await world.flushUntilLogs('t1', 3);
      expect(telemetry.status('t1').destinations[0]?.signals.logs?.ledger).toMatchObject({
        accepted: 3,
        delivered: 3,
        dropped: {},
      });
      const tooMany = manyAt(world.at('t1').url, LIMIT + 1);
      expect(() => createGatewayTelemetry({ env: false, tenantEgress: 'open', tenants: tooMany })).toThrow(
        isFault,
      );
    },
  );
});
