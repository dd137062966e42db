/** The state machine of one destination, with a clock of its own: every transition, and who may send when. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Health } from '../../src/delivery/health.js';
import type { QueueOptions, Signal } from '../../src/index.js';
import type { SendResult } from '../../src/model/delivery.js';
import { makeHealth } from './lane-bench.js';

const OK: SendResult = { kind: 'delivered', rejected: 0 };
const DOWN: SendResult = { kind: 'retry', errorClass: 'connect' };
const NOT_FOUND: SendResult = { kind: 'refused', errorClass: 'http_404', reason: 'refused' };
const UNAUTHORIZED: SendResult = { kind: 'refused', errorClass: 'http_401', reason: 'unauthorized' };
const TOO_LARGE: SendResult = { kind: 'refused', errorClass: 'http_413', reason: 'too_large' };
const THROTTLED: SendResult = { kind: 'retry', errorClass: 'http_429', isThrottled: true };
const waitFor = (retryAfterMs: number): SendResult => ({
  kind: 'retry',
  errorClass: 'http_503',
  retryAfterMs,
});

const HOUR_MS = 3_600_000;
const MAX_IN_FLIGHT = 4;

class Bench {
  nowMs = 1_000;
  readonly changes: string[] = [];
  readonly health: Health;

  constructor(bounds: QueueOptions = {}, requestsPerMinute?: number) {
    this.health = makeHealth({
      bounds,
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      monotonicMs: () => this.nowMs,
      onChange: (from, to) => this.changes.push(`${from} > ${to}`),
    });
  }

  may(signal: Signal = 'logs'): string {
    return this.health.mayStart(signal, MAX_IN_FLIGHT);
  }

  /** One request from begin to end, at once whatever the wait. */
  meet(result: SendResult, signal: Signal = 'logs'): void {
    this.health.tryNow();
    expect(this.may(signal)).toBe('go');
    this.health.sent(signal);
    this.health.settled(signal, result);
  }

  /** How many may begin at once; they are under way afterwards. */
  start(signal: Signal = 'logs'): number {
    let started = 0;
    while (this.may(signal) === 'go') {
      this.health.sent(signal);
      started++;
    }
    return started;
  }

  /** How long until a request may begin. */
  waitMs(signal: Signal = 'logs'): number {
    const startMs = this.nowMs;
    while (this.may(signal) !== 'go') {
      this.nowMs += 50;
      if (this.nowMs - startMs > HOUR_MS) throw new Error('It never may.');
    }
    return this.nowMs - startMs;
  }

  times(count: number, result: SendResult, signal: Signal = 'logs'): void {
    for (let turn = 0; turn < count; turn++) this.meet(result, signal);
  }
}

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => void vi.restoreAllMocks());

describe('states', () => {
  it('pending, receiving with the first delivery, active with three in a row, of any signals', () => {
    const bench = new Bench();
    expect(bench.health.state).toBe('pending');
    bench.meet(OK);
    expect(bench.health.state).toBe('receiving');
    bench.meet(OK, 'metrics');
    expect(bench.health.state).toBe('receiving');
    bench.meet(OK, 'traces');
    expect(bench.health.state).toBe('active');
    bench.times(10, OK);
    expect(bench.changes).toEqual(['pending > receiving', 'receiving > active']);
  });

  it('a failure in between begins the count of three anew', () => {
    const bench = new Bench();
    for (let turn = 0; turn < 4; turn++) {
      bench.times(2, OK);
      bench.meet(DOWN);
    }
    expect(bench.health.state).toBe('receiving');
  });

  it.each([
    ['pending', 0],
    ['receiving', 1],
    ['active', 3],
  ])('%s is failing after five failures in a row, not after four', (state, deliveries) => {
    const bench = new Bench();
    bench.times(deliveries, OK);
    bench.times(4, DOWN);
    expect(bench.health.state).toBe(state);
    bench.meet(DOWN);
    expect(bench.health.state).toBe('failing');
    expect(bench.changes.at(-1)).toBe(`${state} > failing`);
  });

  it('an active one stays active through four failures and a delivery', () => {
    const bench = new Bench();
    bench.times(3, OK);
    for (let turn = 0; turn < 5; turn++) {
      bench.times(4, DOWN);
      bench.meet(OK);
    }
    expect(bench.health.state).toBe('active');
  });

  it('failing ends with one delivery, as receiving, and three make it active', () => {
    const bench = new Bench();
    bench.times(7, DOWN);
    bench.meet(OK);
    expect(bench.health.state).toBe('receiving');
    bench.meet(OK);
    expect(bench.health.state).toBe('receiving');
    bench.meet(OK);
    expect(bench.changes).toEqual(['pending > failing', 'failing > receiving', 'receiving > active']);
  });

  it('what is too large even alone is a failure: one that refuses everything so is asked ever more rarely', () => {
    const bench = new Bench();
    bench.times(4, TOO_LARGE);
    expect(bench.may()).toBe('go');
    bench.meet(TOO_LARGE);
    expect(bench.health.state).toBe('failing');
    expect(bench.may()).toBe('paused');
  });

  it('a request that was given up says nothing', () => {
    const bench = new Bench();
    for (let turn = 0; turn < 20; turn++) {
      bench.health.sent('logs');
      bench.health.cancelled('logs');
    }
    expect(bench.health.state).toBe('pending');
    expect(bench.start()).toBe(MAX_IN_FLIGHT);
  });

  it('disabled after 120 hours in which nothing got through, and not before', () => {
    const bench = new Bench();
    bench.times(5, DOWN);
    bench.nowMs += 120 * HOUR_MS - 1;
    bench.meet(DOWN);
    expect(bench.health.state).toBe('failing');
    bench.nowMs += 1;
    bench.meet(DOWN);
    expect(bench.health.state).toBe('disabled');
    bench.nowMs += 1_000 * HOUR_MS;
    bench.health.tryNow();
    expect(bench.may()).toBe('paused');
    expect(bench.changes).toEqual(['pending > failing', 'failing > disabled']);
  });

  it('a delivery begins the 120 hours anew', () => {
    const bench = new Bench();
    bench.times(5, DOWN);
    bench.nowMs += 119 * HOUR_MS;
    bench.meet(OK);
    bench.times(5, DOWN);
    bench.nowMs += 2 * HOUR_MS;
    bench.times(5, DOWN);
    expect(bench.health.state).toBe('failing');
  });

  it('what comes late changes nothing about a disabled one', () => {
    for (const late of [OK, DOWN, THROTTLED]) {
      const bench = new Bench();
      expect(bench.start()).toBe(MAX_IN_FLIGHT);
      for (let turn = 0; turn < 5; turn++) {
        bench.health.sent('traces');
        bench.health.settled('traces', DOWN);
      }
      bench.nowMs += 120 * HOUR_MS;
      bench.health.sent('traces');
      bench.health.settled('traces', DOWN);
      expect(bench.health.state).toBe('disabled');
      for (let turn = 0; turn < MAX_IN_FLIGHT; turn++) bench.health.settled('logs', late);
      expect(bench.health.state).toBe('disabled');
      bench.health.revive();
      expect(bench.start()).toBeGreaterThan(0);
    }
  });

  it.each([
    ['revive', (health: Health) => health.revive()],
    ['restart', (health: Health) => health.restart()],
  ])('%s makes a failing and a disabled one pending, which may send at once', (_name, renew) => {
    for (const hours of [0, 120]) {
      const bench = new Bench();
      bench.times(5, DOWN);
      bench.nowMs += hours * HOUR_MS;
      bench.meet(DOWN);
      renew(bench.health);
      expect(bench.health.state).toBe('pending');
      expect(bench.may()).toBe('go');
      // Nothing of the past counts: it takes five failures, and three deliveries, again.
      bench.times(4, DOWN);
      expect(bench.health.state).toBe('pending');
      bench.meet(OK);
      expect(bench.health.state).toBe('receiving');
    }
  });

  it('revive leaves one that is well as it is; restart does not', () => {
    const bench = new Bench();
    bench.times(3, OK);
    bench.health.revive();
    expect(bench.health.state).toBe('active');
    bench.health.restart();
    expect(bench.health.state).toBe('pending');
    bench.meet(OK);
    expect(bench.health.state).toBe('receiving');
  });

  it('a fresh one begins anew and tells nobody', () => {
    const bench = new Bench();
    bench.times(5, DOWN);
    const fresh = bench.health.fresh();
    expect(fresh.state).toBe('pending');
    expect(fresh.mayStart('logs', 1)).toBe('go');
    fresh.sent('logs');
    fresh.settled('logs', OK);
    expect(fresh.state).toBe('receiving');
    expect(bench.changes).toHaveLength(1);
    expect(bench.health.state).toBe('failing');
  });
});

describe('one signal that fails beside healthy ones', () => {
  const failMetrics = (): Bench => {
    const bench = new Bench();
    bench.times(3, OK);
    for (let turn = 0; turn < 5; turn++) {
      bench.meet(NOT_FOUND, 'metrics');
      bench.meet(OK);
    }
    return bench;
  };

  it('shows as failing, and the others go on as before', () => {
    const bench = failMetrics();
    expect(bench.health.state).toBe('failing');
    expect(bench.start('logs')).toBe(MAX_IN_FLIGHT);
    expect(bench.start('traces')).toBe(MAX_IN_FLIGHT);
    bench.health.settled('logs', OK);
    expect(bench.health.state).toBe('failing');
  });

  it('waits alone', () => {
    const bench = failMetrics();
    bench.health.sent('metrics');
    bench.health.settled('metrics', UNAUTHORIZED);
    expect(bench.may('metrics')).toBe('paused');
    expect(bench.may('logs')).toBe('go');
    expect(bench.may('traces')).toBe('go');
    expect(bench.waitMs('metrics')).toBeGreaterThan(500);
  });

  it('measures its waits by its present outage, not by one that has ended', () => {
    vi.mocked(Math.random).mockReturnValue(1);
    const bench = new Bench();
    bench.meet(DOWN);
    bench.meet(OK);
    bench.nowMs += HOUR_MS;
    bench.times(3, DOWN);
    expect(bench.waitMs()).toBe(1_000);
  });

  it('ends with a delivery of its own', () => {
    const bench = failMetrics();
    bench.meet(OK, 'metrics');
    expect(bench.health.state).toBe('receiving');
  });

  it('never disables the destination: the others would be lost with it', () => {
    const bench = failMetrics();
    for (let hours = 0; hours < 240; hours++) {
      bench.nowMs += HOUR_MS;
      bench.meet(NOT_FOUND, 'metrics');
      expect(bench.health.state).toBe('failing');
      bench.meet(OK, 'logs');
    }
    // Nor does a short outage after that, however long the one signal has failed by then.
    bench.times(10, DOWN, 'logs');
    expect(bench.health.state).toBe('failing');
  });

  it('revived, it is pending, and one delivery makes it receiving', () => {
    const bench = failMetrics();
    bench.times(3, OK);
    bench.health.revive();
    bench.meet(OK);
    expect(bench.changes.slice(-2)).toEqual(['failing > pending', 'pending > receiving']);
  });
});

it('a single failure is followed by one request, then two, then four, of its signal alone', () => {
  const bench = new Bench();
  bench.meet(DOWN);
  bench.health.tryNow();
  expect(bench.start('traces')).toBe(MAX_IN_FLIGHT);
  expect(bench.start()).toBe(1);
  bench.health.settled('logs', OK);
  expect(bench.start()).toBe(2);
  bench.health.settled('logs', OK);
  expect(bench.start()).toBe(3);
});

describe('the open circuit', () => {
  it('lets one request at a time through, over all signals', () => {
    const bench = new Bench();
    bench.times(5, DOWN);
    expect(bench.may('traces')).toBe('paused');
    bench.nowMs += 64_000;
    expect(bench.start('traces')).toBe(1);
    for (const signal of ['traces', 'logs', 'metrics'] as const) expect(bench.may(signal)).toBe('busy');
    bench.health.settled('traces', DOWN);
    bench.nowMs += 64_000;
    expect(bench.start('metrics')).toBe(1);
    expect(bench.may('logs')).toBe('busy');
  });

  it('waits for what was under way when it opened', () => {
    const bench = new Bench();
    expect(bench.start('logs')).toBe(MAX_IN_FLIGHT);
    expect(bench.start('traces')).toBe(MAX_IN_FLIGHT);
    for (let turn = 0; turn < MAX_IN_FLIGHT; turn++) bench.health.settled('logs', DOWN);
    bench.health.settled('traces', DOWN);
    bench.nowMs += 64_000;
    expect(bench.may('logs')).toBe('busy');
    for (let turn = 1; turn < MAX_IN_FLIGHT; turn++) bench.health.settled('traces', DOWN);
    bench.nowMs += 64_000;
    expect(bench.start('logs')).toBe(1);
  });

  it('closes with the delivery of what was under way when it opened, and then nobody waits', () => {
    const bench = new Bench();
    expect(bench.start('logs')).toBe(MAX_IN_FLIGHT);
    expect(bench.start('traces')).toBe(MAX_IN_FLIGHT);
    for (let turn = 0; turn < MAX_IN_FLIGHT; turn++) bench.health.settled('logs', DOWN);
    bench.health.settled('traces', DOWN);
    expect(bench.may('logs')).toBe('paused');
    bench.health.settled('traces', OK);
    for (const signal of ['logs', 'metrics'] as const) expect(bench.may(signal)).toBe('go');
  });

  it('closes slowly: one request, then two, then four, of each signal', () => {
    const bench = new Bench();
    bench.times(6, DOWN);
    bench.meet(OK);
    for (const signal of ['logs', 'traces'] as const) {
      expect(bench.start(signal)).toBe(1);
      bench.health.settled(signal, OK);
      expect(bench.start(signal)).toBe(2);
      bench.health.settled(signal, OK);
      expect(bench.start(signal)).toBe(3);
      bench.health.settled(signal, OK);
      expect(bench.start(signal)).toBe(1);
    }
  });

  it('never opens a waiting lane by a success beside it', () => {
    const bench = new Bench({ initialRetryDelayMs: 10_000 });
    bench.times(2, DOWN);
    bench.meet(DOWN);
    expect(bench.may('logs')).toBe('paused');
    expect(bench.may('traces')).toBe('go');
    bench.health.sent('traces');
    bench.health.settled('traces', OK);
    expect(bench.may('logs')).toBe('paused');
  });

  it.each([0, 1])('asks ever more rarely, every minute at most, with chance at %d', (chance) => {
    vi.mocked(Math.random).mockReturnValue(chance);
    const bench = new Bench();
    const waits: number[] = [];
    const startMs = bench.nowMs;
    while (bench.nowMs - startMs < 3_000_000) {
      bench.health.sent('logs');
      bench.health.settled('logs', DOWN);
      const wait = bench.waitMs();
      waits.push(wait);
      expect(wait).toBeGreaterThanOrEqual(500);
      expect(wait).toBeLessThanOrEqual(Math.max(1_000, (bench.nowMs - startMs) / 4) + 50);
      expect(wait).toBeLessThanOrEqual(64_050);
    }
    // Before the hour is over, after which waits may be longer.
    expect(bench.nowMs - startMs).toBeLessThan(HOUR_MS);
    expect(Math.max(...waits)).toBeGreaterThan(chance === 1 ? 63_900 : 499);
    if (chance === 1) expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  });

  it('after an hour without success it asks every five minutes at most', () => {
    vi.mocked(Math.random).mockReturnValue(1);
    const bench = new Bench();
    bench.times(12, DOWN);
    bench.nowMs += HOUR_MS - 1;
    bench.meet(DOWN);
    expect(bench.waitMs()).toBeLessThanOrEqual(64_050);
    bench.nowMs += 1_000;
    bench.meet(DOWN);
    expect(bench.waitMs()).toBe(300_000);
  });
});

describe("the destination's own wish", () => {
  it.each([
    [1_000, 1_000],
    [7_000, 7_000],
    [300_000, 300_000],
    [86_400_000, 300_000],
    [0, 1_000],
  ])('Retry-After of %i ms holds for all signals for %i ms', (wish, expected) => {
    const bench = new Bench();
    bench.meet(waitFor(wish), 'traces');
    const startMs = bench.nowMs;
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      bench.nowMs = startMs;
      expect(bench.may(signal)).toBe('paused');
      expect(bench.waitMs(signal)).toBe(expected);
    }
  });

  it('a shorter one does not end a longer one', () => {
    const bench = new Bench();
    expect(bench.start()).toBe(MAX_IN_FLIGHT);
    bench.health.settled('logs', waitFor(60_000));
    bench.health.settled('logs', waitFor(2_000));
    bench.health.settled('logs', OK);
    expect(bench.waitMs('traces')).toBe(60_000);
  });

  it.each([0, 0.5, 0.999])(
    'throttled without Retry-After: two requests in ten seconds at most, with chance at %d',
    (chance) => {
      vi.mocked(Math.random).mockReturnValue(chance);
      const bench = new Bench();
      const sentAtMs: number[] = [];
      for (let turn = 0; turn < 600; turn++) {
        const signal = (['logs', 'metrics', 'traces'] as const)[turn % 3] as Signal;
        if (bench.may(signal) === 'go') {
          bench.health.sent(signal);
          sentAtMs.push(bench.nowMs);
          bench.health.settled(signal, THROTTLED);
        }
        bench.nowMs += 100;
      }
      expect(sentAtMs.length).toBeGreaterThan(2);
      for (const atMs of sentAtMs)
        expect(sentAtMs.filter((other) => other >= atMs && other < atMs + 10_000).length).toBeLessThan(3);
    },
  );

  it('throttled together, destinations do not come back in step', () => {
    const waits = [0, 1].map((chance) => {
      vi.mocked(Math.random).mockReturnValue(chance);
      const bench = new Bench();
      bench.meet(THROTTLED);
      return bench.waitMs();
    });
    expect(waits).toEqual([2_250, 2_750]);
  });

  it('throttled for long, it is asked about once a minute', () => {
    const bench = new Bench();
    const waits: number[] = [];
    for (let turn = 0; turn < 40; turn++) {
      bench.meet(THROTTLED);
      waits.push(bench.waitMs());
    }
    expect(waits.slice(0, 3)).toEqual([2_500, 10_000, 10_000]);
    expect(waits.at(-1)).toBe(64_000);
  });

  it('of a second does not shorten the waits of an open circuit', () => {
    const bench = new Bench();
    bench.meet(waitFor(1_000));
    bench.nowMs += 600_000;
    bench.times(12, waitFor(1_000));
    expect(bench.waitMs()).toBeGreaterThan(30_000);
  });

  it('tryNow ends every wait; one request at a time stays', () => {
    const bench = new Bench();
    bench.times(5, DOWN);
    bench.meet(waitFor(300_000), 'metrics');
    bench.health.tryNow();
    expect(bench.start('logs')).toBe(1);
    expect(bench.may('traces')).toBe('busy');
  });
});

describe('requestsPerMinute', () => {
  it('gives each signal that always has something its turn', () => {
    const bench = new Bench({}, 60);
    const sent = { traces: 0, logs: 0, metrics: 0 };
    for (let ms = 0; ms < 60_000; ms += 250) {
      // In this order each time, as lanes are pumped, and again after the one that went.
      for (const signal of ['traces', 'logs', 'metrics'] as const) {
        for (let turn = 0; turn < 2; turn++) {
          if (bench.may(signal) !== 'go') continue;
          bench.health.sent(signal);
          bench.health.settled(signal, OK);
          sent[signal]++;
        }
      }
      bench.nowMs += 250;
    }
    expect(sent.traces + sent.logs + sent.metrics).toBe(60);
    for (const count of Object.values(sent)) expect(count).toBeGreaterThan(18);
  });

  it('a signal that has to wait for another reason does not keep the others', () => {
    const bench = new Bench({}, 60);
    bench.health.sent('logs');
    expect(bench.may('logs')).toBe('paced');
    expect(bench.may('traces')).toBe('paced');
    // The request under way fails: logs pause alone, though they were first in line.
    bench.health.settled('logs', UNAUTHORIZED);
    expect(bench.may('logs')).toBe('paused');
    bench.nowMs += 999;
    expect(bench.may('traces')).toBe('paced');
    bench.nowMs += 1;
    expect(bench.may('traces')).toBe('go');
  });

  it('asking whether a signal is paused puts it in no line', () => {
    const bench = new Bench({}, 60);
    bench.health.sent('logs');
    expect(bench.health.isPaused('logs')).toBe(false);
    bench.nowMs += 1_000;
    expect(bench.may('traces')).toBe('go');
  });

  it('said again goes on where it was; another one begins anew; none ends it', () => {
    const bench = new Bench({}, 1);
    expect(bench.start()).toBe(1);
    bench.health.settled('logs', OK);
    bench.health.limitTo(1);
    expect(bench.may()).toBe('paced');
    bench.health.limitTo(2);
    expect(bench.start()).toBe(1);
    bench.health.settled('logs', OK);
    expect(bench.may()).toBe('paced');
    bench.health.limitTo(undefined);
    expect(bench.start()).toBe(MAX_IN_FLIGHT);
  });
});

describe('an attempt for which the gateway itself had no room', () => {
  const CROWDED: SendResult = { kind: 'retry', errorClass: 'crowded', isOurs: true };

  it('says nothing of the destination, however often, and is made again after a moment', () => {
    const bench = new Bench();
    bench.meet(OK);
    for (let count = 0; count < 20; count++) bench.meet(CROWDED);
    expect(bench.health.state).toBe('receiving');
    expect(bench.health.standing('logs')).toBe('quick');
    expect(bench.may()).toBe('paused');
    expect(bench.waitMs()).toBeLessThanOrEqual(1_000);
    bench.meet(OK);
    bench.meet(OK);
    expect(bench.changes).toEqual(['pending > receiving', 'receiving > active']);
  });

  it('does not end a pause that the destination has asked for', () => {
    const bench = new Bench();
    bench.health.sent('logs');
    bench.meet(waitFor(60_000), 'metrics');
    bench.health.settled('logs', CROWDED);
    expect(bench.waitMs()).toBeGreaterThan(50_000);
  });
});
