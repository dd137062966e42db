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
  /** Runs outside any request, so that no socket or timer keeps a request's context alive. */
  outside<T>(work: () => T): T;
  close(): void;
}

/** `onTick` runs with every tick, before the lanes; `true`: it wants another one. */
export function createScheduler(tickMs: number, onTick: () => boolean): Scheduler {
  const root = new AsyncResource('gateway-otel');
  const busy = new Set<Lane>();
  const intervals: NodeJS.Timeout[] = [];
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let closed = false;

  const urgent = new Set<Lane>();

  /** In slices: two thousand tenants that are due at once must not hold up the requests. */
  const pump = (lanes: readonly Lane[], from = 0): void => {
    if (closed) return;
    const sliceEndMs = performance.now() + SLICE_MS;
    for (let index = from; index < lanes.length; index++) {
      if (performance.now() > sliceEndMs) {
        root.runInAsyncScope(() => setImmediate(() => pump(lanes, index)));
        return;
      }
      const lane = lanes[index] as Lane;
      lane.pump();
      if (lane.isEmpty) busy.delete(lane);
    }
  };
  const tick = (): void => {
    timer = undefined;
    const isWanted = onTick();
    pump([...busy]);
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
      if (soon !== undefined) return;
      soon = root.runInAsyncScope(() =>
        setImmediate(() => {
          soon = undefined;
          const lanes = [...urgent];
          urgent.clear();
          pump(lanes);
        }),
      );
    },
    tick: arm,
    every(intervalMs, work) {
      intervals.push(root.runInAsyncScope(() => setInterval(work, intervalMs)).unref());
    },
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
