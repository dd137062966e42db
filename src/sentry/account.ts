/** What became of the reports: each is counted once when it comes, and once when its fate is known. */
import type { SentryLoss } from './options.js';

export class Account {
  reported = 0;
  sent = 0;
  readonly #dropped = new Map<SentryLoss, number>();
  #lost = 0;
  readonly #onLoss: (reason: SentryLoss) => void;

  constructor(onLoss: (reason: SentryLoss) => void) {
    this.#onLoss = onLoss;
  }

  drop(reason: SentryLoss): void {
    this.#lost++;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
    this.#onLoss(reason);
  }

  settle(outcome: Outcome): void {
    if (outcome === 'sent') this.sent++;
    else this.drop(outcome);
  }

  get dropped(): Partial<Record<SentryLoss, number>> {
    return Object.fromEntries(this.#dropped);
  }

  get waiting(): number {
    return this.reported - this.sent - this.#lost;
  }
}

export type Outcome = SentryLoss | 'sent';

/** What Sentry's server says with its status. */
export function outcomeOfStatus(statusCode: number): Outcome {
  if (statusCode >= 200 && statusCode < 300) return 'sent';
  return statusCode === 429 ? 'backoff' : 'refused';
}
