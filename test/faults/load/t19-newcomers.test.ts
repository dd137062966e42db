/**
 * T19, for those that are new: a hundred tenants whose collectors never answer come at once, and one with a collector that
 * does comes after them. Nobody can tell them apart before the first answer, so it waits its turn; where others are known to
 * be answered, it does not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { GatewayTelemetry } from '../../../src/index.js';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure } from '../support.js';
import { nothingLost } from './accounts.js';
import { startLoadCollector } from './collector.js';
import { hostOf, openGraveyard } from './dead.js';
import { sized } from './scale.js';
import { paced, sendMarked, tenantIds } from './traffic.js';

const SETTLED = tenantIds(20);
const SILENT = Array.from({ length: 100 }, (_unused, index) => `silent${index}`);
/** Of the silent ones. The default in the full form. */
const TIMEOUT_MS = sized(2_000, 10_000);
/** So many new ones may be under way: a hundred give way in five rounds of a deadline each. */
const PLACES = 24;
const MAX_ROUNDS = Math.ceil((SILENT.length + 1) / PLACES);
/** A flush interval, ticks, and a busy machine. */
const SLACK_MS = 8_000;
/** Where the origin is known to answer: a second or two, and less than any deadline where the machine is busy. */
const MAX_KNOWN_MS = sized(6_000, 8_000);
const PER_SECOND = 40;
const GIVE_UP_MS = MAX_ROUNDS * TIMEOUT_MS + 2 * SLACK_MS;

const logsOf = (telemetry: GatewayTelemetry, id: string) =>
  telemetry.status(id).destinations[0]?.signals.logs?.ledger;

/** How long it takes from the first record of a tenant that is new to its delivery. */
async function firstDelivery(telemetry: GatewayTelemetry, id: string, endpoint: string): Promise<number> {
  telemetry.setTenant(id, { endpoint: `${endpoint}/${id}` });
  const startMs = performance.now();
  sendMarked(telemetry, id, 0);
  while (logsOf(telemetry, id)?.delivered !== 1 && performance.now() - startMs < GIVE_UP_MS) await pause(10);
  return performance.now() - startMs;
}

it('T19: new tenants that are silent do not keep another new one from its first delivery', async () => {
  const graveyard = await openGraveyard();
  const collector = await startLoadCollector({ host: '0.0.0.0' });
  const at = (index: number): string => `http://${hostOf(index)}:${collector.port}`;
  try {
    await withTelemetry(
      {
        tenants: Object.fromEntries(SETTLED.map((id) => [id, { endpoint: `${at(0)}/${id}` }])),
        metrics: { intervalMs: 86_400_000 },
      },
      async (telemetry) => {
        let isOver = false;
        // All the time: the settled ones, which are not to notice, and which show that their origin answers.
        const settled = (async () => {
          let sent = 0;
          while (!isOver)
            sent += await paced(PER_SECOND, 500, (number) =>
              sendMarked(telemetry, SETTLED[number % SETTLED.length], sent + number),
            );
          return sent;
        })();
        await pause(2_500);
        SILENT.forEach((id, index) => {
          telemetry.setTenant(id, {
            endpoint: graveyard.url('blackhole', hostOf(1_000 + index)),
            timeoutMs: TIMEOUT_MS,
          });
          sendMarked(telemetry, id, index);
        });
        // They are in line before it.
        await pause(1_500);
        const [unknownMs, knownMs] = await Promise.all([
          firstDelivery(telemetry, 'newcomer', at(1)),
          firstDelivery(telemetry, 'neighbour', at(0)),
        ]);
        isOver = true;
        const sent = await settled;
        const endMs = Date.now() + SLACK_MS;
        const ofSettled = () => SETTLED.map((id) => logsOf(telemetry, id) ?? nothingLost(0));
        while (ofSettled().some(({ buffered }) => buffered > 0) && Date.now() < endMs) await pause(50);
        const settledMs = collector.taken
          .filter(({ path }) => SETTLED.includes(path.split('/')[1] ?? ''))
          .reduce((most, { delaysMs }) => delaysMs.reduce((a, b) => Math.max(a, b), most), 0);
        figure(
          'T19',
          `${SILENT.length} new silent tenants with time-outs of ${TIMEOUT_MS / 1_000} s: a new healthy one's first ` +
            `delivery after ${(unknownMs / 1_000).toFixed(1)} s, ${(knownMs / 1_000).toFixed(1)} s where the origin is ` +
            `known to answer; the settled ones' longest delay ${(settledMs / 1_000).toFixed(1)} s`,
        );
        expect(unknownMs).toBeLessThanOrEqual(MAX_ROUNDS * TIMEOUT_MS + SLACK_MS);
        expect(knownMs).toBeLessThanOrEqual(MAX_KNOWN_MS);
        expect(settledMs).toBeLessThanOrEqual(MAX_KNOWN_MS);
        expect(ofSettled().reduce((sum, { delivered }) => sum + delivered, 0)).toBe(sent);
        for (const id of ['newcomer', 'neighbour']) expect(logsOf(telemetry, id)).toEqual(nothingLost(1));
        for (const id of SILENT) expect(logsOf(telemetry, id)).toMatchObject({ buffered: 1, dropped: {} });
        for (const { path, owners } of collector.taken) expect([path.split('/')[1]]).toEqual(owners);
        expectLaw(telemetry, [...SETTLED, ...SILENT, 'newcomer', 'neighbour']);
      },
    );
  } finally {
    await collector.close();
    await graveyard.close();
  }
});
