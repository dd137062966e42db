/** T2: the operator's collector is killed under load and comes back: what fits is kept, and the rest is counted. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ledger } from '../../../src/index.js';
import { figure } from '../support.js';
import { expectLawAt, expectOnlyOwn, lossOf, nothingLost } from './accounts.js';
import { startLoadCollector, timesTaken, type LoadCollector } from './collector.js';
import { createPrograms, type Programs } from './programs.js';
import type { CollectorProgram } from './programs/collector.js';
import type { Gateway } from './programs/gateway.js';
import { sized } from './scale.js';
import { tenantIds } from './traffic.js';

const PER_SECOND = sized(1_000, 2_000);
const BEFORE_MS = sized(700, 10_000);
const OUTAGE_MS = sized(2_000, 30_000);
const AFTER_MS = sized(500, 20_000);
const RECOVERY_MS = 10_000;
/** A busy machine, and how often the journal is looked at. */
const RECOVERY_SLACK_MS = 2_000;
const TENANTS = tenantIds(4);
const MIB = 1024 * 1024;
/** Of the plan: what a process grows by besides the records that it keeps. */
const RSS_SLACK_BYTES = 20 * MIB;
const MAX_BATCH_ITEMS = 512;
const SIGNALS = ['logs', 'traces'] as const;

/** Enough for the whole outage; and the default or, in short, as much as fills in the time. */
const ENOUGH = { maxBytes: sized(16, 128) * MIB, maxItems: 200_000 };
const TOO_LITTLE = { maxBytes: sized(0.25, 16) * MIB };

let programs: Programs;
beforeAll(() => void (programs = createPrograms()));
afterAll(() => programs.close());

const readJournal = (file: string): LoadCollector['taken'] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LoadCollector['taken'][number]);

it.each([
  { name: 'within the bound nothing is lost', queue: ENOUGH, fits: true },
  { name: 'beyond it the oldest go, and are counted', queue: TOO_LITTLE, fits: false },
])('T2: $name', async ({ queue, fits }) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-t02-'));
  const journal = join(folder, 'journal');
  const neighbours = new Map<string, LoadCollector>();
  for (const id of TENANTS) neighbours.set(id, await startLoadCollector());
  try {
    const first = await programs.start<CollectorProgram>('collector');
    const port = await first.call('listen', { journal });
    const gateway = await programs.start<Gateway>('gateway');
    await gateway.call('open', {
      operator: { endpoint: `http://127.0.0.1:${port}` },
      tenants: Object.fromEntries([...neighbours].map(([id, { url }]) => [id, { endpoint: url }])),
      delivery: { operator: queue },
      metrics: { intervalMs: 86_400_000 },
    });
    const load = { perSecond: PER_SECOND, tenantIds: TENANTS };
    const sentBefore = await gateway.call('traffic', { ...load, durationMs: BEFORE_MS });
    const rssBytes = await gateway.call('watchMemory');
    const { operatorMaxBytes } = (await gateway.call('status')).memory;

    await first.kill();
    await gateway.call('traffic', { ...load, durationMs: OUTAGE_MS });
    const second = await programs.start<CollectorProgram>('collector');
    await second.call('listen', { port, journal });
    const restartedMs = Date.now();
    const ledgers = async (): Promise<Ledger[]> => {
      const [operator] = (await gateway.call('status')).operator;
      return SIGNALS.map((signal) => operator?.signals[signal]?.ledger ?? nothingLost(0));
    };
    const traffic = gateway.call('traffic', { ...load, durationMs: AFTER_MS });
    const isBack = (): boolean =>
      SIGNALS.every((signal) =>
        readJournal(journal).some((arrival) => arrival.signal === signal && arrival.atMs >= restartedMs),
      );
    // Well beyond what is asked for, so that a failure says how long it took.
    while (!isBack() && Date.now() < restartedMs + 90_000) await pause(100);
    const recoveryMs = Date.now() - restartedMs;
    const sent = await traffic;
    while ((await ledgers()).some(({ buffered }) => buffered > 0) && Date.now() < restartedMs + 120_000)
      await pause(100);
    const drainMs = Date.now() - restartedMs;
    const growthBytes = (await gateway.call('peakRssBytes')) - rssBytes;

    await gateway.call('flush', 10_000);
    const status = await expectLawAt(gateway, TENANTS);
    expect(status.tenants.totals.logs).toEqual(nothingLost(sent));
    expectOnlyOwn(neighbours);
    const accounts = await ledgers();
    figure(
      'T2',
      `${fits ? 'within' : 'beyond'} the bound of ${(operatorMaxBytes / MIB).toFixed(1)} MiB: ` +
        `lost ${accounts.map(lossOf).join(' + ')} of ${sent} + ${sent}; RSS grew by ` +
        `${(growthBytes / MIB).toFixed(0)} MiB; first delivery ${recoveryMs} ms after the restart, ` +
        `everything after ${drainMs} ms`,
    );
    const taken = readJournal(journal);
    for (const [index, signal] of SIGNALS.entries()) {
      const account = accounts[index] as Ledger;
      const times = timesTaken(taken, signal);
      expect(account).toMatchObject({ accepted: sent, rejected: 0, buffered: 0 });
      // Killed between taking and answering, a collector has some twice; none is counted that it does not have.
      expect(times.size).toBeGreaterThanOrEqual(account.delivered);
      if (fits) {
        expect(account.dropped).toEqual({});
        expect(times.size).toBe(sent);
      } else {
        expect(account.dropped).toEqual({ queue_full: sent - account.delivered });
        expect(account.dropped.queue_full).toBeGreaterThan(0);
        const missing = Array.from({ length: sent }, (_unused, mark) => mark).filter(
          (mark) => !times.has(mark),
        );
        // The oldest: one stretch that begins with what waited when the collector died, and after it everything newer.
        // The batch that was under way when it came back cannot be dropped for room, and may stand in the stretch.
        const [oldest = 0] = missing;
        expect(oldest).toBeLessThanOrEqual(sentBefore);
        expect((missing.at(-1) ?? 0) - oldest + 1 - missing.length).toBeLessThanOrEqual(MAX_BATCH_ITEMS);
      }
    }
    expect(recoveryMs).toBeLessThanOrEqual(RECOVERY_MS + RECOVERY_SLACK_MS);
    expect(growthBytes).toBeLessThanOrEqual(operatorMaxBytes + RSS_SLACK_BYTES);
    await gateway.call('shutdown', 1_000);
  } finally {
    for (const collector of neighbours.values()) await collector.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
