/**
 * T40: SIGKILL at random times. Nothing is kept on disk, so what waits for the next flush or is in flight is lost; nothing
 * older is. The short form kills ten gateways, the full one two hundred.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOtlpReceiver, type OtlpReceiver } from '../../../src/testing/index.js';
import { createChildRunner, type ChildRunner } from '../../delivery/child.js';
import {
  canaryOf,
  expectNoForeignCanaries,
  expectOfficialPayloads,
  marksAt,
  spanMarksAt,
} from '../../delivery/support.js';
import { createRandom } from '../support.js';

const IS_SHORT = process.env['GATEWAY_OTEL_LONG'] === 'short';
const KILLS = IS_SHORT ? 10 : 200;
const AT_ONCE = IS_SHORT ? 5 : 4;
/** The full form keeps the default. */
const FLUSH_INTERVAL_MS = IS_SHORT ? 250 : 1_000;
/** From the first request on. */
const MIN_LIFE_MS = FLUSH_INTERVAL_MS;
const MAX_LIFE_MS = 4 * FLUSH_INTERVAL_MS;
const TICK_MS = 10;
const REQUESTS_A_TICK = 2;
/** A longer pause between two requests is one of the machine's, in which the gateway could not flush either. */
const MAX_GAP_MS = 5 * TICK_MS;
/** The flush interval is jittered by a fifth. */
const JITTER = 1.2;
/** In flight: a round trip on loopback, on a machine that has four gateways and this test to run on two cores. */
const IN_FLIGHT_MS = 250;
const MAX_LOSS_MS = FLUSH_INTERVAL_MS * JITTER + IN_FLIGHT_MS;
const TENANTS = ['acme', 'globex'] as const;

/**
 * Says on its output which requests are about to end, then ends them: pipes are written at once, so that no line is lost
 * with the process, and nothing can arrive of which there is no line. Another thread of it kills it as `kill -9` would,
 * between any two instructions, wherever timers and exports are.
 */
const PROGRAM = `
  const { writeSync } = require('node:fs');
  const { Worker } = require('node:worker_threads');
  const telemetry = gateway.createGatewayTelemetry(argument.options);
  const die = 'setTimeout(() => process.kill(process.pid, "SIGKILL"), ' + argument.lifeMs + ')';
  let number = 0;
  setInterval(() => {
    if (number === 0) new Worker(die, { eval: true });
    for (let count = 0; count < argument.requestsATick; count++, number++) {
      const tenant = argument.tenants[number % argument.tenants.length];
      const exchange = telemetry.begin({ method: 'GET', url: '/r/' + argument.name + '-' + number, headers: {} });
      exchange.setTenant(tenant);
      exchange.setTenantAttribute('canary', 'canary<' + tenant + '>');
      writeSync(1, performance.now() + '\\n');
      exchange.end({ statusCode: 200 });
    }
  }, argument.tickMs);`;

let children: ChildRunner;
const receivers = new Map<string, OtlpReceiver>();
beforeAll(async () => {
  children = createChildRunner();
  for (const owner of ['operator', ...TENANTS]) receivers.set(owner, await startOtlpReceiver());
});
afterAll(async () => {
  children.close();
  for (const receiver of receivers.values()) await receiver.close();
});

const at = (owner: string): OtlpReceiver => {
  const receiver = receivers.get(owner);
  if (receiver === undefined) throw new Error(`There is no receiver ${owner}.`);
  return receiver;
};

/** Runs one gateway until it is killed; when each of its requests ended, in milliseconds in which it ran. */
async function killedGateway(name: string, lifeMs: number): Promise<readonly number[]> {
  const options = {
    env: false,
    tenantEgress: 'open',
    operator: { endpoint: at('operator').url },
    tenants: Object.fromEntries(TENANTS.map((id) => [id, { endpoint: at(id).url }])),
    delivery: {
      operator: { flushIntervalMs: FLUSH_INTERVAL_MS },
      tenants: { flushIntervalMs: FLUSH_INTERVAL_MS },
    },
  };
  const pace = { tickMs: TICK_MS, requestsATick: REQUESTS_A_TICK };
  const { signal, errors, output } = await children.run(
    PROGRAM,
    { options, name, lifeMs, tenants: TENANTS, ...pace },
    60_000,
  );
  expect({ signal, errors }).toEqual({ signal: 'SIGKILL', errors: '' });
  const wallMs = output.trimEnd().split('\n').map(Number);
  let ranMs = 0;
  return wallMs.map((atMs, index) => (ranMs += Math.min(MAX_GAP_MS, atMs - (wallMs[index - 1] ?? atMs))));
}

it('T40: a gateway that is killed loses what waited for the next flush and what was in flight, and nothing older', async () => {
  const random = createRandom(40);
  const ended = new Map<string, readonly number[]>();
  const lives = Array.from(
    { length: KILLS },
    () => MIN_LIFE_MS + random() * (MAX_LIFE_MS - MIN_LIFE_MS),
  ).entries();
  const killOneAfterTheOther = async (): Promise<void> => {
    for (const [index, lifeMs] of lives) ended.set(`g${index}`, await killedGateway(`g${index}`, lifeMs));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, killOneAfterTheOther));
  // What a dead gateway had written into its sockets still arrives.
  await new Promise((resolve) => setTimeout(resolve, 200));

  const places: readonly (readonly [string, readonly string[], (number: number) => boolean])[] = [
    ['spans of the operator', spanMarksAt(at('operator')), () => true],
    ['log records of the operator', marksAt(at('operator')), () => true],
    ...TENANTS.map(
      (id, index) =>
        [`log records of ${id}`, marksAt(at(id)), (n: number) => n % TENANTS.length === index] as const,
    ),
  ];
  const lossesMs: number[] = [];
  let lost = 0;
  let recorded = 0;
  for (const [place, marks, isItsOwn] of places) {
    const arrived = new Set(marks);
    expect(marks.length, `${place}: nothing arrives twice`).toBe(arrived.size);
    let expected = 0;
    for (const [name, times] of ended) {
      const own = [...times.keys()].filter(isItsOwn);
      const missing = own.filter((number) => !arrived.has(`${name}-${number}`));
      expected += own.length - missing.length;
      recorded += own.length;
      lost += missing.length;
      const diedMs = times.at(-1) ?? 0;
      const lossMs = diedMs - (times[missing[0] ?? times.length] ?? diedMs);
      expect(lossMs, `${place}, ${name}, which ran for ${diedMs} ms`).toBeLessThanOrEqual(MAX_LOSS_MS);
      lossesMs.push(lossMs);
    }
    expect(arrived.size, `${place}: nothing arrives that was not recorded`).toBe(expected);
  }
  // Or it would not have been killed at work.
  expect(lost).toBeGreaterThan(0);
  expectNoForeignCanaries(new Map(TENANTS.map((id) => [id, [at(id)]])));
  expect(at('globex').logs.every(({ attributes }) => attributes['canary'] === canaryOf('globex'))).toBe(true);
  expectOfficialPayloads(receivers.values());
  lossesMs.sort((a, b) => a - b);
  console.log(
    `T40: ${KILLS} kills, flush interval ${FLUSH_INTERVAL_MS} ms: age of the oldest loss p50 ` +
      `${lossesMs[Math.floor(lossesMs.length / 2)]?.toFixed()} ms, max ${lossesMs.at(-1)?.toFixed()} ms; ` +
      `${lost} of ${recorded} records lost, duplicates 0`,
  );
});
