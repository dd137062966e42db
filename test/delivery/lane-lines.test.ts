/** A lane in the two lines that it may stand in, for a tenants' place and for its turn in the pace: it blocks nobody. */
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../src/delivery/lane.js';
import type { Places, PlaceTaker } from '../../src/delivery/places.js';
import type { Signal } from '../../src/index.js';
import type { Sender, SendResult } from '../../src/model/delivery.js';
import { makeHealth, makeLane, placesOf, recordOf } from './lane-bench.js';

let now = 1_000;
const monotonicMs = (): number => now;

interface Answering extends Sender {
  readonly sent: number;
  /** The oldest request that is under way ends so. */
  answer(result: SendResult): Promise<void>;
}

function answering(): Answering {
  const open: ((result: SendResult) => void)[] = [];
  let sent = 0;
  return {
    update: () => undefined,
    close: () => undefined,
    send: () => {
      sent++;
      return new Promise((resolve) => void open.push(resolve));
    },
    async answer(result) {
      open.shift()?.(result);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
    get sent() {
      return sent;
    },
  };
}

const add = (lane: Lane, items = 1): void => {
  for (let count = 0; count < items; count++) lane.add(recordOf());
  lane.queue.seal();
};

describe('a place', () => {
  const someone = (): PlaceTaker => ({
    standing: 'quick',
    needsHandshake: false,
    onPlace: () => undefined,
  });
  const onePlace = (): Places => placesOf(1, monotonicMs);

  it.each<[string, SendResult]>([
    ['delivered', { kind: 'delivered', rejected: 0 }],
    ['failed', { kind: 'retry', errorClass: 'connect' }],
    ['refused', { kind: 'refused', errorClass: 'http_400', reason: 'rejected' }],
    ['too large', { kind: 'refused', errorClass: 'http_413', reason: 'too_large' }],
  ])('is free again when a request has ended: %s', async (_how, result) => {
    const places = onePlace();
    const sender = answering();
    const { lane } = makeLane({ sender, monotonicMs, places });
    add(lane, 2);
    lane.pump();
    expect(places.taken).toBe(1);
    await sender.answer(result);
    expect(places.taken).toBe(0);
  });

  it('is free again when a request has ended whose lane is closed, and not before', async () => {
    const places = onePlace();
    const sender = answering();
    const { lane } = makeLane({ sender, monotonicMs, places });
    add(lane);
    lane.pump();
    lane.close('destination_changed');
    expect(places.taken).toBe(1);
    await sender.answer({ kind: 'retry', errorClass: 'timeout' });
    expect(places.taken).toBe(0);
  });

  it.each<[string, (lane: Lane) => void]>([
    ['is to wait after a failure', (lane) => lane.pump()],
    [
      'has lost what waited',
      (lane) => {
        lane.queue.limitBytes(0, 'memory_pressure');
        lane.pump();
      },
    ],
    ['is closed', (lane) => lane.close('destination_changed')],
  ])('is not kept for a lane that %s', (what, change) => {
    const places = onePlace();
    places.take(someone());
    const { lane, health } = makeLane({ sender: answering(), monotonicMs, places });
    add(lane);
    lane.pump();
    const next = someone();
    expect(places.take(next)).toBeUndefined();
    if (what.includes('failure')) {
      health.sent('logs');
      health.settled('logs', { kind: 'retry', errorClass: 'http_503', retryAfterMs: 60_000 });
    }
    change(lane);
    places.give('quick');
    expect(places.take(next)).toBeDefined();
  });
});

describe('a turn', () => {
  /** Logs stand in line for the next request of a minute's sixty; traces come after them. */
  function inLine(): { readonly logs: Lane; readonly traces: Lane; readonly sentTraces: () => number } {
    const health = makeHealth({ monotonicMs, requestsPerMinute: 60 });
    const senders = { logs: answering(), traces: answering() };
    const laneOf = (signal: Signal, sender: Sender): Lane =>
      makeLane({ sender, monotonicMs, signal, health, bounds: { maxInFlight: 4 } }).lane;
    const [logs, traces] = [laneOf('logs', senders.logs), laneOf('traces', senders.traces)];
    add(traces);
    traces.pump();
    add(logs);
    logs.pump();
    add(traces);
    traces.pump();
    expect([senders.logs.sent, senders.traces.sent]).toEqual([0, 1]);
    now += 1_500;
    traces.pump();
    expect(senders.traces.sent, 'the logs come first').toBe(1);
    return { logs, traces, sentTraces: () => senders.traces.sent };
  }

  it.each<[string, (lane: Lane) => void]>([
    [
      'has lost what waited',
      (lane) => {
        lane.queue.limitBytes(0, 'memory_pressure');
        lane.pump();
      },
    ],
    ['is closed', (lane) => lane.close('destination_changed')],
    ['drains, on its own from now on', (lane) => lane.leaveHealth()],
  ])('is not kept for a lane that %s', (_what, change) => {
    const { logs, traces, sentTraces } = inLine();
    change(logs);
    traces.pump();
    expect(sentTraces()).toBe(2);
  });
});

it('a lane that goes on alone takes along what it has under way: nobody else waits for it', async () => {
  const sender = answering();
  const health = makeHealth({ monotonicMs, bounds: { maxInFlight: 1 } });
  const { lane } = makeLane({ sender, monotonicMs, health, bounds: { maxInFlight: 1 } });
  add(lane);
  lane.pump();
  expect(health.mayStart('logs', 1)).toBe('busy');
  lane.leaveHealth();
  expect(health.mayStart('logs', 1)).toBe('go');
  await sender.answer({ kind: 'retry', errorClass: 'connect' });
  expect(health.mayStart('logs', 1)).toBe('go');
  expect(lane.queue.ledger()).toMatchObject({ accepted: 1, buffered: 1 });
});
