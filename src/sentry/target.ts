/** Where events go: a private client of ours, or the host's. */
import type { Outcome } from './account.js';
import type { Dsn } from './dsn.js';
import type { SentryEvent } from './event.js';
import type { SentryLoss } from './options.js';
import type { StackParser } from './sdk.js';

/** Told once of every event that was given to `send`. */
export type Settled = (outcome: Outcome) => void;

export interface Target {
  readonly parse: StackParser;
  /** For a dying process; `undefined`: not known. */
  readonly dsn: Dsn | undefined;
  /** Never throws. */
  send(event: SentryEvent): void;
  /** `false`: not in time. */
  flush(timeoutMs: number): Promise<boolean>;
  /** What still waits after the time is settled as lost for this reason. `false`: there was some. */
  close(timeoutMs: number, reason: SentryLoss): Promise<boolean>;
}

/** Events whose fate is not known yet. */
export class Pending {
  readonly #ids = new Set<string>();
  readonly #settled: Settled;

  constructor(settled: Settled) {
    this.#settled = settled;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
  }

  /** Only the first word on each counts. */
  settle(id: string, outcome: Outcome): void {
    if (this.#ids.delete(id)) this.#settled(outcome);
  }

  settleAll(outcome: Outcome): void {
    for (const id of [...this.#ids]) this.settle(id, outcome);
  }
}

/** The answer, or `otherwise` where it does not come in time or is a rejection. A timer of ours keeps the process alive. */
export async function inTime<T>(timeoutMs: number, work: PromiseLike<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}
