/** Invented tenant ids: the tenants that are known notice nothing, and no record is lost without a name. */
import { expect, it, vi } from 'vitest';
import { flood, modes, request } from '../delivery/invented-ids.js';
import {
  droppedOf,
  eventually,
  expectLaw,
  inWorld,
  marksAt,
  pause,
  startHttp,
  withTelemetry,
} from '../delivery/support.js';

vi.setConfig({ testTimeout: 60_000 });

/** As many as may be known. */
const AT_ONCE = 20_000;
/** New ones, after that. */
const PER_SECOND = 1_000;

it.each(modes)('delay no known tenant where the lookup %s for them', (_what, lookup) => {
  const place = new Map([
    ['acme', 'acme-1'],
    ['globex', 'globex-1'],
  ]);
  return inWorld(
    {
      receivers: ['acme-1', 'acme-2', 'globex-1', 'globex-2'],
      configure: (to) => ({
        operator: null,
        tenantTtlMs: 1_000,
        metrics: { intervalMs: 86_400_000 },
        tenants: (id) => {
          const at = place.get(id);
          return at === undefined ? lookup() : to(at);
        },
      }),
    },
    async (world) => {
      let mark = 0;
      const visit = (): void => {
        for (const id of place.keys()) world.send(id, `${id}-${mark++}`);
      };
      visit();
      await eventually(() => {
        for (const id of place.keys()) expect(world.telemetry.status(id).destinations).toHaveLength(1);
      });
      await flood(world.telemetry, 60_000, visit);
      /** While the flood goes on. */
      const arriveAt = async (round: number): Promise<void> => {
        const isThere = (id: string): boolean => marksAt(world.at(`${id}-${round}`)).length > 0;
        const deadlineMs = performance.now() + 30_000;
        while (![...place.keys()].every(isThere) && performance.now() < deadlineMs)
          await flood(world.telemetry, 2_000, visit);
        expect([...place.keys()].filter(isThere), `known tenants at place ${round}`).toEqual([
          ...place.keys(),
        ]);
      };
      await arriveAt(1);
      for (const id of place.keys()) place.set(id, `${id}-2`);
      // Their answers are refreshed meanwhile.
      await arriveAt(2);
      for (const id of place.keys()) {
        const { ledger } = world.telemetry.status(id).destinations[0]?.signals.logs ?? {};
        const { destination_changed: left = 0 } = ledger?.dropped ?? {};
        expect(droppedOf(ledger), 'lost otherwise than by the change of place').toBe(left);
      }
    },
  );
});

it('keep no tenant out that code names', async () => {
  const collector = await startHttp((_request, response) => response.end());
  try {
    const tenants = (): Promise<never> => new Promise(() => undefined);
    await withTelemetry({ tenants, metrics: { intervalMs: 86_400_000 } }, async (telemetry) => {
      await flood(telemetry, 21_000);
      expect(telemetry.status().tenants.count).toBe(20_000);
      for (const id of ['acme', 'globex']) {
        telemetry.setTenant(id, { endpoint: collector.url, signals: { metrics: false } });
        request(telemetry, id);
      }
      expect(telemetry.status().tenants.count).toBe(20_000);
      await telemetry.flush({ timeoutMs: 300 });
      await eventually(() =>
        expect(telemetry.status('acme').destinations[0]?.signals.logs?.ledger.delivered).toBe(1),
      );
      expectLaw(telemetry, ['acme', 'globex']);
    });
  } finally {
    await collector.close();
  }
});

it('lose their records by name when they are too many, and none of a start with every tenant at once', () =>
  withTelemetry({ tenants: () => pause(5_000).then(() => null) }, async (telemetry) => {
    for (let number = 0; number < AT_ONCE; number++) request(telemetry, `tenant-${number}`);
    const { logs } = telemetry.status().tenants.totals;
    expect(logs).toMatchObject({ accepted: AT_ONCE, dropped: {}, buffered: AT_ONCE });
    for (let number = 0; number < 100; number++) request(telemetry, `one-more-${number}`);
    expect(telemetry.status().tenants.totals.logs).toMatchObject({
      accepted: AT_ONCE + 100,
      dropped: { unrouted: 100 },
    });
  }));

it('are looked up at a limited rate, also where each answer comes at once', async () => {
  let calls = 0;
  const tenants = (): null => {
    calls++;
    return null;
  };
  await withTelemetry({ tenants }, async (telemetry, diagnostics) => {
    const beganMs = performance.now();
    await flood(telemetry, 60_000);
    const tookMs = performance.now() - beganMs;
    expect(calls).toBeGreaterThan(AT_ONCE / 2);
    expect(calls).toBeLessThanOrEqual(AT_ONCE + (PER_SECOND * tookMs) / 1_000 + 1);
    const told = diagnostics.filter(({ message }) => message.includes('new tenants a second'));
    expect(told).toMatchObject([{ code: 'dropped', signal: 'logs' }]);
    const { logs } = telemetry.status().tenants.totals;
    expect((logs?.dropped.unrouted ?? 0) + (logs?.buffered ?? 0)).toBe(60_000);
  });
});
