/** T1: steady traffic over HTTP, a healthy operator and ten tenants: nothing is lost, and requests hardly notice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from '../support.js';
import { expectLawAt, expectOnlyOwn, nothingLost } from './accounts.js';
import {
  exportDelaysMs,
  mostTimes,
  startLoadCollector,
  timesTaken,
  type LoadCollector,
} from './collector.js';
import { createPrograms, type Program, type Programs } from './programs.js';
import type { Client } from './programs/client.js';
import type { Gateway } from './programs/gateway.js';
import { inPercentiles, percentile, sized } from './scale.js';
import { tenantIds } from './traffic.js';

const PER_SECOND = sized(500, 2_000);
const DURATION_MS = sized(2_000, 60_000);
const WARM_UP_MS = sized(500, 5_000);
const TENANTS = tenantIds(10);
const FLUSH_MS = 20_000;

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

it('T1: nothing of a steady flow is lost', async () => {
  const collectors = new Map<string, LoadCollector>();
  for (const owner of ['operator', ...TENANTS]) collectors.set(owner, await startLoadCollector());
  const to = (owner: string) => ({ endpoint: collectors.get(owner)?.url ?? '' });
  const at = (owner: string): LoadCollector['taken'] => collectors.get(owner)?.taken ?? [];
  try {
    const client = await programs.start<Client>('client');
    const bare = await programs.start<Gateway>('gateway');
    const gateway = await programs.start<Gateway>('gateway');
    await gateway.call('open', {
      operator: to('operator'),
      tenants: Object.fromEntries(TENANTS.map((id) => [id, to(id)])),
    });
    const load = { perSecond: PER_SECOND, tenantIds: TENANTS };
    const measure = async (target: Program<Gateway>) => {
      const port = await target.call('serve');
      const warmUp = await client.call('ask', { ...load, port, first: 0, durationMs: WARM_UP_MS });
      const asked = await client.call('ask', { ...load, port, first: warmUp.sent, durationMs: DURATION_MS });
      return { sent: warmUp.sent + asked.sent, latencyMs: asked.latencyMs };
    };
    const without = await measure(bare);
    const { sent, latencyMs } = await measure(gateway);

    const { complete, operator, tenants } = await gateway.call('flush', FLUSH_MS);
    expect(complete).toBe(true);
    for (const ledger of [operator.logs, operator.traces, tenants.logs])
      expect(ledger).toEqual(nothingLost(sent));
    for (const signal of ['logs', 'traces'] as const) {
      const times = timesTaken(at('operator'), signal);
      expect([times.size, mostTimes(times)]).toEqual([sent, 1]);
    }
    for (const [index, id] of TENANTS.entries()) {
      const collector = collectors.get(id) as LoadCollector;
      const marks = [...timesTaken(collector.taken, 'logs').keys()];
      expect(marks).toHaveLength(sent / TENANTS.length);
      expect(marks.every((mark) => mark % TENANTS.length === index)).toBe(true);
    }
    expectOnlyOwn(collectors);
    await expectLawAt(gateway, TENANTS);
    await gateway.call('shutdown', 1_000);
    const delays = [...collectors.values()].flatMap(({ taken }) => exportDelaysMs(taken, 'logs'));
    const overheadMs = percentile(latencyMs, 99) - percentile(without.latencyMs, 99);
    figure(
      'T1',
      `loss 0 of ${sent} at ${PER_SECOND}/s; requests ${inPercentiles(latencyMs)}, without telemetry ` +
        `${inPercentiles(without.latencyMs)} (p99 ${overheadMs.toFixed(2)} ms more); ` +
        `export delay of log records ${inPercentiles(delays)}`,
    );
  } finally {
    for (const collector of collectors.values()) await collector.close();
  }
});
