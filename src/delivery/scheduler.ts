/** One scheduler for all lanes: a single timer while something waits, none while nothing does. */
import { AsyncResource } from 'node:async_hooks';
import { SLICE_MS } from './bounds.js';
import type { Lane } from './lane.js';

export interface Scheduler {
  /** `soon`: in the next turn of the event loop; otherwise with the next tick. */
  wake(lane: Lane, soon: boolean): void;
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
  /** Runs with every tick, before the lanes; `true`: it wants another one. */
  onTick(): boolean;
  /** Work that threw, which must neither end the process nor the rest. */
  onError(error: unknown): void;
}

/**
 * The context of everything that is not part of a request. Made when the module is loaded and not with the instance: a host may
 * make that in its first request, whose context would live on in every socket and timer.
 */
const root = new AsyncResource('gateway-otel');

export function createScheduler({ tickMs, onTick, onError }: SchedulerOptions): Scheduler {
  const busy = new Set<Lane>();
  const urgent = new Set<Lane>();
  const intervals: NodeJS.Timeout[] = [];
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let closed = false;
  let lastWork: Promise<void> = root.runInAsyncScope(() => Promise.resolve());

  const nextTurn = (): Promise<void> =>
    new Promise((resolve) => void root.runInAsyncScope(() => setImmediate(resolve)));

  const runSlices = async (steps: Iterator<unknown>): Promise<void> => {
    let sliceEndMs = performance.now() + SLICE_MS;
    try {
      while (!closed && steps.next().done !== true) {
        if (performance.now() < sliceEndMs) continue;
        await nextTurn();
        sliceEndMs = performance.now() + SLICE_MS;
      }
    } catch (error) {
      onError(error);
    }
  };

  /** Two thousand tenants that are due at once must not hold up the requests. */
  function* pump(lanes: readonly Lane[]): Iterator<void> {
    for (const lane of lanes) {
      try {
        lane.pump();
      } catch (error) {
        onError(error);
      }
      if (lane.isEmpty) busy.delete(lane);
      yield;
    }
  }
  const tick = (): void => {
    timer = undefined;
    const isWanted = onTick();
    void runSlices(pump([...busy]));
    if (isWanted || busy.size > 0) arm();
  };
  const arm = (): void => {
    if (timer !== undefined || closed) return;
    // Spread, so that many processes do not send in step.
    const delay = tickMs * (0.8 + Math.random() * 0.4);
    timer = root.runInAsyncScope(() => setTimeout(tick, delay)).unref();
  };

  return {
    wake(lane, atOnce) {
      if (closed) return;
      busy.add(lane);
      arm();
      if (!atOnce) return;
      urgent.add(lane);
      soon ??= root.runInAsyncScope(() =>
        setImmediate(() => {
          soon = undefined;
          const lanes = [...urgent];
          urgent.clear();
          void runSlices(pump(lanes));
        }),
      );
    },
    tick: arm,
    every(intervalMs, work) {
      intervals.push(root.runInAsyncScope(() => setInterval(work, intervalMs)).unref());
    },
    // A promise keeps the context in which it was made, and the last one is kept.
    inSlices: (steps) => root.runInAsyncScope(() => (lastWork = lastWork.then(() => runSlices(steps)))),
    outside: (work) => root.runInAsyncScope(work),
    close() {
      closed = true;
      clearTimeout(timer);
      if (soon !== undefined) clearImmediate(soon);
      for (const interval of intervals) clearInterval(interval);
      busy.clear();
      urgent.clear();
    },
  };
}
