/** The accounts of all tenants together, kept while they change: adding up those of twenty thousand would stop the requests. */
import type { Ledger, Ledgers } from '../model/ledger.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import { Account } from './account.js';

/** One signal's. */
export class Total {
  readonly account = new Account();
  /** Waiting or in flight; told by the queues, not worked out from the account. */
  buffered = 0;
  inFlight = 0;

  ledger(): Ledger {
    return this.account.ledger(this.buffered);
  }
}

export class Totals {
  /** Log records that wait for a lookup: accepted, and in no account yet. */
  waiting = 0;
  readonly #bySignal = new Map<Signal, Total>();

  of(signal: Signal): Total {
    let total = this.#bySignal.get(signal);
    if (total === undefined) this.#bySignal.set(signal, (total = new Total()));
    return total;
  }

  inFlightItems(signal: Signal): number {
    return this.#bySignal.get(signal)?.inFlight ?? 0;
  }

  ledgers(): Ledgers {
    const ledgers: Partial<Record<Signal, Ledger>> = {};
    for (const signal of SIGNALS) {
      const waiting = signal === 'logs' ? this.waiting : 0;
      if (waiting === 0 && !this.#bySignal.has(signal)) continue;
      const ledger = this.of(signal).ledger();
      const { accepted, buffered } = ledger;
      ledgers[signal] = { ...ledger, accepted: accepted + waiting, buffered: buffered + waiting };
    }
    return ledgers;
  }
}
