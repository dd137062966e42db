/** Server errors that wait to be made into events: a request's end only puts them here. */
import type { ServerError } from '../model/server-error.js';
import { outside } from './outside.js';
import type { Target } from './target.js';

/** With what an error holds on to, which is freed in the next turns of the event loop. */
const MAX_WAITING = 100;

interface Waiting {
  readonly error: ServerError;
  /** The one in force when it happened. */
  readonly target: Target;
}

export class ReportQueue {
  readonly #waiting: Waiting[] = [];
  readonly #work: (error: ServerError, target: Target) => void;
  #isScheduled = false;
  #onIdle: (() => void)[] = [];

  constructor(work: (error: ServerError, target: Target) => void) {
    this.#work = work;
  }

  /** `false`: there is no room. */
  add(error: ServerError, target: Target): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push({ error, target });
    this.#schedule();
    return true;
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** One in each turn: reading a stack takes a tenth of a millisecond, and requests wait meanwhile. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    outside(() => setImmediate(() => this.#next()));
  }

  #next(): void {
    this.#isScheduled = false;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#work(next.error, next.target);
    if (this.#waiting.length > 0) return this.#schedule();
    const waiters = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiters) resolve();
  }
}
