/** How often destinations are tested: whoever may press the button must not make the gateway knock at doors all day. */
import type { Audience } from '../model/resolved-destination.js';
import { MAX_TESTS_AT_ONCE, MAX_TESTS_PER_MINUTE } from './bounds.js';

const MINUTE_MS = 60_000;

export interface TestLimit {
  /** Ends the test; `undefined`: as many as may be are running, or there were too many. */
  begin(audience: Audience): (() => void) | undefined;
}

/** Tenants' tests never use up the operator's. */
export function createTestLimit(monotonicMs: () => number): TestLimit {
  const lines = { operator: new Line(), tenant: new Line() };
  return { begin: (audience) => lines[audience].begin(monotonicMs()) };
}

class Line {
  #running = 0;
  /** When they began; at most `MAX_TESTS_PER_MINUTE`. */
  #begunMs: readonly number[] = [];

  begin(nowMs: number): (() => void) | undefined {
    this.#begunMs = this.#begunMs.filter((begunMs) => nowMs - begunMs < MINUTE_MS);
    if (this.#running >= MAX_TESTS_AT_ONCE || this.#begunMs.length >= MAX_TESTS_PER_MINUTE) return undefined;
    this.#running++;
    this.#begunMs = [...this.#begunMs, nowMs];
    let isRunning = true;
    return () => {
      if (isRunning) this.#running--;
      isRunning = false;
    };
  }
}
