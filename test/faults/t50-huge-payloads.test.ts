/** T50: items and batches far above the usual, at a receiver that takes 4 MiB: no bad one holds up those behind it. */
import { expect, it } from 'vitest';
import type { GatewayTelemetry } from '../../src/index.js';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import { droppedOf, eventually, spanMarksAt, type World } from '../delivery/support.js';
import {
  figure,
  ledgerOf,
  OK,
  startCollector,
  VICTIM,
  withVictim,
  withVictimInVirtualTime,
  type Call,
  type Collector,
} from './support.js';

const KIB = 1024;
const RECEIVER_MAX_BYTES = 4 * 1024 * KIB;
/** Of a request: the default of a batch and its envelope. */
const REQUEST_MAX_BYTES = 512 * KIB;
/** A value has at most so many characters. */
const VALUE_BYTES = 4_000;
/** Long enough for the flush interval, and short against any wait of a queue that stands still. */
const NO_STALL_MS = 4_000;

const status = (code: number): string => `HTTP/1.1 ${code} No\r\ncontent-length: 0\r\n\r\n`;

/** About so many bytes in pieces, for `send`. */
const padding = (bytes: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: Math.floor(bytes / VALUE_BYTES) }, (_unused, index) => [
      `pad-${index}`,
      'x'.repeat(VALUE_BYTES),
    ]),
  );

/** Takes 4 MiB, and says what it does with the rest of the requests. */
async function startStrict(answer: (call: Call) => number = () => 200): Promise<Collector> {
  return startCollector({
    onCall(call) {
      const code = call.body.length > RECEIVER_MAX_BYTES ? 413 : answer(call);
      call.socket.write(code === 200 ? OK : status(code));
    },
  });
}

/** The marks of the log records that a collector has taken, in order. */
function marksTaken({ calls }: Collector, isTaken: (call: Call) => boolean = () => true): string[] {
  const marks: string[] = [];
  for (const call of calls) {
    if (call.body.length > RECEIVER_MAX_BYTES || !isTaken(call)) continue;
    const tree = JSON.stringify(decodeOtlpRequest('logs', call.body), (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    for (const [, mark] of tree.matchAll(/"\/r\/([^"]+)"/g)) marks.push(mark ?? '');
  }
  return marks;
}

/** A span of the host's own of about so many bytes. */
function bigSpan({ tracer }: GatewayTelemetry, name: string, bytes: number): void {
  const span = tracer.startSpan(name, { attributes: { 'url.path': `/r/${name}` } });
  for (let left = bytes; left > 0; left -= VALUE_BYTES)
    span.addEvent('part', { pad: 'x'.repeat(Math.min(left, VALUE_BYTES)) });
  span.end();
}

const accountIsClosed = (world: World): Promise<void> =>
  eventually(() => expect(ledgerOf(world, VICTIM)?.buffered).toBe(0), NO_STALL_MS);

it('T50: an item of 70 KiB or 300 KiB is delivered or counted, and those before and behind it arrive at once', async () => {
  const collector = await startStrict();
  await withVictim(
    collector,
    async (world) => {
      const sizes = [0, 0, 70, 0, 300, 0, 0, 300, 70, 0].map((kib) => kib * KIB);
      sizes.forEach((bytes, index) => world.send(VICTIM, index, padding(bytes)));
      for (const [index, bytes] of sizes.entries()) bigSpan(world.telemetry, `span-${index}`, bytes);
      // Without a flush: the queue's own pace.
      const start = performance.now();
      await accountIsClosed(world);
      const small = [...sizes.keys()].filter((index) => sizes[index] === 0).map(String);
      const taken = marksTaken(collector);
      expect(taken.filter((mark) => small.includes(mark))).toEqual(small);
      const ledger = ledgerOf(world, VICTIM);
      expect(ledger).toMatchObject({ accepted: sizes.length, delivered: taken.length, rejected: 0 });
      expect(droppedOf(ledger)).toBe(ledger?.dropped.too_large ?? 0);
      // 300 KiB is beyond what a record may be.
      expect(ledger?.dropped.too_large).toBeGreaterThanOrEqual(2);
      for (const { body } of collector.calls) expect(body.length).toBeLessThanOrEqual(REQUEST_MAX_BYTES);
      await eventually(() => {
        const spans = spanMarksAt(world.at('operator')).filter((mark) => small.includes(mark.slice(5)));
        expect(spans.filter((mark) => mark.startsWith('span-'))).toEqual(small.map((mark) => `span-${mark}`));
      }, NO_STALL_MS);
      const lost = ledger?.dropped.too_large ?? 0;
      figure(
        'T50',
        `${sizes.length} log records up to 300 KiB: ${lost} too large, head-of-line stalls 0, ` +
          `all told after ${Math.round(performance.now() - start)} ms`,
      );
    },
    // The operator's own copies of the large ones count as lost too, the neighbour's do not.
    { options: { delivery: { tenants: { maxBytes: 16 * 1024 * KIB } } } },
  );
});

it('T50: more than 512 KiB at once are several requests, none larger than that', async () => {
  const collector = await startStrict();
  await withVictim(
    collector,
    async (world) => {
      const RECORDS = 25;
      for (let mark = 0; mark < RECORDS; mark++) world.send(VICTIM, mark, padding(60 * KIB));
      await accountIsClosed(world);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: RECORDS, delivered: RECORDS, dropped: {} });
      expect(marksTaken(collector)).toEqual(Array.from({ length: RECORDS }, (_unused, mark) => `${mark}`));
      const largest = Math.max(...collector.calls.map(({ body }) => body.length));
      expect(largest).toBeLessThanOrEqual(REQUEST_MAX_BYTES);
      figure('T50', `1.5 MiB at once: ${collector.calls.length} requests, the largest ${largest} bytes`);
    },
    { options: { delivery: { tenants: { maxBytes: 16 * 1024 * KIB } } } },
  );
});

it('T50: an item that the receiver refuses costs its batch at most, and the batches behind it arrive at once', async () => {
  const isTaken = ({ body }: Call): boolean => !body.includes('poison');
  const collector = await startStrict((call) => (isTaken(call) ? 200 : 400));
  await withVictim(
    collector,
    async (world) => {
      const BATCH = 5;
      const RECORDS = 10 * BATCH;
      const POISON = 2 * BATCH + 2;
      for (let mark = 0; mark < RECORDS; mark++) world.send(VICTIM, mark === POISON ? 'poison' : mark);
      await accountIsClosed(world);
      const ledger = ledgerOf(world, VICTIM);
      expect(ledger).toMatchObject({ accepted: RECORDS, dropped: {} });
      // OTLP: a 400 is not tried again, in whole or in part.
      expect(ledger?.rejected).toBe(BATCH);
      expect(marksTaken(collector, isTaken)).toHaveLength(RECORDS - BATCH);
      expect(collector.calls.filter((call) => !isTaken(call))).toHaveLength(1);
      figure('T50', `one refused item in ${RECORDS}: ${ledger?.rejected} rejected, head-of-line stalls 0`);
    },
    { options: { delivery: { tenants: { maxBatchItems: 5 } } } },
  );
});

it('T50: a batch at which the receiver always breaks down is given up at its age, and what is younger arrives', async () => {
  const isTaken = ({ body }: Call): boolean => !body.includes('poison');
  const collector = await startCollector({
    onCall: (call) => void (isTaken(call) ? call.socket.write(OK) : call.socket.resetAndDestroy()),
  });
  const MAX_AGE_MS = 20_000;
  await withVictimInVirtualTime(
    collector,
    async (world, time) => {
      world.send(VICTIM, 'poison');
      await time.until(() => collector.calls.length > 0, 5_000);
      await time.pass(MAX_AGE_MS / 2);
      for (const mark of [1, 2, 3]) world.send(VICTIM, mark);
      const start = time.now();
      await time.until(() => ledgerOf(world, VICTIM)?.buffered === 0, 2 * MAX_AGE_MS);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 4, delivered: 3, dropped: { expired: 1 } });
      expect(marksTaken(collector, isTaken)).toEqual(['1', '2', '3']);
      figure(
        'T50',
        `behind a batch that always resets: ${Math.round(time.now() - start)} ms of ${MAX_AGE_MS} ms age`,
      );
    },
    { options: { delivery: { tenants: { maxAgeMs: MAX_AGE_MS, maxRetryDelayMs: 4_000 } } } },
  );
});
