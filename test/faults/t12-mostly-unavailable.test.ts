/** T12: 70 % of all answers are 503, at random (a case of the OpenTelemetry Collector's testbed). In virtual time. */
import { expect, it, vi } from 'vitest';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import { canaryOf, inWorld, marksAt, spanMarksAt } from '../delivery/support.js';
import { createRandom, figure, inVirtualTime, startCollector, OK, type Collector } from './support.js';

const ROUNDS = 30;
const TENANTS = ['t1', 't2', 't3'];
const NO = 'HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n';

interface LogsRequest {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly attributes: readonly {
          readonly key: string;
          readonly value: { readonly stringValue: string };
        }[];
      }[];
    }[];
  }[];
}

const marksIn = (body: Buffer): number[] =>
  (decodeOtlpRequest('logs', body) as never as LogsRequest).resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map(({ attributes }) => attributes.find(({ key }) => key === 'url.path')?.value.stringValue ?? '')
    .map((path) => Number(path.replace('/r/', '')));

it.each([11, 23])('T12: with 70 % of answers 503 everything arrives exactly once (seed %i)', async (seed) => {
  const random = createRandom(seed);
  vi.spyOn(Math, 'random').mockImplementation(random);
  let attempts = 0;
  /** Never more than five in a row, so that no unlucky run can outlast the age limit. */
  const mood = (): (() => boolean) => {
    const own = createRandom(seed + attempts);
    let inRow = 0;
    return () => {
      attempts++;
      inRow = own() < 0.7 && inRow < 5 ? inRow + 1 : 0;
      return inRow === 0;
    };
  };
  const collectors = new Map<string, Collector>();
  const delivered = new Map<string, Buffer[]>();
  for (const tenantId of TENANTS) {
    const works = mood();
    const taken: Buffer[] = [];
    delivered.set(tenantId, taken);
    const onCall: NonNullable<Parameters<typeof startCollector>[0]>['onCall'] = ({ socket, body }) => {
      const isGood = works();
      if (isGood) taken.push(body);
      socket.write(isGood ? OK : NO);
    };
    collectors.set(tenantId, await startCollector({ onCall }));
  }
  try {
    await inVirtualTime((started) =>
      inWorld(
        {
          receivers: [],
          configure: () => ({
            metrics: { intervalMs: 86_400_000 },
            tenants: Object.fromEntries(
              [...collectors].map(([id, { url }]) => [id, { endpoint: url, signals: { metrics: false } }]),
            ),
          }),
        },
        (world) =>
          started(async (time) => {
            const totals = () => world.telemetry.status().tenants.totals.logs;
            for (let round = 0; round < ROUNDS; round++) {
              for (const id of TENANTS) world.send(id, round);
              await time.pass(2_000);
            }
            await time.until(() => totals()?.buffered === 0, 290_000);
            await time.pass(3_000);
            const sent = ROUNDS * TENANTS.length;
            expect(totals()).toEqual({
              accepted: sent,
              delivered: sent,
              rejected: 0,
              dropped: {},
              buffered: 0,
            });
            let batches = 0;
            for (const [id, bodies] of delivered) {
              batches += bodies.length;
              const marks = bodies.flatMap(marksIn).sort((a, b) => a - b);
              expect(marks, id).toEqual(Array.from({ length: ROUNDS }, (_unused, round) => round));
              for (const other of TENANTS)
                expect(collectors.get(id)?.received().includes(canaryOf(other))).toBe(other === id);
            }
            expect(marksAt(world.at('operator'))).toHaveLength(sent);
            expect(spanMarksAt(world.at('operator'))).toHaveLength(sent);
            figure('T12', `loss 0 of ${sent}, ${(attempts / batches).toFixed(2)} tries per batch`);
          }),
      ),
    );
  } finally {
    vi.restoreAllMocks();
    for (const collector of collectors.values()) await collector.close();
  }
});
