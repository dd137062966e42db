/** Twenty thousand tenants: what concerns all of them is done in slices, or costs as much as what has changed. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as destinations from '../../src/config/destination.js';
import { Outbox } from '../../src/delivery/outbox.js';
import { Owner } from '../../src/delivery/owner.js';
import {
  createGatewayTelemetry,
  type Destination,
  type GatewayTelemetry,
  type Ledger,
} from '../../src/index.js';
import { watchLoop, type LoopFigures } from '../faults/load/programs/loop-watch.js';
import { figure } from '../faults/support.js';
import { expectLaw, startHttp, type RawServer } from '../delivery/support.js';

const TENANTS = 20_000;
const CHANGED = TENANTS / 100;
/** A slice takes 3 ms, so what takes a tenth of a second is more than this, on any machine. */
const MIN_TURNS = 10;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
vi.mock('../../src/config/destination.js', async (importOriginal) => {
  const real = await importOriginal<typeof destinations>();
  return { ...real, resolveDestinations: vi.fn(real.resolveDestinations) };
});

const resolved = vi.mocked(destinations.resolveDestinations);
const ids = Array.from({ length: TENANTS }, (_, index) => `tenant-${index}`);

let collector: RawServer;
let telemetry: GatewayTelemetry;

const destinationOf = (index: number, key = 0): Destination => ({
  endpoint: collector.url,
  headers: { authorization: `Bearer ${index}.${key}` },
  resourceAttributes: { plan: 'gold' },
});
/** New objects each time, as from a database. */
const record = (changed = 0): Record<string, Destination> =>
  Object.fromEntries(ids.map((id, index) => [id, destinationOf(index, index < changed ? 1 : 0)]));

function timed<T>(what: string, work: () => T): T {
  const beganMs = performance.now();
  const result = work();
  figure('20,000 tenants', `${what}: ${(performance.now() - beganMs).toFixed(1)} ms`);
  return result;
}

async function watched(what: string, work: () => Promise<unknown>): Promise<LoopFigures> {
  const watch = watchLoop();
  await work();
  const loop = watch.stop();
  figure('20,000 tenants', `${what}: longest block ${loop.longestOwnMs.toFixed(1)} ms, ${loop.turns} turns`);
  return loop;
}

function request(tenantId: string): void {
  const exchange = telemetry.begin({ method: 'GET', url: '/r', headers: {} });
  exchange.setTenant(tenantId);
  exchange.end({ statusCode: 200 });
}

beforeAll(async () => {
  collector = await startHttp((request_, response) => {
    request_.resume();
    request_.on('end', () => response.end());
  });
  const tenants = record();
  telemetry = timed('construction', () =>
    createGatewayTelemetry({
      env: false,
      tenantEgress: 'open',
      tenants,
      selfMetrics: true,
      operator: { endpoint: collector.url },
      metrics: { intervalMs: 86_400_000, forgetAfterMs: 1_000 },
      // Nothing has to be sent for any of this.
      delivery: { tenants: { flushIntervalMs: 60_000, maxAgeMs: 600_000 } },
    }),
  );
});
afterAll(async () => {
  await telemetry.shutdown({ timeoutMs: 0 });
  await collector.close();
});

it('a push of all of them is checked where it says something new', () => {
  for (const [what, changed] of [
    ['nothing changed', 0],
    ['1 % changed', CHANGED],
    ['changed back', 0],
  ] as const) {
    resolved.mockClear();
    const tenants = record(changed);
    timed(`setTenants, ${what}`, () => telemetry.setTenants(tenants));
    expect(resolved, what).toHaveBeenCalledTimes(what === 'nothing changed' ? 0 : CHANGED);
  }
});

it('once all of them have traffic, a push changes those that it is about', async () => {
  for (const [index, id] of ids.entries()) {
    request(id);
    if (index % 100 === 0) await new Promise((done) => setImmediate(done));
  }
  const set = vi.spyOn(Owner.prototype, 'set');
  const update = vi.spyOn(Outbox.prototype, 'update');
  for (const changed of [0, CHANGED]) {
    const tenants = record(changed);
    timed(`setTenants with traffic, ${changed} changed`, () => telemetry.setTenants(tenants));
    expect([set.mock.calls.length, update.mock.calls.length]).toEqual([changed, changed]);
  }
  set.mockRestore();
  update.mockRestore();
});

it('status looks at no tenant, and tells what all of them together say', () => {
  const asked = vi.spyOn(Outbox.prototype, 'ledgers');
  const status = timed('status()', () => telemetry.status());
  // The operator's one destination.
  expect(asked).toHaveBeenCalledTimes(1);
  asked.mockRestore();
  timed('status(id)', () => telemetry.status('tenant-7'));
  expect(status.tenants.count).toBe(TENANTS);
  expectSumOfTenants();
});

it('a metric interval and a flush let requests go on in between', async () => {
  const loop = await watched('flush with a reading of all metrics', () =>
    telemetry.flush({ timeoutMs: 3_000 }),
  );
  expect(loop.turns).toBeGreaterThan(MIN_TURNS);
  expectSumOfTenants();
  // Whatever was delivered meanwhile can be forgotten now.
  const sweep = await watched('flush that forgets series', () => telemetry.flush({ timeoutMs: 3_000 }));
  expect(sweep.turns).toBeGreaterThan(MIN_TURNS);
  expectLaw(telemetry, ids.slice(0, 100));
});

it('what is kept of all of them is what each of them says, also of those that go', () => {
  expectSumOfTenants();
  const before = telemetry.status().tenants.totals;
  timed('setTenants without half of them', () =>
    telemetry.setTenants(Object.fromEntries(Object.entries(record(CHANGED)).slice(TENANTS / 2)), {
      force: true,
    }),
  );
  const after = telemetry.status().tenants;
  expect(after.count).toBe(TENANTS / 2);
  expect(after.totals.logs?.accepted).toBe(before.logs?.accepted);
  expectLaw(telemetry, ids.slice(-100));
});

function expectSumOfTenants(): void {
  const sums: Record<string, Ledger> = {};
  for (const id of ids) {
    for (const { signals } of telemetry.status(id).destinations) {
      for (const [signal, { ledger }] of Object.entries(signals)) {
        const sum = sums[signal] ?? { accepted: 0, delivered: 0, rejected: 0, dropped: {}, buffered: 0 };
        const dropped = { ...sum.dropped };
        for (const [reason, items] of Object.entries(ledger.dropped) as [keyof typeof dropped, number][])
          dropped[reason] = (dropped[reason] ?? 0) + items;
        sums[signal] = {
          accepted: sum.accepted + ledger.accepted,
          delivered: sum.delivered + ledger.delivered,
          rejected: sum.rejected + ledger.rejected,
          buffered: sum.buffered + ledger.buffered,
          dropped,
        };
      }
    }
  }
  expect(telemetry.status().tenants.totals).toEqual(sums);
}
