/** A ledger while it is being kept. `accepted = delivered + rejected + Σ dropped + buffered`, always. */
import type { Signal } from '../model/signal.js';
import type { DropReason, Ledger } from '../model/ledger.js';

export class Account {
  accepted = 0;
  delivered = 0;
  rejected = 0;
  readonly dropped: Partial<Record<DropReason, number>> = {};

  drop(reason: DropReason, items: number): void {
    if (items > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + items;
  }

  /** Takes over what another account has settled, when its lane is closed. */
  absorb(other: Account): void {
    this.accepted += other.accepted;
    this.delivered += other.delivered;
    this.rejected += other.rejected;
    for (const [reason, items] of Object.entries(other.dropped)) this.drop(reason as DropReason, items);
  }

  ledger(buffered: number): Ledger {
    return {
      accepted: this.accepted,
      delivered: this.delivered,
      rejected: this.rejected,
      dropped: { ...this.dropped },
      buffered,
    };
  }
}

/** The account of a signal, opened when it is first needed. */
export function accountOf(accounts: Map<Signal, Account>, signal: Signal): Account {
  let account = accounts.get(signal);
  if (account === undefined) accounts.set(signal, (account = new Account()));
  return account;
}

/** Adds ledgers up. */
export function sumLedgers(ledgers: readonly Ledger[]): Ledger {
  const dropped: Partial<Record<DropReason, number>> = {};
  const sum = { accepted: 0, delivered: 0, rejected: 0, dropped, buffered: 0 };
  for (const ledger of ledgers) {
    sum.accepted += ledger.accepted;
    sum.delivered += ledger.delivered;
    sum.rejected += ledger.rejected;
    sum.buffered += ledger.buffered;
    for (const [reason, items] of Object.entries(ledger.dropped) as [DropReason, number][]) {
      dropped[reason] = (dropped[reason] ?? 0) + items;
    }
  }
  return sum;
}
