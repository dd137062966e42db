/** The queue alone, with a clock and answers of our own: times that real sockets would take minutes for. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Health } from '../../src/delivery/health.js';
import type { Lane } from '../../src/delivery/lane.js';
import type { QueueOptions } from '../../src/index.js';
import type { Sender, SendResult } from '../../src/model/delivery.js';
import { makeHealth, makeLane, recordOf as record } from './lane-bench.js';

interface Bench {
  readonly lane: Lane;
  readonly health: Health;
  readonly sent: { readonly items: number; readonly bytes: number; readonly atMs: number }[];
  nowMs: number;
  answer(results: SendResult | Promise<SendResult>): void;
  /** Lets what was sent settle, and pumps as the scheduler would. */
  pump(): Promise<void>;
}

function setUp(maxBytes = 1024 * 1024, bounds: QueueOptions = {}): Bench {
  let next: SendResult | Promise<SendResult> = { kind: 'delivered', rejected: 0 };
  const sender: Sender = {
    update: () => undefined,
    close: () => undefined,
    async send(batch) {
      sent.push({ items: batch.items, bytes: batch.request().byteLength, atMs: bench.nowMs });
      return next;
    },
  };
  const sent: { items: number; bytes: number; atMs: number }[] = [];
  const bench: Bench = {
    ...makeLane({ sender, monotonicMs: () => bench.nowMs, bounds: { maxBytes, ...bounds } }),
    sent,
    nowMs: 1_000,
    answer(result) {
      next = result;
    },
    async pump() {
      bench.lane.pump();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
  return bench;
}

const expectLaw = ({ lane }: Bench): void => {
  const { accepted, delivered, rejected, dropped, buffered } = lane.queue.ledger();
  const lost = Object.values(dropped).reduce((sum, items) => sum + items, 0);
  expect(accepted).toBe(delivered + rejected + lost + buffered);
};

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => void vi.restoreAllMocks());

describe('the pause after a failure', () => {
  const pauseFor = async (result: SendResult): Promise<number> => {
    const bench = setUp();
    bench.answer(result);
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    expect(bench.sent).toHaveLength(1);
    bench.answer({ kind: 'delivered', rejected: 0 });
    const start = bench.nowMs;
    while (bench.sent.length < 2 && bench.nowMs - start < 400_000) {
      bench.nowMs += 250;
      await bench.pump();
    }
    expectLaw(bench);
    return (bench.sent[1]?.atMs ?? Number.NaN) - start;
  };

  it.each([
    [0, 1_000],
    [400, 1_000],
    [7_000, 7_000],
    [299_000, 299_000],
  ])('a Retry-After of %i ms is followed after %i ms', async (retryAfterMs, expected) => {
    expect(await pauseFor({ kind: 'retry', errorClass: 'http_503', retryAfterMs })).toBe(expected);
  });

  it('a Retry-After of years is cut to five minutes', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'http_503', retryAfterMs: 999_999_999_999_999_000 });
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    bench.nowMs += 200_000;
    bench.lane.add(record());
    await bench.pump();
    expect(bench.sent).toHaveLength(1);
    bench.nowMs += 100_000;
    bench.answer({ kind: 'delivered', rejected: 0 });
    await bench.pump();
    // The first record is over five minutes old by now; the second one is sent.
    expect(bench.sent).toHaveLength(2);
    expect(bench.lane.queue.ledger()).toMatchObject({ delivered: 1, dropped: { expired: 1 } });
    expectLaw(bench);
  });

  it('without a wish is about a second at first', async () => {
    expect(await pauseFor({ kind: 'retry', errorClass: 'connect' })).toBe(750);
  });

  it('grows to a minute and no further', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'connect' });
    while (bench.nowMs < 600_000) {
      bench.lane.add(record());
      bench.nowMs += 1_000;
      await bench.pump();
    }
    const gaps = bench.sent.map(({ atMs }, index) => atMs - (bench.sent[index - 1]?.atMs ?? atMs)).slice(1);
    expect(gaps[0]).toBeLessThan(2_001);
    expect(Math.max(...gaps)).toBeGreaterThan(30_000);
    expect(Math.max(...gaps)).toBeLessThan(65_001);
    expect(bench.health.state).toBe('failing');
    expectLaw(bench);
  });

  it('ends with a delivery, and then several may go at once again', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'connect' });
    for (let turn = 0; turn < 200; turn++) {
      bench.lane.add(record());
      bench.nowMs += 1_000;
      await bench.pump();
    }
    expect(bench.health.state).toBe('failing');
    bench.answer({ kind: 'delivered', rejected: 0 });
    for (let turn = 0; turn < 250; turn++) {
      bench.nowMs += 1_000;
      await bench.pump();
    }
    expect(bench.lane.queue.ledger()).toMatchObject({ accepted: 200, delivered: 200, buffered: 0 });
    expect(bench.health.state).toBe('active');
  });
});

describe('flush', () => {
  it('resolves when all that waits has become too old', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'http_503', retryAfterMs: 300_000 });
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    bench.nowMs += 301_000;
    let resolved = false;
    void bench.lane.flush().then(() => (resolved = true));
    await bench.pump();
    expect(bench.lane.queue.ledger()).toMatchObject({ dropped: { expired: 1 }, buffered: 0 });
    expect(resolved).toBe(true);
  });

  it('resolves when what it waits for had to make room', async () => {
    const bench = setUp(1_000);
    bench.answer(new Promise(() => undefined));
    bench.lane.add(record(400));
    bench.nowMs += 1_000;
    await bench.pump();
    bench.lane.add(record(400));
    let resolved = false;
    void bench.lane.flush().then(() => (resolved = true));
    bench.lane.close('shutdown');
    await bench.pump();
    expect(resolved).toBe(true);
    expectLaw(bench);
  });

  it('does not wait for the pause after a failure', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'http_503', retryAfterMs: 300_000 });
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    bench.answer({ kind: 'delivered', rejected: 0 });
    bench.health.tryNow();
    const flushed = bench.lane.flush();
    await bench.pump();
    await flushed;
    expect(bench.lane.queue.ledger()).toMatchObject({ delivered: 1, buffered: 0 });
  });
});

describe('a batch', () => {
  it('has at most 512 items', async () => {
    const bench = setUp();
    for (let item = 0; item < 1_100; item++) bench.lane.add(record());
    for (let turn = 0; turn < 5; turn++) {
      bench.nowMs += 1_000;
      await bench.pump();
    }
    expect(bench.sent.map(({ items }) => items)).toEqual([512, 512, 76]);
  });

  it('has at most 512 KiB', async () => {
    const bench = setUp(16 * 1024 * 1024);
    for (let item = 0; item < 100; item++) bench.lane.add(record(30_000));
    for (let turn = 0; turn < 10; turn++) {
      bench.nowMs += 1_000;
      await bench.pump();
    }
    expect(bench.sent.reduce((sum, { items }) => sum + items, 0)).toBe(100);
    for (const { bytes } of bench.sent) expect(bytes).toBeLessThanOrEqual(512 * 1024);
  });

  it("never holds a record over 256 KiB, which would push out everybody else's", async () => {
    const bench = setUp(16 * 1024 * 1024);
    bench.lane.add(record(600 * 1024));
    bench.lane.add(record(10));
    bench.nowMs += 1_000;
    await bench.pump();
    expect(bench.sent.map(({ items }) => items)).toEqual([1]);
    expect(bench.lane.queue.ledger()).toMatchObject({ accepted: 2, dropped: { too_large: 1 } });
  });

  it('is dropped when it is over five minutes old', async () => {
    const bench = setUp();
    bench.answer({ kind: 'retry', errorClass: 'connect' });
    bench.lane.add(record());
    for (let turn = 0; turn < 302; turn++) {
      bench.nowMs += 1_000;
      await bench.pump();
    }
    expect(bench.lane.queue.ledger()).toMatchObject({ dropped: { expired: 1 }, buffered: 0 });
    expect(bench.lane.queue.bytes).toBe(0);
  });
});

describe('the bound in bytes', () => {
  it('drops the oldest that waits, and the newest record survives every push', async () => {
    const bench = setUp();
    bench.answer(new Promise(() => undefined));
    // Large records, so that batches are closed by their bytes.
    for (let number = 0; number < 600; number++) {
      const isSomethingInFlight = bench.sent.length > 0;
      bench.lane.add(record(8_000));
      await bench.pump();
      expect(bench.lane.queue.bytes).toBeLessThanOrEqual(1024 * 1024);
      if (!isSomethingInFlight) continue;
      expect(bench.sent).toHaveLength(1);
      expect(bench.lane.queue.buffered, `record ${number} waits`).toBeGreaterThan(bench.sent[0]?.items ?? 0);
    }
    expectLaw(bench);
    expect(bench.lane.queue.ledger().dropped.queue_full).toBeGreaterThan(300);
  });
});

describe('rejections', () => {
  it('more than there were items count as all of them', async () => {
    const bench = setUp();
    bench.answer({ kind: 'delivered', rejected: 1_000 });
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    expect(bench.lane.queue.ledger()).toMatchObject({ accepted: 1, delivered: 0, rejected: 1 });
  });

  it('a sender that rejects is tried again and loses nothing', async () => {
    const bench = setUp();
    bench.answer(Promise.reject(new Error('bug')));
    bench.lane.add(record());
    bench.nowMs += 1_000;
    await bench.pump();
    expect(bench.lane.queue.ledger()).toMatchObject({ buffered: 1 });
    bench.answer({ kind: 'delivered', rejected: 0 });
    bench.nowMs += 2_000;
    await bench.pump();
    expect(bench.lane.queue.ledger()).toMatchObject({ delivered: 1, buffered: 0 });
  });
});

describe('requestsPerMinute', () => {
  it('makes batches larger before anything is lost', async () => {
    const bench = setUp();
    bench.health.limitTo(1);
    const endMs = bench.nowMs + 900_000;
    for (let added = 0; bench.nowMs < endMs; bench.nowMs += 250) {
      if (added++ % 4 === 0) bench.lane.add(record());
      await bench.pump();
    }
    expect(bench.sent.length).toBeLessThanOrEqual(16);
    expect(bench.lane.queue.ledger().dropped).toEqual({});
    expectLaw(bench);
  });
  it.each([1, 2, 6, 12])(
    '%i a minute lose nothing of what fits into so many requests',
    async (requestsPerMinute) => {
      const sent = { traces: 0, logs: 0 };
      let nowMs = 1_000;
      const monotonicMs = (): number => nowMs;
      const health = makeHealth({ monotonicMs, requestsPerMinute });
      const lanes = (['traces', 'logs'] as const).map((signal) => {
        const sender: Sender = {
          update: () => undefined,
          close: () => undefined,
          async send(batch) {
            sent[signal] += batch.items;
            return { kind: 'delivered', rejected: 0 };
          },
        };
        return makeLane({ sender, monotonicMs, signal, health }).lane;
      });
      // Half an hour with a request a second: of 512 that a batch may have, 120 at most come between two turns.
      for (let tick = 0; tick < 30 * 60 * 4; tick++) {
        if (tick % 4 === 0) for (const lane of lanes) lane.add(record());
        nowMs += 250;
        for (const lane of lanes) lane.pump();
        for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      }
      for (const { signal, queue } of lanes) {
        const { accepted, buffered, dropped } = queue.ledger();
        expect({ signal, accepted, dropped }).toEqual({ signal, accepted: 1_800, dropped: {} });
        expect(sent[signal as keyof typeof sent]).toBe(1_800 - buffered);
        expect(buffered).toBeLessThanOrEqual((2 * 60) / requestsPerMinute + 2);
      }
    },
  );
});
