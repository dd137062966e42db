/** A million invented tenant ids cost bounded memory and few lookups, whatever the lookup does. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import type { Destinations } from '../../../src/index.js';
import { flood, modes, request } from '../../delivery/invented-ids.js';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import { figure } from '../support.js';
import { sized } from './scale.js';

vi.setConfig({ testTimeout: 120_000 });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const IDS = sized(200_000, 1_000_000);
const MIB = 1024 * 1024;
/** 20,000 that are looked up and 10,000 that have nothing: each with a record or a name that waits, a few kilobytes. */
const MAX_GROWTH_BYTES = 160 * MIB;
/** Those of one line. */
const MAX_AT_ONCE = 48;
const AT_ONCE = 20_000;
const PER_SECOND = 1_000;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it.each(modes)('are few lookups and little memory where the lookup %s', async (what, lookup) => {
  let running = 0;
  let most = 0;
  let calls = 0;
  const tenants = async (): Promise<Destinations> => {
    calls++;
    most = Math.max(most, ++running);
    try {
      return await lookup();
    } finally {
      running--;
    }
  };
  await withTelemetry({ tenants, metrics: { intervalMs: 86_400_000 } }, async (telemetry) => {
    request(telemetry, 'first');
    const before = heapBytes();
    const beganMs = performance.now();
    await flood(telemetry, IDS);
    const tookMs = performance.now() - beganMs;
    const grown = heapBytes() - before;
    figure(
      'invented ids',
      `${what}: ${IDS} in ${Math.round(tookMs)} ms, ${calls} lookups, ${Math.round(grown / MIB)} MiB more`,
    );
    // One that hangs is given up after five seconds, and nothing can stop the host's function.
    const rounds = what === 'hangs' ? 1 + Math.floor(tookMs / 4_900) : 1;
    expect(most).toBeLessThanOrEqual(MAX_AT_ONCE * rounds);
    // Failed ones are asked for again, which costs no more than those that hang.
    const perId = what === 'throws' ? 6 : 1;
    expect(calls).toBeLessThanOrEqual(perId * (1 + AT_ONCE + (PER_SECOND * tookMs) / 1_000 + PER_SECOND));
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
    const { count, totals } = telemetry.status().tenants;
    expect(count).toBeLessThanOrEqual(20_000);
    expect(totals.logs?.accepted).toBe(IDS + 1);
    expect(telemetry.status().memory.tenantsBytes).toBeLessThanOrEqual(64 * MIB);
    expectLaw(telemetry);
  });
});
