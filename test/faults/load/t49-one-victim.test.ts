/** T49: a thousand tenants name the same origin. Whoever is behind it must not be flooded by the gateway. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure, watchClientSockets } from '../support.js';
import { nothingLost } from './accounts.js';
import { startLoadCollector } from './collector.js';
import { busiest, sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const TENANTS = tenantIds(1_000);
const PER_SECOND = sized(1_000, 2_000);
const DURATION_MS = sized(3_000, 60_000);
/** Slow enough that requests pile up, if they may. */
const ANSWER_MS = 100;
const MAX_AT_ONCE = 8;
const MAX_PER_SECOND = 50;
const MANY_MS = 120_000;
/** So many requests show a rate; a busy machine needs longer for them. */
const ENOUGH = 120;
const ENOUGH_MS = 20_000;
/** So many that the bound on the tenants' exports is not the one that holds. */
const CPU_SHARE = 1;

/** A request begins a moment after it was allowed to. */
const SECOND_MS = 980;

/** When requests went out: when they arrive depends on this process, too, which has the victim's work to do as well. */
let startsMs: number[] = [];
const onStart = (): void => void startsMs.push(performance.now());
beforeEach(() => {
  startsMs = [];
  subscribe('http.client.request.start', onStart);
});
afterEach(() => void unsubscribe('http.client.request.start', onStart));

async function enough(count: () => number, least: number): Promise<void> {
  for (const endMs = Date.now() + ENOUGH_MS; count() < least && Date.now() < endMs;) await pause(50);
}

it('T49: a victim has eight connections, eight requests at once and fifty a second, whoever aims at it', async () => {
  let underWay = 0;
  let mostUnderWay = 0;
  let mostSockets = 0;
  const victim = await startLoadCollector({
    answer: () => {
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      return { status: 200, delayMs: ANSWER_MS };
    },
    onTaken: () => void underWay--,
  });
  const look = setInterval(
    () => void victim.openSockets().then((count) => (mostSockets = Math.max(mostSockets, count))),
    20,
  );
  try {
    await withTelemetry(
      {
        tenants: Object.fromEntries(
          // Each as different as a tenant can make it.
          TENANTS.map((id) => [id, { endpoint: `${victim.url}/${id}`, headers: { authorization: id } }]),
        ),
        metrics: { intervalMs: 86_400_000 },
        delivery: { cpuShareOfTenants: CPU_SHARE },
      },
      async (telemetry) => {
        const sent = await paced(PER_SECOND, DURATION_MS, (number) =>
          sendMarked(telemetry, TENANTS[number % TENANTS.length], number),
        );
        const logs = () => telemetry.status().tenants.totals.logs ?? nothingLost(0);
        const endMs = Date.now() + MANY_MS;
        while (sized(0, 1) === 1 && logs().buffered > 0 && Date.now() < endMs) await pause(100);
        await enough(() => victim.requestsMs.length, ENOUGH);
        const [perSecond, arrivedPerSecond] = [
          busiest(startsMs, SECOND_MS),
          busiest(victim.requestsMs, 1_000),
        ];
        figure(
          'T49',
          `${TENANTS.length} tenants: at most ${mostUnderWay} requests at once over ${mostSockets} sockets, ` +
            `${perSecond} in the busiest second, ${arrivedPerSecond} by when they arrived; ${JSON.stringify(logs())}`,
        );
        expect(startsMs.length).toBeGreaterThanOrEqual(ENOUGH);
        expect(perSecond).toBeLessThanOrEqual(MAX_PER_SECOND);
        // Those that were under way may be held up together, and arrive with those of the next second.
        expect(arrivedPerSecond).toBeLessThanOrEqual(MAX_PER_SECOND + MAX_AT_ONCE);
        expect(mostUnderWay).toBeLessThanOrEqual(MAX_AT_ONCE);
        expect(mostSockets).toBeLessThanOrEqual(MAX_AT_ONCE);
        for (const { path, owners, authorization } of victim.taken)
          expect([path.split('/')[1], authorization]).toEqual([...owners, ...owners]);
        if (sized(0, 1) === 1) expect(logs()).toEqual(nothingLost(sent));
        expectLaw(telemetry, TENANTS);
      },
    );
  } finally {
    clearInterval(look);
    await victim.close();
  }
});

it('T49: a victim that never answers has eight connections, too', async () => {
  const victim = await startLoadCollector({ answer: () => ({ status: 0 }) });
  let most = 0;
  const client = watchClientSockets();
  try {
    await withTelemetry(
      {
        // Each attempt ends with its socket, and the next one opens another.
        tenants: Object.fromEntries(TENANTS.map((id) => [id, { endpoint: victim.url, timeoutMs: 500 }])),
        metrics: { intervalMs: 86_400_000 },
        delivery: { cpuShareOfTenants: CPU_SHARE },
      },
      async (telemetry) => {
        const look = (): number => {
          most = Math.max(most, client.sockets.filter(({ destroyed }) => !destroyed).length);
          return client.sockets.length;
        };
        await paced(PER_SECOND, DURATION_MS, (number) => {
          sendMarked(telemetry, TENANTS[number % TENANTS.length], number);
          look();
        });
        await enough(look, MAX_AT_ONCE + 1);
        figure(
          'T49',
          `a victim that never answers: at most ${most} connections, ${client.sockets.length} in all, ` +
            `${busiest(startsMs, SECOND_MS)} requests in the busiest second`,
        );
        expect(busiest(startsMs, SECOND_MS)).toBeLessThanOrEqual(MAX_PER_SECOND);
        expect(client.sockets.length).toBeGreaterThan(MAX_AT_ONCE);
        expect(most).toBeLessThanOrEqual(MAX_AT_ONCE);
        expectLaw(telemetry, TENANTS);
      },
    );
  } finally {
    client.stop();
    await victim.close();
  }
});
