/** The order of a shutdown: the operator first, and nobody's trouble is another's. */
import { describe, expect, it, vi } from 'vitest';
import { inWorld, marksAt, refusingUrl, spanMarksAt, timed, type World } from './support.js';

vi.setConfig({ maxConcurrency: 20 });

/** Slack for a busy machine. */
const SLACK_MS = 1_500;
const TENANTS = ['t1', 't2', 't3', 't4', 't5'];

/** Ticks as rare as they may be, so that nothing is sent but by the shutdown. */
const withTenants = (scenario: (world: World) => Promise<void>): Promise<void> =>
  inWorld(
    {
      receivers: TENANTS,
      configure: (to) => ({
        metrics: { intervalMs: 86_400_000 },
        delivery: { operator: { flushIntervalMs: 60_000 }, tenants: { flushIntervalMs: 60_000 } },
        tenants: Object.fromEntries(TENANTS.map((id) => [id, to(id)])),
      }),
    },
    async (world) => {
      for (const id of TENANTS) world.send(id, id);
      await scenario(world);
    },
  );

const expectTenantsDelivered = (world: World): void => {
  for (const id of TENANTS) expect(marksAt(world.at(id))).toEqual([id]);
  expect(world.telemetry.status().tenants.totals.logs).toMatchObject({
    accepted: TENANTS.length,
    delivered: TENANTS.length,
    dropped: {},
  });
};

describe.concurrent('shutdown', () => {
  it('sends the tenants nothing before the operator has all of its own', () =>
    withTenants(async (world) => {
      world.at('operator').answerWith({ delayMs: 300 });
      const isOperatorDone = (): boolean =>
        spanMarksAt(world.at('operator')).length === TENANTS.length &&
        marksAt(world.at('operator')).length === TENANTS.length;
      let early = 0;
      const watch = setInterval(() => {
        const isAnyTenant = TENANTS.some((id) => world.at(id).requests.length > 0);
        if (isAnyTenant && !isOperatorDone()) early++;
      }, 5);
      const { value, ms } = await timed(world.telemetry.shutdown({ timeoutMs: 8_000 }));
      clearInterval(watch);
      expect(early).toBe(0);
      expect(isOperatorDone()).toBe(true);
      // Tenants follow at once, not when half the time is over.
      expect(ms).toBeLessThan(300 + SLACK_MS);
      expect(value.complete).toBe(true);
      expectTenantsDelivered(world);
    }));

  it('a slow operator does not keep tenants from being sent: their turn comes after half the time', () =>
    withTenants(async (world) => {
      world.at('operator').answerWith({ hang: true });
      const { value, ms } = await timed(world.telemetry.shutdown({ timeoutMs: 3_000 }));
      expect(ms).toBeLessThan(3_000 + SLACK_MS);
      expect(value.operator.logs).toMatchObject({ dropped: { shutdown: TENANTS.length }, buffered: 0 });
      expectTenantsDelivered(world);
    }));

  it('one tenant that hangs costs neither the operator nor the others anything', () =>
    withTenants(async (world) => {
      world.at('t3').answerWith({ hang: true });
      const { value } = await timed(world.telemetry.shutdown({ timeoutMs: 1_500 }));
      expect(value.operator.logs).toMatchObject({ delivered: TENANTS.length, dropped: {} });
      expect(value.tenants.logs).toMatchObject({
        accepted: TENANTS.length,
        delivered: TENANTS.length - 1,
        dropped: { shutdown: 1 },
      });
    }));

  it('an operator that refuses connections keeps the tenants for no time at all', async () => {
    const dead = await refusingUrl();
    await withTenants(async (world) => {
      world.telemetry.setOperator({ endpoint: dead });
      world.send('t1', 'late');
      const { ms } = await timed(world.telemetry.shutdown({ timeoutMs: 8_000 }));
      expect(ms).toBeLessThan(SLACK_MS + 1_500);
      expect(marksAt(world.at('t1'))).toEqual(['t1', 'late']);
    });
  });

  it('a custom instrument whose callback hangs costs nothing but its own reading', () =>
    withTenants(async (world) => {
      world.telemetry.meter.createObservableGauge('stuck').addCallback(() => new Promise(() => undefined));
      const { value } = await timed(world.telemetry.shutdown({ timeoutMs: 800 }));
      expect(value.operator.logs).toMatchObject({ delivered: TENANTS.length, dropped: {} });
      expect(value.operator.traces).toMatchObject({ delivered: TENANTS.length, dropped: {} });
      expectTenantsDelivered(world);
    }));
});
