/** How long this process's event loop was held up. */
import { openSync, readSync } from 'node:fs';

export interface LoopFigures {
  readonly turns: number;
  /** Turns of more than 5 ms. */
  readonly slowTurns: number;
  readonly longestMs: number;
  /** The longest that this process's own thread computed in one turn: what others took from the processor does not count. */
  readonly longestOwnMs: number;
}

export interface LoopWatch {
  stop(): LoopFigures;
}

const SLOW_MS = 5;

/**
 * What the main thread has computed so far. Linux tells it, exact to a few milliseconds; elsewhere it is that of all
 * threads, so compression on the pool and garbage collection count too.
 */
function threadClock(): () => number {
  const allThreads = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  if (process.platform !== 'linux') return allThreads;
  const file = openSync(`/proc/${process.pid}/schedstat`, 'r');
  const text = Buffer.alloc(64);
  return () => Number.parseInt(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)), 10) / 1e6;
}

/** Looks at every turn, so the loop never sleeps while it is watched. */
export function watchLoop(): LoopWatch {
  let turns = 0;
  let slowTurns = 0;
  let longestMs = 0;
  let longestOwnMs = 0;
  let isOver = false;
  let lastMs = performance.now();
  const threadMs = threadClock();
  let lastThreadMs = threadMs();
  const next = (): void => {
    if (isOver) return;
    const nowMs = performance.now();
    const tookMs = nowMs - lastMs;
    turns++;
    const nowThreadMs = threadMs();
    longestMs = Math.max(longestMs, tookMs);
    longestOwnMs = Math.max(longestOwnMs, Math.min(tookMs, nowThreadMs - lastThreadMs));
    if (tookMs > SLOW_MS) slowTurns++;
    lastMs = nowMs;
    lastThreadMs = nowThreadMs;
    setImmediate(next);
  };
  setImmediate(next);
  return {
    stop() {
      isOver = true;
      return { turns, slowTurns, longestMs, longestOwnMs };
    },
  };
}
