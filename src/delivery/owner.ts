/** The destinations of one owner, the operator or a tenant: live changes by name, and accounts that outlive them. */
import type { MetricMark, OutgoingRecord } from '../model/delivery.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { DropReason, Ledgers } from '../model/ledger.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { RequestSubject } from '../model/selection.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { DestinationState, DestinationStatus, SignalStatus } from '../model/status.js';
import { Accounts, sumLedgers } from './account.js';
import { MAX_DRAINING } from './bounds.js';
import type { Share } from './budget.js';
import type { Lane } from './lane.js';
import { Outbox, type OutboxHome } from './outbox.js';
import { tellChange } from './state-change.js';

/** A new set of destinations. */
export interface OwnerChange {
  readonly destinations: readonly ResolvedDestination[];
  /** Said by hand, not repeated by a lookup: what had been given up begins again. */
  readonly byHand: boolean;
  /** Where the readings of new destinations begin. */
  readonly mark?: MetricMark | undefined;
}

const NONE: readonly Outbox[] = [];

/** Whoever has a share of the bytes of all tenants: asked for when something is about to be held. */
export interface ShareHolder {
  readonly share: Share;
}

export class Owner {
  readonly #home: OutboxHome;
  readonly #tenantId: string | undefined;
  readonly #holder: ShareHolder | undefined;
  /** What is wanted, until the first record comes: queues, readings and health cost ten times as much as a configuration. */
  #configured: readonly ResolvedDestination[] | undefined = [];
  #retired: Accounts | undefined;
  /** Removed destinations whose last records still drain. */
  #leaving: readonly Outbox[] = NONE;
  #outboxes: readonly Outbox[] = NONE;

  constructor(home: OutboxHome, tenantId: string | undefined, holder?: ShareHolder) {
    this.#home = home;
    this.#holder = holder;
    this.#tenantId = tenantId;
  }

  /** What has no destination, or none any more. */
  get retired(): Accounts {
    const { totals } = this.#home;
    const sumOf = this.#tenantId === undefined ? undefined : (of: Signal) => totals.of(of).account;
    return (this.#retired ??= new Accounts(sumOf));
  }

  /** Those that are open. */
  get outboxes(): readonly Outbox[] {
    return this.#outboxes;
  }

  get hasDestinations(): boolean {
    return (this.#configured ?? this.#outboxes).length > 0;
  }

  /** The first record is about to come. */
  open(): void {
    const destinations = this.#configured;
    if (destinations === undefined) return;
    this.#configured = undefined;
    if (destinations.length > 0) this.set({ destinations, byHand: false });
  }

  status(): readonly DestinationStatus[] {
    return this.#configured?.map(unusedStatus) ?? this.#outboxes.map((outbox) => outbox.status());
  }

  /** Replaces the set. A destination of the same name is updated, so that it keeps what it can. */
  set({ destinations, byHand, mark }: OwnerChange): void {
    // With a mark there are requests already that its readings have to count.
    if (this.#configured !== undefined && mark === undefined) {
      this.#tellChanges(this.#configured, destinations);
      this.#configured = destinations;
      return;
    }
    this.#configured = undefined;
    const before = new Map(this.#outboxes.map((outbox) => [outbox.name, outbox]));
    this.#outboxes = destinations.map((destination) => {
      const known = before.get(destination.name);
      before.delete(destination.name);
      if (known === undefined)
        return new Outbox(this.#home, this.#tenantId, destination, this.#holder?.share, mark);
      known.update(destination, byHand);
      return known;
    });
    for (const gone of before.values()) {
      gone.remove();
      this.#leaving = [...this.#leaving, gone];
    }
    for (const outbox of this.#leaving) {
      if (this.#leaving.length > MAX_DRAINING) outbox.close('destination_changed');
      if (outbox.lanes().length === 0) this.#forget(outbox);
    }
  }

  /** What outboxes tell themselves, once they are open. */
  #tellChanges(before: readonly ResolvedDestination[], after: readonly ResolvedDestination[]): void {
    for (const old of before) {
      const now = after.find(({ name }) => name === old.name);
      tellChange(this.#home, {
        tenantId: this.#tenantId,
        destination: old.name,
        from: unusedState(old),
        to: now === undefined ? 'removed' : unusedState(now),
      });
    }
  }

  /** The destination is gone, its account stays. */
  #forget(outbox: Outbox): void {
    this.#leaving = this.#leaving.filter((other) => other !== outbox);
    this.retired.absorb(outbox.ledgers());
  }

  wants(signal: Signal): boolean {
    return this.#outboxes.some((outbox) => outbox.wants(signal));
  }

  add(signal: Signal, record: OutgoingRecord, request: RequestSubject | undefined): void {
    for (const outbox of this.#outboxes) outbox.add(signal, record, request);
  }

  /** Whether one of them chooses spans so. */
  choosesSpans(how: 'choosesByRequest' | 'keepsUnsampled'): boolean {
    return this.#outboxes.some((outbox) => outbox.spanSelection?.[how] === true);
  }

  takesUnsampled(request: FinishedRequest): boolean {
    return this.#outboxes.some((outbox) => outbox.spanSelection?.takesUnsampled(request) === true);
  }

  addUnsampled(record: OutgoingRecord, request: FinishedRequest, refusal: DropReason | undefined): void {
    for (const outbox of this.#outboxes) outbox.addUnsampled(record, request, refusal);
  }

  /** A record that no destination is to have, counted at each that would have had it. */
  refuse(
    signal: Signal,
    reason: DropReason,
    record: OutgoingRecord,
    request: RequestSubject | undefined,
  ): void {
    for (const outbox of this.#outboxes) outbox.refuse(signal, reason, record, request);
  }

  limitQueues(share: number, reason: DropReason): void {
    for (const outbox of this.#outboxes) outbox.limitQueues(share, reason);
  }

  *takeReadings(): Generator<void> {
    for (const outbox of this.#outboxes) yield* outbox.takeReadings();
  }

  #all(): readonly Outbox[] {
    return [...this.#outboxes, ...this.#leaving];
  }

  /** Every lane, also of destinations that are leaving. */
  lanes(): readonly Lane[] {
    return this.#all().flatMap((outbox) => outbox.lanes());
  }

  async flush(): Promise<void> {
    await Promise.all(this.#all().map((outbox) => outbox.flush()));
  }

  close(reason: DropReason): void {
    for (const outbox of this.#all()) {
      outbox.close(reason);
      this.#forget(outbox);
    }
    this.#outboxes = NONE;
    this.#configured = undefined;
  }

  /** Per signal, everything that this owner was ever given. */
  totals(): Ledgers {
    const ledgers = this.#all().map((outbox) => outbox.ledgers());
    return sumLedgers(this.#retired === undefined ? ledgers : [this.#retired.ledgers(), ...ledgers]);
  }
}

const unusedState = ({ disabled }: ResolvedDestination): DestinationState =>
  disabled ? 'disabled' : 'pending';

/** Of a destination that nothing was ever sent to. */
function unusedStatus(destination: ResolvedDestination): DestinationStatus {
  const { name, disabled, targets } = destination;
  const signals: Partial<Record<Signal, SignalStatus>> = {};
  const ledger = { accepted: 0, delivered: 0, rejected: 0, dropped: {}, buffered: 0 };
  if (!disabled)
    for (const signal of SIGNALS)
      if (targets[signal] !== undefined) signals[signal] = { ledger, bufferedBytes: 0 };
  return { name, state: unusedState(destination), signals };
}
