/** Ledgers while they are being kept. `accepted = delivered + rejected + Σ dropped + buffered`, always. */
import type { DropReason, Ledger, Ledgers } from '../model/ledger.js';
import { SIGNALS, type Signal } from '../model/signal.js';

/** Nearly all accounts have no losses, and an object of its own would double what one takes. */
const NOTHING: Partial<Record<DropReason, number>> = Object.freeze({});

/** One signal's. Whatever is counted here is counted in `sum` too. */
export class Account {
  accepted = 0;
  delivered = 0;
  rejected = 0;
  #dropped = NOTHING;
  readonly #sum: Account | undefined;

  constructor(sum?: Account) {
    this.#sum = sum;
  }

  accept(items: number): void {
    this.accepted += items;
    this.#sum?.accept(items);
  }

  settle(delivered: number, rejected: number): void {
    this.delivered += delivered;
    this.rejected += rejected;
    this.#sum?.settle(delivered, rejected);
  }

  drop(reason: DropReason, items: number): void {
    this.#countDropped(reason, items);
    this.#sum?.drop(reason, items);
  }

  #countDropped(reason: DropReason, items: number): void {
    if (items <= 0) return;
    if (this.#dropped === NOTHING) this.#dropped = {};
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + items;
  }

  /** Accepted and lost at once. */
  refuse(reason: DropReason, items: number): void {
    this.accept(items);
    this.drop(reason, items);
  }

  /** Takes over what has been counted elsewhere: in the sum it is already. */
  absorb(other: Omit<Ledger, 'buffered'>): void {
    this.accepted += other.accepted;
    this.delivered += other.delivered;
    this.rejected += other.rejected;
    for (const [reason, items] of Object.entries(other.dropped))
      this.#countDropped(reason as DropReason, items);
  }

  ledger(buffered: number): Ledger {
    const { accepted, delivered, rejected } = this;
    return { accepted, delivered, rejected, dropped: { ...this.#dropped }, buffered };
  }
}

/** An account per signal, opened when it is first needed. What outlives a queue, a destination or a tenant is kept in one. */
export class Accounts {
  readonly #bySignal = new Map<Signal, Account>();
  readonly #sumOf: ((signal: Signal) => Account) | undefined;

  constructor(sumOf?: (signal: Signal) => Account) {
    this.#sumOf = sumOf;
  }

  of(signal: Signal): Account {
    let account = this.#bySignal.get(signal);
    if (account === undefined) this.#bySignal.set(signal, (account = new Account(this.#sumOf?.(signal))));
    return account;
  }

  /** Takes over what others have settled, when they go. */
  absorb(ledgers: Ledgers): void {
    for (const signal of SIGNALS) {
      const ledger = ledgers[signal];
      if (ledger !== undefined) this.of(signal).absorb(ledger);
    }
  }

  ledgers(): Ledgers {
    const ledgers: Partial<Record<Signal, Ledger>> = {};
    for (const [signal, account] of this.#bySignal) ledgers[signal] = account.ledger(0);
    return ledgers;
  }
}

/** Adds ledgers up, signal by signal. */
export function sumLedgers(all: Iterable<Ledgers>): Ledgers {
  const sums = new Map<Signal, { readonly account: Account; buffered: number }>();
  for (const ledgers of all) {
    for (const signal of SIGNALS) {
      const ledger = ledgers[signal];
      if (ledger === undefined) continue;
      let sum = sums.get(signal);
      if (sum === undefined) sums.set(signal, (sum = { account: new Account(), buffered: 0 }));
      sum.account.absorb(ledger);
      sum.buffered += ledger.buffered;
    }
  }
  const total: Partial<Record<Signal, Ledger>> = {};
  for (const [signal, { account, buffered }] of sums) total[signal] = account.ledger(buffered);
  return total;
}
