/** A destination that is dead for five days is given up; who and what brings it back. With a clock of its own. */
import { describe, expect, it } from 'vitest';
import type { DestinationState } from '../../src/index.js';
import type { SendResult } from '../../src/model/delivery.js';
import { operatorAt, startDelivery, tenantAt, type DeliveryBench } from './delivery-bench.js';
import { recordOf } from './lane-bench.js';
import { eventually } from './support.js';

const HOUR_MS = 3_600_000;
const DOWN: SendResult = { kind: 'retry', errorClass: 'connect' };

const stateOf = ({ delivery }: DeliveryBench): DestinationState | 'none' =>
  delivery.tenantStatus('acme').state;

async function killTenant(bench: DeliveryBench): Promise<void> {
  bench.answer = () => DOWN;
  // Failing after five failures; then five days later once more.
  for (const laterMs of [0, 0, 0, 0, 0, 120 * HOUR_MS]) {
    bench.nowMs += laterMs;
    bench.delivery.tenant('acme')?.log(recordOf());
    await bench.delivery.flush();
  }
  // What waits goes a moment later.
  await eventually(() =>
    expect(bench.delivery.status().tenants.totals.logs?.dropped).toEqual({ expired: 5, disabled: 1 }),
  );
  expect(stateOf(bench)).toBe('disabled');
}

const steps = ({ events }: DeliveryBench): readonly string[] =>
  events.map(({ previousState, state }) => `${previousState} > ${state}`);

describe('a tenant that is dead for five days', () => {
  it('has nothing queued any more, what it had is counted, and it is told', async () => {
    const bench = startDelivery({ tenants: { acme: tenantAt('acme') } });
    await killTenant(bench);
    expect(bench.delivery.tenantStatus('acme').destinations[0]?.signals.logs?.ledger).toEqual({
      accepted: 6,
      delivered: 0,
      rejected: 0,
      // The first five had become too old by then.
      dropped: { expired: 5, disabled: 1 },
      buffered: 0,
    });
    const attempts = bench.sent.length;
    bench.delivery.tenant('acme')?.log(recordOf());
    await bench.delivery.flush();
    expect(bench.sent).toHaveLength(attempts);
    expect(bench.delivery.status().memory.tenantsBytes).toBe(0);
    expect(steps(bench)).toEqual(['pending > failing', 'failing > disabled']);
    bench.delivery.close();
  });

  it.each([
    ['the same', {}],
    ['new headers', { headers: { key: 'new' } }],
  ])('is begun anew by setTenant with %s configuration', async (_name, more) => {
    const bench = startDelivery({ tenants: { acme: tenantAt('acme') } });
    await killTenant(bench);
    bench.answer = () => ({ kind: 'delivered', rejected: 0 });
    bench.delivery.setTenant('acme', tenantAt('acme', more));
    expect(stateOf(bench)).toBe('pending');
    bench.delivery.tenant('acme')?.log(recordOf());
    await bench.delivery.flush();
    expect(stateOf(bench)).toBe('receiving');
    expect(steps(bench).slice(2)).toEqual(['disabled > pending', 'pending > receiving']);
    expect(bench.delivery.status().tenants.totals.logs).toMatchObject({
      accepted: 7,
      delivered: 1,
      buffered: 0,
    });
    bench.delivery.close();
  });

  it('is not brought back by a lookup that says the same again, but by refreshTenant', async () => {
    let lookups = 0;
    const bench = startDelivery({
      tenantLookup: () => {
        lookups++;
        return tenantAt('acme') as never;
      },
    });
    await bench.delivery.refreshTenant('acme');
    await killTenant(bench);
    const before = lookups;
    bench.nowMs += 61_000;
    bench.delivery.tenant('acme')?.log(recordOf());
    await eventually(() => expect(lookups).toBeGreaterThan(before));
    await bench.delivery.flush();
    expect(stateOf(bench)).toBe('disabled');
    bench.delivery.tenant('acme')?.log(recordOf());
    expect(bench.delivery.status().tenants.totals.logs).toMatchObject({ accepted: 6, buffered: 0 });
    bench.answer = () => ({ kind: 'delivered', rejected: 0 });
    await bench.delivery.refreshTenant('acme');
    expect(stateOf(bench)).toBe('pending');
    bench.delivery.tenant('acme')?.log(recordOf());
    await bench.delivery.flush();
    expect(stateOf(bench)).toBe('receiving');
    bench.delivery.close();
  });
});

describe('the operator', () => {
  it('is begun anew by setOperator; until then nothing of it is wanted', async () => {
    const bench = startDelivery({ operator: operatorAt('operator') });
    bench.answer = () => DOWN;
    for (const laterMs of [0, 0, 0, 0, 0, 120 * HOUR_MS]) {
      bench.nowMs += laterMs;
      bench.delivery.operator('logs', recordOf());
      await bench.delivery.flush();
    }
    await eventually(() => expect(bench.delivery.wanted.operatorLogs).toBe(false));
    expect(bench.delivery.status().operator[0]?.state).toBe('disabled');
    bench.answer = () => ({ kind: 'delivered', rejected: 0 });
    bench.delivery.setOperator(operatorAt('operator'));
    expect(bench.delivery.wanted.operatorLogs).toBe(true);
    bench.delivery.operator('logs', recordOf());
    await bench.delivery.flush();
    expect(bench.delivery.status().operator[0]?.state).toBe('receiving');
    expect(bench.delivery.status().operator[0]?.signals.logs?.ledger).toMatchObject({
      accepted: 7,
      delivered: 1,
      buffered: 0,
    });
    bench.delivery.close();
  });
});
