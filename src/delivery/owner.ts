/** The destinations of one owner, the operator or a tenant: live changes by name, and accounts that outlive them. */
import type { MetricMark, OutgoingRecord } from '../model/delivery.js';
import type { DropReason, Ledger } from '../model/ledger.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { Account } from './account.js';
import { accountOf, sumLedgers } from './account.js';
import type { Share } from './budget.js';
import { Outbox, type OutboxHome } from './outbox.js';

export class Owner {
  readonly #home: OutboxHome;
  readonly #tenantId: string | undefined;
  readonly #share: Share | undefined;
  readonly #retired = new Map<Signal, Account>();
  /** Removed destinations whose last records still drain. */
  readonly #leaving = new Set<Outbox>();
  #outboxes: readonly Outbox[] = [];

  constructor(home: OutboxHome, tenantId: string | undefined, share?: Share) {
    this.#home = home;
    this.#share = share;
    this.#tenantId = tenantId;
  }

  get outboxes(): readonly Outbox[] {
    return this.#outboxes;
  }

  /** The account of what has no destination, or none any more. */
  retired(signal: Signal): Account {
    return accountOf(this.#retired, signal);
  }

  /** The accounts that have outlived their destinations. */
  retiredAccounts(): Iterable<[Signal, Account]> {
    return this.#retired;
  }

  /** Replaces the set. A destination of the same name is updated, so that it keeps what it can. */
  set(destinations: readonly ResolvedDestination[], mark?: MetricMark): void {
    const before = new Map(this.#outboxes.map((outbox) => [outbox.name, outbox]));
    this.#outboxes = destinations.map((destination) => {
      const known = before.get(destination.name);
      before.delete(destination.name);
      if (known === undefined) return this.#open(destination, mark);
      known.update(destination);
      return known;
    });
    for (const gone of before.values()) {
      gone.remove();
      this.#leaving.add(gone);
    }
    for (const outbox of this.#leaving) if (outbox.lanes().length === 0) this.#forget(outbox);
  }

  #open(destination: ResolvedDestination, mark: MetricMark | undefined): Outbox {
    return new Outbox(this.#home, this.#tenantId, destination, this.#share, mark);
  }

  /** The destination is gone, its account stays. */
  #forget(outbox: Outbox): void {
    this.#leaving.delete(outbox);
    for (const [signal, account] of outbox.retiredAccounts()) this.retired(signal).absorb(account);
  }

  wants(signal: Signal): boolean {
    return this.#outboxes.some((outbox) => outbox.wants(signal));
  }

  add(signal: Signal, record: OutgoingRecord): void {
    for (const outbox of this.#outboxes) outbox.add(signal, record);
  }

  takeReadings(): void {
    for (const outbox of this.#outboxes) outbox.takeReading();
  }

  #all(): readonly Outbox[] {
    return [...this.#outboxes, ...this.#leaving];
  }

  async flush(): Promise<void> {
    await Promise.all(this.#all().map((outbox) => outbox.flush()));
  }

  close(reason: DropReason): void {
    for (const outbox of this.#all()) {
      outbox.close(reason);
      this.#forget(outbox);
    }
    this.#outboxes = [];
  }

  /** Per signal, everything that this owner was ever given. */
  totals(): Readonly<Partial<Record<Signal, Ledger>>> {
    const totals: Partial<Record<Signal, Ledger>> = {};
    for (const signal of SIGNALS) {
      const ledgers = this.#all().flatMap((outbox) => outbox.ledger(signal) ?? []);
      const retired = this.#retired.get(signal);
      if (retired !== undefined) ledgers.push(retired.ledger(0));
      if (ledgers.length > 0) totals[signal] = sumLedgers(ledgers);
    }
    return totals;
  }
}
