/** T16: a receiver takes so many bytes and answers 413 to more. Splitting by itself: the unit tests of delivery. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions, GatewayTelemetry, Ledger } from '../../src/index.js';
import { decodeOtlpRequest, type OtlpSignal } from '../../src/testing/index.js';
import { droppedOf, eventually, expectLaw, send, withTelemetry } from '../delivery/support.js';
import { watchUnhandled } from '../support/unhandled.js';
import { createRandom, figure, OK, startCollector, VICTIM, type Call } from './support.js';

const SEEDS = [16, 413, 2_026];
const ITEMS = 60;
/** Of one item; the limit of the receiver is drawn so that some items are larger than it by themselves. */
const MAX_ITEM_BYTES = 12_000;
const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n';

interface Scenario {
  readonly signal: OtlpSignal;
  readonly destination: (endpoint: string) => GatewayOptions;
  /** One item of about so many bytes that is told by its mark. */
  readonly record: (telemetry: GatewayTelemetry, mark: string, bytes: number) => void;
  readonly ledger: (telemetry: GatewayTelemetry) => Ledger | undefined;
  /** The marks in a request, in its order. */
  readonly marks: (body: Buffer) => string[];
}

const only = (signal: OtlpSignal) => ({
  traces: signal === 'traces',
  logs: signal === 'logs',
  metrics: signal === 'metrics',
});

/** In pieces, because one value has at most 4,096 characters. */
const padding = (bytes: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: Math.ceil(bytes / 4_000) }, (_unused, index) => [
      `pad-${index}`,
      'x'.repeat(Math.min(4_000, bytes - index * 4_000)),
    ]),
  );

/** Every text of a request that is a mark: `mark<7>`. */
function marksIn(signal: OtlpSignal, body: Buffer): string[] {
  const found: string[] = [];
  JSON.stringify(decodeOtlpRequest(signal, body), (_key, value: unknown) => {
    const mark = typeof value === 'string' ? /mark<(\d+)>/.exec(value)?.[1] : undefined;
    if (mark !== undefined && found.at(-1) !== mark) found.push(mark);
    return typeof value === 'bigint' ? Number(value) : value;
  });
  return found;
}

const SCENARIOS: readonly Scenario[] = [
  {
    signal: 'logs',
    destination: (endpoint) => ({
      tenants: { [VICTIM]: { endpoint, compression: 'none', signals: { metrics: false } } },
    }),
    record: (telemetry, mark, bytes) => send(telemetry, VICTIM, mark, padding(bytes)),
    ledger: (telemetry) => telemetry.status(VICTIM).destinations[0]?.signals.logs?.ledger,
    marks: (body) => marksIn('logs', body),
  },
  {
    signal: 'traces',
    destination: (endpoint) => ({ operator: { endpoint, compression: 'none', signals: only('traces') } }),
    record: (telemetry, mark, bytes) => {
      const exchange = telemetry.begin({ method: 'GET', url: `/r/${mark}`, headers: {} });
      exchange.setAttributes(padding(bytes));
      exchange.end({ statusCode: 200 });
    },
    ledger: (telemetry) => telemetry.status().operator[0]?.signals.traces?.ledger,
    marks: (body) => marksIn('traces', body),
  },
];

describe('T16: of a batch that is too large every item is delivered or counted as too large', () => {
  it.each(SCENARIOS.flatMap((scenario) => SEEDS.map((seed) => [scenario.signal, seed, scenario] as const)))(
    '%s, seed %i',
    async (signal, seed, scenario) => {
      const random = createRandom(seed);
      const sizes = Array.from({ length: ITEMS }, () => Math.ceil(random() ** 3 * MAX_ITEM_BYTES));
      // At least this one is larger than any limit that is drawn.
      sizes[Math.floor(random() * ITEMS)] = MAX_ITEM_BYTES;
      const maxBytes = Math.round(2_000 + random() * MAX_ITEM_BYTES * 0.8);
      const taken: string[] = [];
      let refused = 0;
      let largest = 0;
      const collector = await startCollector({
        onCall({ socket, body }: Call) {
          if (body.length > maxBytes) refused++;
          else {
            largest = Math.max(largest, body.length);
            taken.push(...scenario.marks(body));
          }
          socket.write(body.length > maxBytes ? TOO_LARGE : OK);
        },
      });
      const unhandled = watchUnhandled();
      try {
        // One batch of all, and one request at a time, so that the order on the wire is the engine's.
        const queue = { maxBatchBytes: 4 * 1024 * 1024, flushIntervalMs: 60_000, maxInFlight: 1 };
        await withTelemetry(
          {
            ...scenario.destination(collector.url),
            metrics: { intervalMs: 86_400_000 },
            delivery: { operator: queue, tenants: { ...queue, maxBytes: 16 * 1024 * 1024 } },
          },
          async (telemetry) => {
            sizes.forEach((bytes, mark) => scenario.record(telemetry, `mark<${mark}>`, bytes));
            await telemetry.flush({ timeoutMs: 5_000 });
            await eventually(() => expect(scenario.ledger(telemetry)?.buffered).toBe(0));
            const ledger = scenario.ledger(telemetry);
            const tooLarge = ledger?.dropped.too_large ?? 0;
            expect(ledger).toMatchObject({ accepted: ITEMS, delivered: taken.length, rejected: 0 });
            expect(droppedOf(ledger), 'nothing is lost for another reason').toBe(tooLarge);
            // Each once, in the order in which they were recorded.
            expect(taken).toEqual([...new Set(taken)].sort((a, b) => Number(a) - Number(b)));
            // What does not fit even alone is all that is missing; the rest of a request is under 1 KiB.
            for (const [mark, bytes] of sizes.entries()) {
              if (bytes + 1_024 <= maxBytes) expect(taken, `${bytes} of ${maxBytes}`).toContain(`${mark}`);
              if (bytes > maxBytes) expect(taken, `${bytes} of ${maxBytes}`).not.toContain(`${mark}`);
            }
            expect(tooLarge).toBeGreaterThan(0);
            expect(collector.calls.length).toBeLessThanOrEqual(2 * ITEMS);
            expectLaw(telemetry, [VICTIM]);
            figure(
              'T16',
              `${signal}, at most ${maxBytes} bytes: ${taken.length} of ${ITEMS} delivered, ${tooLarge} too large, ` +
                `${collector.calls.length} requests, ${refused} of them refused; largest taken ${largest}`,
            );
          },
        );
        expect(unhandled.seen).toEqual([]);
      } finally {
        unhandled.stop();
        await collector.close();
      }
    },
  );
});

describe('T16: a reading that is too large', () => {
  it.each([
    ['cumulative', 16],
    ['delta', 413],
  ] as const)('of %s temporality reaches the receiver in parts, seed %i', async (temporality, seed) => {
    const maxBytes = Math.round(4_000 + createRandom(seed)() * 8_000);
    const ROUTES = 120;
    const collector = await startCollector({
      onCall: ({ socket, body }: Call) => void socket.write(body.length > maxBytes ? TOO_LARGE : OK),
    });
    try {
      await withTelemetry(
        {
          tenants: {
            [VICTIM]: { endpoint: collector.url, compression: 'none', temporality, signals: { logs: false } },
          },
          metrics: { intervalMs: 86_400_000 },
        },
        async (telemetry) => {
          for (let route = 0; route < ROUTES; route++) {
            const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
            exchange.setTenant(VICTIM);
            exchange.setRoute(`mark<${route}> ${'x'.repeat(100)}`);
            exchange.end({ statusCode: 200 });
          }
          await telemetry.flush({ timeoutMs: 5_000 });
          const ledger = () => telemetry.status(VICTIM).destinations[0]?.signals.metrics?.ledger;
          await eventually(() => expect(ledger()?.buffered).toBe(0));
          // A counter and a histogram for each route.
          expect(ledger()).toEqual({
            accepted: 2 * ROUTES,
            delivered: 2 * ROUTES,
            rejected: 0,
            dropped: {},
            buffered: 0,
          });
          const taken = collector.calls.filter(({ body }) => body.length <= maxBytes);
          const marks = taken.flatMap(({ body }) => marksIn('metrics', body));
          expect(marks).toHaveLength(2 * ROUTES);
          expect(new Set(marks).size).toBe(ROUTES);
          expect(collector.calls.length).toBeLessThanOrEqual(2 * 2 * ROUTES);
          expectLaw(telemetry, [VICTIM]);
          figure(
            'T16',
            `metrics, ${temporality}, at most ${maxBytes} bytes: ${ledger()?.delivered} of ${2 * ROUTES} points ` +
              `delivered, ${collector.calls.length} requests, ${collector.calls.length - taken.length} of them refused`,
          );
        },
      );
    } finally {
      await collector.close();
    }
  });
});
