/** T46: four hundred tenants flush at once while the gateway uses files and compresses: the thread pool stays its own. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure } from '../support.js';
import { expectLawAt, expectOnlyOwn, nothingLost } from './accounts.js';
import { startLoadCollector, type LoadCollector } from './collector.js';
import { createPrograms, type Programs } from './programs.js';
import type { Gateway } from './programs/gateway.js';
import { inPercentiles, sized } from './scale.js';
import { tenantIds } from './traffic.js';

const TENANTS = tenantIds(400);
const EACH = sized(40, 60);
/** So that each tenant's batch is over 64 KiB, which is compressed on the pool. */
const ATTRIBUTES = { pad: 'abcdefgh'.repeat(220) };
const QUIET_MS = sized(500, 5_000);
/** What tenants share in turn; 400 listeners would test the test. */
const COLLECTORS = 8;

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

it('T46: at most one of the library’s calls is on the thread pool', async () => {
  const collectors: LoadCollector[] = [];
  for (let index = 0; index < COLLECTORS; index++) collectors.push(await startLoadCollector());
  const endpoint = (id: string, index: number) => `${collectors[index % COLLECTORS]?.url}/${id}`;
  const operator = await startLoadCollector();
  try {
    const gateway = await programs.start<Gateway>('gateway');
    await gateway.call('open', {
      operator: { endpoint: operator.url },
      tenants: Object.fromEntries(
        TENANTS.map((id, index) => [id, { endpoint: endpoint(id, index), compression: 'gzip' }]),
      ),
      metrics: { intervalMs: 86_400_000 },
      // Nothing goes before the flush.
      delivery: { operator: { flushIntervalMs: 60_000 }, tenants: { flushIntervalMs: 60_000 } },
    });
    await gateway.call('probePool');
    await pause(QUIET_MS);
    const quiet = await gateway.call('poolFigures');

    const sent = await gateway.call('burst', {
      count: TENANTS.length * EACH,
      tenantIds: TENANTS,
      attributes: ATTRIBUTES,
    });
    await gateway.call('probePool');
    const startMs = Date.now();
    const { complete, tenants } = await gateway.call('flush', 60_000);
    const tookMs = Date.now() - startMs;
    const busy = await gateway.call('poolFigures');
    expect(complete).toBe(true);
    expect(tenants.logs).toEqual(nothingLost(sent));
    await expectLawAt(gateway, TENANTS);
    const byTenant = new Map<string, LoadCollector>();
    for (const id of TENANTS) {
      const taken = collectors.flatMap((own) => own.taken.filter(({ path }) => path.startsWith(`/${id}/`)));
      byTenant.set(id, { ...operator, taken });
    }
    expectOnlyOwn(byTenant);
    await gateway.call('shutdown', 1_000);
    figure(
      'T46',
      `fs.stat ${inPercentiles(busy.statMs)}, the gateway's own gzip ${inPercentiles(busy.gzipMs)} while 400 tenants ` +
        `flush ${sent} records in ${tookMs} ms; quiet: ${inPercentiles(quiet.statMs)} and ` +
        `${inPercentiles(quiet.gzipMs)}; ${busy.calls} batches on the pool, ${busy.mostAtOnce} at once`,
    );
    // Otherwise this shows nothing.
    expect(busy.calls).toBeGreaterThanOrEqual(TENANTS.length);
    expect(busy.mostAtOnce).toBe(1);
  } finally {
    for (const collector of [operator, ...collectors]) await collector.close();
  }
});
