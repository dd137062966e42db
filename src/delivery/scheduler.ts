/**
 * One scheduler for all lanes: a single timer while something waits, none while nothing does. Lanes say when they want to be
 * looked at; until then ten thousand of them cost nothing.
 */
import { MAX_UNSEEN_MS } from './bounds.js';
import { DueTimes } from './due-times.js';
import type { Lane } from './lane.js';
import { outside } from './outside.js';
import { createSlices } from './slices.js';

export interface Scheduler {
  /** Pumps it in the next turn of the event loop. */
  wake(lane: Lane): void;
  /** Pumps it with the first tick after this time, or earlier if that was asked for before. */
  wakeAt(lane: Lane, atMs: number): void;
  /** A lane that is closed. */
  forget(lane: Lane): void;
  /** Asks for a tick although no lane waits. */
  tick(): void;
  /** Calls back every so often, while the instance lives. */
  every(intervalMs: number, work: () => void): void;
  /**
   * Does long work in slices, a step at a time, while requests go on in between; one piece of work after the other.
   * Resolves when it is done, or the scheduler closed.
   */
  inSlices(steps: Iterator<unknown>): Promise<void>;
  /** Runs outside any request, so that no socket or timer keeps a request's context alive. */
  outside<T>(work: () => T): T;
  close(): void;
}

export interface SchedulerOptions {
  readonly tickMs: number;
  monotonicMs(): number;
  /** Runs with every tick, before the lanes; `true`: it wants another one. */
  onTick(): boolean;
  /** Work that threw, which must neither end the process nor the rest. */
  onError(error: unknown): void;
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { tickMs, onTick, onError } = options;
  const due = new DueTimes(tickMs);
  const urgent = new Set<Lane>();
  const intervals: NodeJS.Timeout[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let isPumping = false;
  let isUrgent = false;
  let lastWork: Promise<void> = outside(() => Promise.resolve());

  const slices = createSlices({
    nextTurn: (work) => void outside(() => setImmediate(work)),
    onError,
  });
  // A promise keeps the context in which it was made.
  const runSlices = (steps: Iterator<unknown>): Promise<void> => outside(() => slices.run(steps));

  /** Two thousand tenants that are due at once must not hold up the requests. */
  function* pump(lanes: readonly Lane[]): Generator<void> {
    for (const lane of lanes) {
      let nextMs = options.monotonicMs() + MAX_UNSEEN_MS;
      try {
        nextMs = Math.min(nextMs, lane.pump());
      } catch (error) {
        onError(error);
      }
      if (lane.isEmpty) due.delete(lane);
      else due.set(lane, nextMs);
      yield;
    }
    if (due.size > 0) arm();
  }
  /** Those, too, that are woken meanwhile. */
  function* pumpUrgent(): Iterator<void> {
    while (urgent.size > 0) {
      const lanes = [...urgent];
      urgent.clear();
      yield* pump(lanes);
    }
    isUrgent = false;
  }
  const tick = (): void => {
    timer = undefined;
    const isWanted = onTick();
    // Those that the last tick has not come to yet are among them.
    if (!isPumping) {
      isPumping = true;
      void runSlices(pump(due.due(options.monotonicMs()))).then(() => (isPumping = false));
    }
    if (isWanted || due.size > 0) arm();
  };
  const arm = (): void => {
    if (timer !== undefined || closed) return;
    // Spread, so that many processes do not send in step.
    const delay = tickMs * (0.8 + Math.random() * 0.4);
    timer = outside(() => setTimeout(tick, delay)).unref();
  };

  return {
    wake(lane) {
      if (closed) return;
      // It stays known until it has been looked at.
      due.add(lane, options.monotonicMs() + MAX_UNSEEN_MS);
      arm();
      urgent.add(lane);
      if (isUrgent) return;
      isUrgent = true;
      void runSlices(pumpUrgent());
    },
    wakeAt(lane, atMs) {
      // The bound of all tenants may have taken the record away that it asks for: nobody would ever look at it.
      if (closed || lane.isEmpty) return;
      due.add(lane, atMs);
      arm();
    },
    forget(lane) {
      due.delete(lane);
      urgent.delete(lane);
    },
    tick: arm,
    every(intervalMs, work) {
      intervals.push(outside(() => setInterval(work, intervalMs)).unref());
    },
    // A promise keeps the context in which it was made, and the last one is kept.
    inSlices: (steps) => outside(() => (lastWork = lastWork.then(() => runSlices(steps)))),
    outside,
    close() {
      closed = true;
      clearTimeout(timer);
      slices.close();
      for (const interval of intervals) clearInterval(interval);
      due.clear();
      urgent.clear();
    },
  };
}
