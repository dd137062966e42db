/** T50: batches and readings larger than the 4 MiB that the receiver takes, and one item in a batch that it never takes. */
import { expect, it } from 'vitest';
import { eventually, expectLaw, withTelemetry } from '../delivery/support.js';
import {
  figure,
  ledgerOf,
  OK,
  startCollector,
  VICTIM,
  withVictim,
  type Call,
  type Collector,
} from './support.js';

const MIB = 1024 * 1024;
const RECEIVER_MAX_BYTES = 4 * MIB;
const NO_STALL_MS = 6_000;
const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n';

const startLimited = (isTaken: (call: Call) => boolean): Promise<Collector> =>
  startCollector({
    onCall: (call) => void call.socket.write(isTaken(call) ? OK : TOO_LARGE),
  });

const isSmallEnough = ({ body }: Call): boolean => body.length <= RECEIVER_MAX_BYTES;

it('T50: batches that a host has made larger than the receiver takes arrive in parts', async () => {
  const collector = await startLimited(isSmallEnough);
  const RECORDS = 100;
  const pad = Object.fromEntries(
    Array.from({ length: 15 }, (_unused, at) => [`pad-${at}`, 'x'.repeat(4_000)]),
  );
  await withVictim(
    collector,
    async (world) => {
      for (let mark = 0; mark < RECORDS; mark++) world.send(VICTIM, mark, pad);
      await eventually(() => expect(ledgerOf(world, VICTIM)?.buffered).toBe(0), NO_STALL_MS);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: RECORDS, delivered: RECORDS, dropped: {} });
      const sizes = collector.calls.filter(isSmallEnough).map(({ body }) => body.length);
      expect(collector.calls.length).toBeLessThanOrEqual(8);
      figure(
        'T50',
        `6 MiB in one batch: ${collector.calls.length} requests, the largest taken ${Math.max(...sizes)} bytes`,
      );
    },
    { options: { delivery: { tenants: { maxBytes: 64 * MIB, maxBatchBytes: 16 * MIB } } } },
  );
});

it('T50: one item that the receiver calls too large is lost alone', async () => {
  const collector = await startLimited(({ body }) => !body.includes('poison'));
  await withVictim(collector, async (world) => {
    const RECORDS = 50;
    for (let mark = 0; mark < RECORDS; mark++) world.send(VICTIM, mark === 22 ? 'poison' : mark);
    await eventually(() => expect(ledgerOf(world, VICTIM)?.buffered).toBe(0), NO_STALL_MS);
    expect(ledgerOf(world, VICTIM)).toMatchObject({
      accepted: RECORDS,
      delivered: RECORDS - 1,
      rejected: 0,
      dropped: { too_large: 1 },
    });
    // Halving finds one of fifty in six steps, of two requests each.
    expect(collector.calls.length).toBeLessThanOrEqual(1 + 2 * 6);
    figure(
      'T50',
      `one of ${RECORDS} never taken: ${RECORDS - 1} delivered by ${collector.calls.length} requests`,
    );
  });
});

it('T50: a reading of more than the receiver takes arrives in parts', async () => {
  const collector = await startLimited(isSmallEnough);
  const SERIES = 6_000;
  try {
    await withTelemetry(
      {
        operator: { endpoint: collector.url, signals: { traces: false, logs: false } },
        metrics: { intervalMs: 86_400_000, maxSeries: 2 * SERIES },
      },
      async (telemetry) => {
        for (let series = 0; series < SERIES; series++) {
          const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
          exchange.setRoute(`route ${series} ${'x'.repeat(240)}`);
          exchange.end({ statusCode: 200 });
        }
        const { complete, operator } = await telemetry.flush({ timeoutMs: NO_STALL_MS });
        expect(complete).toBe(true);
        expect(operator.metrics).toEqual({
          accepted: 2 * SERIES,
          delivered: 2 * SERIES,
          rejected: 0,
          dropped: {},
          buffered: 0,
        });
        const bytes = collector.calls.filter(isSmallEnough).reduce((sum, { body }) => sum + body.length, 0);
        expect(bytes, 'it would not have fitted in one').toBeGreaterThan(RECEIVER_MAX_BYTES);
        expectLaw(telemetry);
        figure('T50', `a reading of ${bytes} bytes: ${collector.calls.length} requests`);
      },
    );
  } finally {
    await collector.close();
  }
});
