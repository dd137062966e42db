/** A runtime in which the egress guard does not hold: tenants get nothing, the operator everything, and it is said. */
import { expect, it, vi } from 'vitest';
import { eventually, inWorld } from '../delivery/support.js';
import { ledgerOf, logsOf, startCollector, VICTIM } from './support.js';

vi.mock('../../src/transport/egress-self-test.js', () => ({ selfTestEgress: () => Promise.resolve(false) }));

const EPHEMERAL = Array.from({ length: 28_232 }, (_, index) => 32_768 + index);
const LOOPBACK = {
  allowHosts: ['127.0.0.1'],
  allowCidrs: ['127.0.0.1'],
  allowHttp: ['127.0.0.1'],
  ports: EPHEMERAL,
};

it('keeps tenants off, with a state, a report and nothing lost in silence', async () => {
  const collector = await startCollector();
  await inWorld(
    {
      receivers: [],
      configure: () => ({
        tenantEgress: LOOPBACK,
        tenants: { [VICTIM]: { endpoint: collector.url, signals: { metrics: false } } },
      }),
    },
    async (world) => {
      world.send(VICTIM, 1);
      await world.telemetry.flush();
      await eventually(() => expect(logsOf(world, VICTIM)?.lastError).toBe('egress_guard'));
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 1, delivered: 0, buffered: 1, dropped: {} });
      const { notices } = world.telemetry.status();
      expect(notices.map(({ code }) => code)).toEqual(['egress_guard_failed']);
      expect(world.diagnostics.filter(({ code }) => code === 'egress_guard_failed')).toHaveLength(1);
      await world.at('operator').waitFor({ logs: 1 });
    },
  );
  expect(collector.connections).toHaveLength(0);
  await collector.close();
});
