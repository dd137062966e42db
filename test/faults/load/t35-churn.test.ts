/** T35: tenants come, go, rotate their credentials and move, a hundred times a second, in the middle of traffic. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { createRandom, figure } from '../support.js';
import { nothingLost } from './accounts.js';
import { startLoadCollector, type Arrival } from './collector.js';
import { sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const TENANTS = tenantIds(50);
const CHANGES_PER_SECOND = 100;
const PER_SECOND = sized(500, 1_000);
const DURATION_MS = sized(3_500, 60_000);
/** What was replaced may still be on its way; after that it is stale. */
const MAX_STALE_MS = 1_000;
/** Of a clock that counts what this process had: on a busy machine a second may pass in which nothing could be sent. */
const TICK_MS = 10;

/** What one tenant's destination is now. */
interface Current {
  /** Counts its places; each has a path of its own, on one of two ports. */
  place: number;
  credential: number;
  isRemoved: boolean;
}

const GENERATION = /generation<([^>]*)>/g;

it('T35: records reach the place they were recorded for, and no old credential is used', async () => {
  const random = createRandom(35);
  const current = new Map(TENANTS.map((id) => [id, { place: 0, credential: 0, isRemoved: false }]));
  const replacedMs = new Map<string, number>();
  const foreign: string[] = [];
  const stale: string[] = [];
  let longestMs = 0;
  let nowMs = 0;
  const clock = setInterval(() => (nowMs += TICK_MS), TICK_MS);

  const check = ({ path, authorization, owners, signal, text }: Arrival): void => {
    const [, id = '', place = ''] = path.split('/');
    const generations = new Set(Array.from(text.matchAll(GENERATION), ([, generation]) => generation));
    const isOwn =
      owners.every((owner) => owner === id) &&
      authorization.startsWith(`${id}.`) &&
      (signal !== 'logs' || (generations.size === 1 && generations.has(`${id}.${place}`)));
    if (!isOwn) foreign.push(`${path} ${authorization} ${[...owners, ...generations].join(' ')}`);
    const usedForMs = nowMs - (replacedMs.get(authorization) ?? nowMs);
    longestMs = Math.max(longestMs, usedForMs);
    if (usedForMs > MAX_STALE_MS) stale.push(`${path} ${authorization} ${usedForMs} ms`);
  };
  // Slow now and then, so that changes meet requests under way, and failing, so that they meet records that wait.
  const answer = (arrival: Arrival) => {
    check(arrival);
    return { status: random() < 0.1 ? 503 : 200, delayMs: random() < 0.3 ? Math.floor(random() * 300) : 0 };
  };
  const collectors = [await startLoadCollector({ answer }), await startLoadCollector({ answer })];
  const operator = await startLoadCollector();
  const destinationOf = (id: string, { place, credential }: Current) => ({
    endpoint: `${collectors[place % 2]?.url}/${id}/${place}`,
    headers: { authorization: `${id}.${credential}` },
  });
  try {
    await withTelemetry(
      {
        operator: { endpoint: operator.url },
        tenants: Object.fromEntries([...current].map(([id, now]) => [id, destinationOf(id, now)])),
        metrics: { intervalMs: 500 },
        delivery: { tenants: { flushIntervalMs: 100, initialRetryDelayMs: 100 } },
      },
      async (telemetry) => {
        const changes = { rotated: 0, moved: 0, removed: 0, added: 0 };
        const change = (): void => {
          const id = TENANTS[Math.floor(random() * TENANTS.length)] ?? '';
          const now = current.get(id) as Current;
          const old = `${id}.${now.credential}`;
          const kind = now.isRemoved
            ? 'added'
            : random() < 0.6
              ? 'rotated'
              : random() < 0.5
                ? 'moved'
                : 'removed';
          changes[kind]++;
          now.isRemoved = kind === 'removed';
          now.credential++;
          if (kind === 'added' || kind === 'moved') now.place++;
          telemetry.setTenant(id, now.isRemoved ? null : destinationOf(id, now));
          replacedMs.set(old, nowMs);
        };
        const changing = paced(CHANGES_PER_SECOND, DURATION_MS, change);
        let routed = 0;
        const sent = await paced(PER_SECOND, DURATION_MS, (number) => {
          const id = TENANTS[number % TENANTS.length] ?? '';
          const { place, isRemoved } = current.get(id) as Current;
          if (!isRemoved) routed++;
          sendMarked(telemetry, id, number, {
            // Of a removed tenant it must not be seen anywhere.
            generation: `generation<${id}.${isRemoved ? 'nowhere' : place}>`,
          });
        });
        await changing;
        await pause(MAX_STALE_MS + 200);
        const live = [...current.values()].filter(({ isRemoved }) => !isRemoved).length;
        const sockets = (await Promise.all(collectors.map((collector) => collector.openSockets()))).reduce(
          (a, b) => a + b,
        );

        const endMs = Date.now() + 20_000;
        while (!(await telemetry.flush({ timeoutMs: 2_000 })).complete && Date.now() < endMs) await pause(50);
        const { operator: ofOperator, tenants } = await telemetry.flush();
        const { logs } = tenants;
        const taken = collectors.flatMap((collector) => collector.taken);
        figure(
          'T35',
          `${JSON.stringify(changes)} in ${DURATION_MS / 1_000} s at ${PER_SECOND} requests/s: foreign ` +
            `${foreign.length}, stale ${stale.length}, a replaced credential was used for at most ${longestMs} ms; ` +
            `delivered ${logs?.delivered} of ${routed}, dropped ${JSON.stringify(logs?.dropped)}; ` +
            `${sockets} sockets for ${live} tenants`,
        );
        expect(foreign).toEqual([]);
        expect(stale).toEqual([]);
        expect(sockets).toBeLessThanOrEqual(2 * live);
        for (const ledger of [ofOperator.logs, ofOperator.traces]) expect(ledger).toEqual(nothingLost(sent));
        expect(logs).toMatchObject({ accepted: routed, rejected: 0, buffered: 0 });
        expect(Object.keys(logs?.dropped ?? {})).toEqual(['destination_changed']);
        const unique = new Set(taken.filter(({ signal }) => signal === 'logs').flatMap(({ marks }) => marks));
        expect(unique.size).toBeGreaterThanOrEqual(logs?.delivered ?? 0);
        expectLaw(telemetry, TENANTS);
      },
    );
  } finally {
    clearInterval(clock);
    for (const collector of [operator, ...collectors]) await collector.close();
  }
});
