import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricReading, TakenReading } from '../../src/model/delivery.js';
import type { Loss } from '../../src/model/loss.js';
import { namesFor } from '../../src/model/names.js';
import { createEncoders, createEnvelopes } from '../../src/otlp/encoders.js';
import { createLossReading } from '../../src/signals/loss-metrics.js';
import { takenPoints } from '../support/taken-points.js';

const source = {
  names: namesFor('edge'),
  scope: { name: 'gateway-otel', version: '1', bytes: createEnvelopes().scope('gateway-otel', '1') },
  encoders: createEncoders(),
};
const START_MS = 1_753_500_000_000;
const nanos = (ms: number): bigint => BigInt(ms) * 1_000_000n;

const TEMPORALITIES = ['cumulative', 'delta'] as const;

interface Subject {
  readonly reading: MetricReading;
  readonly losses: Loss[];
}

function subject(temporality: (typeof TEMPORALITIES)[number]): Subject {
  const losses: Loss[] = [];
  return { losses, reading: createLossReading(source, temporality, () => losses, START_MS) };
}

/** What a reading tells: items by signal and reason. */
function told(parts: Iterable<TakenReading>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    takenPoints(parts).map(({ attributes, value }) => [
      `${String(attributes['signal'])} ${String(attributes['reason'])}`,
      value,
    ]),
  );
}

function settle(parts: Iterable<TakenReading>, result: 'accepted' | 'lost'): void {
  for (const part of parts) part.settle(result);
}

describe.each(TEMPORALITIES)('the counter of losses, %s', (temporality) => {
  it('is a monotonic integer sum with signal and reason, since the start', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'queue_full', items: 3 });
    const [part, ...more] = [...reading.take(START_MS + 5)];
    expect(more).toEqual([]);
    const [point, ...others] = takenPoints(part === undefined ? [] : [part]);
    expect(others).toEqual([]);
    expect(point).toMatchObject({
      name: 'edge.telemetry.lost',
      unit: '{item}',
      type: 'sum',
      temporality,
      isMonotonic: true,
      attributes: { signal: 'logs', reason: 'queue_full' },
      value: 3,
      startTimeUnixNano: nanos(START_MS),
      timeUnixNano: nanos(START_MS + 5),
      scope: { name: 'gateway-otel', version: '1' },
    });
    expect(point?.description).not.toBe('');
    expect(part?.readable()).toMatchObject({
      scope: { name: 'gateway-otel', version: '1' },
      metrics: [{ descriptor: { name: 'edge.telemetry.lost' }, dataPoints: [{ value: 3 }] }],
    });
  });

  it('has nothing to tell while nothing is lost', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'expired', items: 0 });
    expect(reading.hasNews()).toBe(false);
    expect([...reading.take(START_MS + 1)]).toEqual([]);
  });

  it('adds up what is lost for the same reason in two places', () => {
    const { reading, losses } = subject(temporality);
    losses.push(
      { signal: 'logs', reason: 'expired', items: 2 },
      { signal: 'logs', reason: 'expired', items: 5 },
    );
    losses.push({ signal: 'metrics', reason: 'expired', items: 1 });
    losses.push({ signal: 'logs', reason: 'rejected', items: 4 });
    expect(told(reading.take(START_MS + 1))).toEqual({
      'logs expired': 7,
      'metrics expired': 1,
      'logs rejected': 4,
    });
  });

  it('has news until a reading is accepted, and again with the next loss', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'refused', items: 1 });
    expect(reading.hasNews()).toBe(true);
    const taken = reading.take(START_MS + 1);
    expect(reading.hasNews()).toBe(true);
    settle(taken, 'accepted');
    expect(reading.hasNews()).toBe(false);
    losses.push({ signal: 'logs', reason: 'shutdown', items: 1 });
    expect(reading.hasNews()).toBe(true);
  });

  it('tells again what a lost reading told', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    settle(reading.take(START_MS + 1), 'lost');
    expect(reading.hasNews()).toBe(true);
    losses.push({ signal: 'logs', reason: 'refused', items: 3 });
    const again = [...reading.take(START_MS + 2)];
    expect(told(again)).toEqual({ 'logs refused': 5 });
    expect(takenPoints(again)[0]?.startTimeUnixNano).toBe(nanos(START_MS));
  });

  it('keeps as news what is lost between take and settle', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    const taken = reading.take(START_MS + 1);
    losses.push({ signal: 'traces', reason: 'refused', items: 7 });
    settle(taken, 'accepted');
    expect(reading.hasNews()).toBe(true);
    expect(told(reading.take(START_MS + 2))['traces refused']).toBe(7);
  });

  it('has no news while only data points are lost, and tells them with the next other loss', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'metrics', reason: 'refused', items: 7 });
    expect(reading.hasNews()).toBe(false);
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    expect(told(reading.take(START_MS + 1))).toEqual({ 'logs refused': 2, 'metrics refused': 7 });
  });

  it('never ends before it starts, whatever the clock does', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    const [before] = takenPoints(reading.take(START_MS - 3_600_000));
    expect(before?.startTimeUnixNano).toBe(nanos(START_MS - 3_600_000));
    const [after] = takenPoints(reading.take(START_MS + 10));
    expect(after?.startTimeUnixNano).toBe(before?.startTimeUnixNano);
  });

  it('has nothing to tell after its end', () => {
    const { reading, losses } = subject(temporality);
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    settle(reading.take(START_MS + 1), 'accepted');
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    reading.close();
    expect(reading.hasNews()).toBe(false);
    expect([...reading.take(START_MS + 2)]).toEqual([]);
  });
});

describe('a cumulative destination', () => {
  it('is told all since the start with each reading, also what it knows', () => {
    const { reading, losses } = subject('cumulative');
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    settle(reading.take(START_MS + 1), 'accepted');
    losses.push({ signal: 'logs', reason: 'expired', items: 1 });
    const taken = [...reading.take(START_MS + 2)];
    expect(told(taken)).toEqual({ 'logs refused': 2, 'logs expired': 1 });
    for (const point of takenPoints(taken)) expect(point.startTimeUnixNano).toBe(nanos(START_MS));
  });
});

describe('a delta destination', () => {
  it('is told only what is new, in intervals that join', () => {
    const { reading, losses } = subject('delta');
    losses.push({ signal: 'logs', reason: 'refused', items: 2 });
    settle(reading.take(START_MS + 1), 'accepted');
    losses[0] = { signal: 'logs', reason: 'refused', items: 5 };
    const taken = [...reading.take(START_MS + 9)];
    expect(told(taken)).toEqual({ 'logs refused': 3 });
    expect(takenPoints(taken)[0]).toMatchObject({
      startTimeUnixNano: nanos(START_MS + 1),
      timeUnixNano: nanos(START_MS + 9),
    });
  });

  it('has been told every loss once when its last reading is accepted, whichever were lost before', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          signal: fc.constantFrom('logs' as const, 'traces' as const),
          reason: fc.constantFrom('refused' as const, 'expired' as const, 'rejected' as const),
          items: fc.integer({ min: 1, max: 1000 }),
        }),
        fc.constantFrom('accepted' as const, 'lost' as const),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (plan) => {
        const { reading, losses } = subject('delta');
        const sums: Record<string, number> = {};
        let nowMs = START_MS;
        for (const step of [...plan, 'accepted' as const]) {
          if (typeof step === 'object') {
            losses.push(step);
            continue;
          }
          expect(reading.hasNews()).toBe(Object.keys(told(reading.take(nowMs))).length > 0);
          const taken = [...reading.take(++nowMs)];
          if (step === 'accepted') {
            for (const [key, items] of Object.entries(told(taken)))
              sums[key] = (sums[key] ?? 0) + Number(items);
          }
          settle(taken, step);
        }
        const lost: Record<string, number> = {};
        for (const { signal, reason, items } of losses)
          lost[`${signal} ${reason}`] = (lost[`${signal} ${reason}`] ?? 0) + items;
        expect(sums).toEqual(lost);
        expect(reading.hasNews()).toBe(false);
      }),
    );
  });
});
