/** How often destinations are tested: whoever may press the button must not make the gateway knock at doors all day. */
import type { Audience } from '../model/resolved-destination.js';
import { MAX_TESTS_PER_MINUTE } from './bounds.js';

const MINUTE_MS = 60_000;

export interface TestLimit {
  /** Ends the test; `undefined`: there is one running, or there were too many. */
  begin(audience: Audience): (() => void) | undefined;
}

/** Tenants' tests never use up the operator's. */
export function createTestLimit(monotonicMs: () => number): TestLimit {
  const lines = { operator: new Line(), tenant: new Line() };
  return { begin: (audience) => lines[audience].begin(monotonicMs()) };
}

class Line {
  #isRunning = false;
  /** When they began; at most `MAX_TESTS_PER_MINUTE`. */
  #begunMs: readonly number[] = [];

  begin(nowMs: number): (() => void) | undefined {
    this.#begunMs = this.#begunMs.filter((begunMs) => nowMs - begunMs < MINUTE_MS);
    if (this.#isRunning || this.#begunMs.length >= MAX_TESTS_PER_MINUTE) return undefined;
    this.#isRunning = true;
    this.#begunMs = [...this.#begunMs, nowMs];
    return () => {
      this.#isRunning = false;
    };
  }
}
