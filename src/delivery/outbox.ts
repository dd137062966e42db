/** One destination of one owner: a lane per signal, the readings of its metrics, and its health. */
import type {
  CustomMetricSource,
  DestinationResource,
  MetricMark,
  MetricReading,
  MetricSource,
  OutgoingRecord,
  OwnReadingRequest,
  SenderFactory,
} from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Envelopes } from '../model/encoding.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { DropReason, Ledgers } from '../model/ledger.js';
import type { DeliveryBounds, QueueBounds } from '../model/queue-options.js';
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import type { RequestSubject } from '../model/selection.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { DestinationState, DestinationStatus, SignalStatus } from '../model/status.js';
import { Accounts, sumLedgers } from './account.js';
import type { AdmissionHome } from './admission.js';
import type { Budget, Share } from './budget.js';
import { sameConfiguration, samePlace } from './change.js';
import { DrainingLanes } from './draining.js';
import { Health } from './health.js';
import type { Lane } from './lane.js';
import { Outlet, type OutletHome } from './outlet.js';
import { OPERATOR_SHARE, type PressureLevel } from './pressure.js';
import type { Queue } from './queue.js';
import { Readings } from './readings.js';
import type { Scheduler } from './scheduler.js';
import { createSelection, type Selection, type SelectionHome } from './selection.js';
import { tellChange, type StateHome } from './state-change.js';
import type { Totals } from './totals.js';

/** What all outboxes of an instance share. */
export interface OutboxHome extends StateHome, SelectionHome {
  readonly envelopes: Envelopes;
  readonly scheduler: Scheduler;
  readonly metrics: MetricSource;
  readonly customMetrics: CustomMetricSource;
  readonly bounds: DeliveryBounds;
  /** Bytes of all tenants together. */
  readonly budget: Budget;
  /** Accounts of all tenants together. */
  readonly totals: Totals;
  /** Requests of all tenants together. */
  readonly admission: AdmissionHome;
  openSender: SenderFactory;
  readonly monotonicMs: () => number;
  report(diagnostic: Diagnostic): void;
  /** A destination has no lanes any more although its configuration did not change. */
  onGivenUp(): void;
  readonly pressure: { readonly level: PressureLevel };
  /** The resource that this owner's records carry at this destination. */
  resourceFor(tenantId: string | undefined, destination: ResolvedDestination): DestinationResource;
  /** What a destination is told beside the request metrics. `mark`: where that begins, as their readings do. */
  openOwnReadings(request: OwnReadingRequest, mark?: MetricMark): readonly MetricReading[];
}

const NO_OUTLETS: readonly Outlet[] = [];
const NO_LANES: readonly Lane[] = [];

/** Every active tenant has one: what it may do without, as an account of former places or a set, is not there until needed. */
export class Outbox implements OutletHome, OwnReadingRequest {
  readonly shared: OutboxHome;
  readonly tenantId: string | undefined;
  readonly share: Share | undefined;
  readonly sinceMs: number;
  /** Accounts of closed lanes: what a change cost stays in the destination's account. */
  #retired: Accounts | undefined;
  /** One for each signal that is wanted. */
  #outlets = NO_OUTLETS;
  /** The operator's only, once a place has changed. */
  #draining: DrainingLanes | undefined;
  #destination: ResolvedDestination;
  readonly #health: Health;
  #readings: Readings | undefined;
  /** The operator's only. It stays when the place changes, so that a delta goes on where it was. */
  #custom: MetricReading | undefined;
  /** `undefined`: it takes everything. */
  #selection: Selection | undefined;

  constructor(
    home: OutboxHome,
    tenantId: string | undefined,
    destination: ResolvedDestination,
    share: Share | undefined,
    mark?: MetricMark,
  ) {
    this.shared = home;
    this.share = share;
    this.tenantId = tenantId;
    this.sinceMs = home.epochMs();
    this.#destination = destination;
    this.#health = this.#newHealth(destination);
    this.#apply(destination, mark);
  }

  get bounds(): QueueBounds {
    const { operator, tenants } = this.shared.bounds;
    return this.tenantId === undefined ? operator : tenants;
  }

  get name(): string {
    return this.#destination.name;
  }

  get state(): DestinationState {
    return this.#destination.disabled ? 'disabled' : this.#health.state;
  }

  get temporality(): 'cumulative' | 'delta' {
    return this.#destination.temporality;
  }

  report(diagnostic: Diagnostic): void {
    this.shared.report(diagnostic);
  }

  wants(signal: Signal): boolean {
    return this.#outletOf(signal) !== undefined;
  }

  #outletOf(signal: Signal): Outlet | undefined {
    for (const outlet of this.#outlets) if (outlet.signal === signal) return outlet;
    return undefined;
  }

  #newHealth({ requestsPerMinute }: ResolvedDestination): Health {
    const { monotonicMs } = this.shared;
    return new Health({
      bounds: this.bounds,
      requestsPerMinute,
      monotonicMs,
      onChange: (from, to) => {
        // Switched off, it begins anew unseen; that it was switched off is what is told.
        if (!this.#destination.disabled) this.#tell(from, to);
        // Not now: the lane that has found out is in the middle of something.
        if (to === 'disabled') this.shared.scheduler.outside(() => setImmediate(() => this.#giveUp()));
      },
    });
  }

  #tell(from: DestinationState, to: DestinationState | 'removed'): void {
    tellChange(this.shared, { tenantId: this.tenantId, destination: this.name, from, to });
  }

  /** Dead for days: nothing is queued for it any more until somebody says so. */
  #giveUp(): void {
    if (this.#health.state !== 'disabled') return;
    for (const { lane } of this.#outlets) this.#closeLane(lane, 'disabled');
    this.#outlets = NO_OUTLETS;
    this.#closeReadings();
    this.shared.onGivenUp();
  }

  /**
   * The same destination, configured anew. What keeps its place keeps its queue; new credentials serve at once. `byHand`:
   * what had been given up begins again although nothing has changed, which an answer that a lookup repeats does not do.
   */
  update(destination: ResolvedDestination, byHand: boolean): void {
    const before = this.#destination;
    const stateBefore = this.state;
    const isGivenUp = stateBefore === 'disabled' && !before.disabled;
    const isNew = !sameConfiguration(before, destination) || (byHand && isGivenUp);
    if (isGivenUp && !isNew) return;
    if (before.temporality !== destination.temporality) {
      // The new reading begins now; what the old one has not told yet would be lost.
      this.#readings?.takeLast();
      this.#closeReadings();
      this.#custom = undefined;
    }
    this.#destination = destination;
    this.#health.limitTo(destination.requestsPerMinute);
    if (isNew) this.#health.revive();
    this.#apply(destination, undefined);
    // Switched off or on by configuration; what health finds out it tells itself.
    if (before.disabled !== destination.disabled) this.#tell(stateBefore, this.state);
    this.wakeLanes();
  }

  #apply(destination: ResolvedDestination, mark: MetricMark | undefined): void {
    this.#selection = createSelection(destination.selection, this.shared, this.tenantId === undefined, () =>
      this.#onRuleFault(),
    );
    const resource = this.shared.resourceFor(this.tenantId, destination);
    for (const signal of SIGNALS) {
      const target = destination.disabled ? undefined : destination.targets[signal];
      const outlet = this.#outletOf(signal);
      if (outlet !== undefined && target !== undefined && samePlace(outlet.target, target)) {
        outlet.lane.sender.update(target);
        outlet.lane.queue.setResource(resource);
        outlet.target = target;
        continue;
      }
      if (outlet !== undefined) {
        this.#retire(outlet, destination.disabled ? 'disabled' : 'destination_changed');
        this.#health.restart();
      }
      if (target !== undefined) this.#open(signal, target, resource);
    }
    const lane = this.#outletOf('metrics')?.lane;
    if (lane === undefined) this.#closeReadings();
    else this.#readings ??= this.#openReadings(lane, mark);
  }

  #openReadings(lane: Lane, mark: MetricMark | undefined): Readings {
    const { tenantId, temporality, shared } = this;
    const { metrics, customMetrics, epochMs } = shared;
    const requests = metrics.openReading(tenantId, temporality, mark);
    if (tenantId === undefined) this.#custom ??= customMetrics.openReading(temporality);
    const readings = [requests, ...shared.openOwnReadings(this, mark)];
    return new Readings({ readings, custom: this.#custom, lane, epochMs });
  }

  #open(signal: Signal, target: Target, resource: DestinationResource): void {
    const { scheduler, openSender, pressure } = this.shared;
    const sender = scheduler.outside(() => openSender(target, this.tenantId));
    const outlet = new Outlet(this, { signal, target, sender, health: this.#health, resource });
    if (this.tenantId === undefined)
      this.#limit(outlet.lane.queue, OPERATOR_SHARE[pressure.level], 'memory_pressure');
    this.#outlets = this.#outlets.concat(outlet);
  }

  wakeLanes(): void {
    for (const lane of this.lanes()) if (lane.isWaiting) this.shared.scheduler.wake(lane);
  }

  /** A tenant's former place gets nothing more; the operator's may drain for a while. */
  #retire(outlet: Outlet, reason: DropReason): void {
    const { signal, lane } = outlet;
    // What was counted since the last reading would otherwise reach neither the old place nor the new one.
    if (signal === 'metrics' && this.tenantId === undefined) this.#readings?.takeLast();
    this.#outlets = this.#outlets.filter((other) => other !== outlet);
    if (signal === 'metrics') this.#closeReadings();
    if (this.tenantId !== undefined || lane.isEmpty) this.#closeLane(lane, reason);
    else this.#drain(lane, reason);
  }

  #drain(lane: Lane, reason: DropReason): void {
    this.#draining ??= new DrainingLanes({
      scheduler: this.shared.scheduler,
      onDrained: (drained, why) => this.#closeLane(drained, why),
    });
    this.#draining.add(lane, reason);
  }

  #closeLane(lane: Lane, reason: DropReason): void {
    lane.close(reason);
    (this.#retired ??= new Accounts()).absorb({ [lane.signal]: lane.queue.ledger() });
  }

  #closeReadings(): void {
    this.#readings?.close();
    this.#readings = undefined;
  }

  #onRuleFault(): void {
    this.shared.report({
      code: 'callback_failed',
      message: 'A function of sampling.keep or filter.where threw or gave no boolean',
      destination: this.name,
    });
  }

  /** What it chooses spans by, where it is to get any. */
  get spanSelection(): Selection | undefined {
    return this.wants('traces') ? this.#selection : undefined;
  }

  add(signal: Signal, record: OutgoingRecord, request: RequestSubject | undefined): void {
    if (this.#selection !== undefined && !this.#selection.takes(signal, record, request)) return;
    this.#outletOf(signal)?.lane.add(record);
  }

  /** A span of a request that was not sampled; `refusal`: it is not to be queued. */
  addUnsampled(record: OutgoingRecord, request: FinishedRequest, refusal: DropReason | undefined): void {
    if (this.spanSelection?.takesUnsampled(request) !== true) return;
    const lane = this.#outletOf('traces')?.lane;
    if (refusal === undefined) lane?.add(record);
    else lane?.queue.refuse(refusal);
  }

  /** Takes the readings that have news and of which the last one is settled, a step at a time. */
  *takeReadings(what?: 'rest'): Generator<void> {
    if (this.#readings !== undefined) yield* this.#readings.take(what);
  }

  takeCustomReading(): void {
    this.#readings?.takeCustom();
  }

  /** A record that is not to be queued, whatever room there is. */
  refuse(
    signal: Signal,
    reason: DropReason,
    record: OutgoingRecord,
    request: RequestSubject | undefined,
  ): void {
    if (this.#selection !== undefined && !this.#selection.takes(signal, record, request)) return;
    this.#outletOf(signal)?.lane.queue.refuse(reason);
  }

  /** Queues may take this share of their bytes; what is over it goes at once. */
  limitQueues(share: number, reason: DropReason): void {
    for (const { lane } of this.#outlets) this.#limit(lane.queue, share, reason);
  }

  #limit(queue: Queue, share: number, reason: DropReason): void {
    queue.limitBytes(Math.floor(this.bounds.maxBytes * share), reason);
  }

  status(): DestinationStatus {
    const signals: Partial<Record<Signal, SignalStatus>> = {};
    const ledgers = this.ledgers();
    for (const signal of SIGNALS) {
      const ledger = ledgers[signal];
      if (ledger === undefined) continue;
      const lane = this.#outletOf(signal)?.lane;
      signals[signal] = {
        ledger,
        bufferedBytes: lane?.queue.bytes ?? 0,
        ...(lane?.lastDeliveryMs !== undefined && { lastDeliveryMs: lane.lastDeliveryMs }),
        ...(lane?.lastError !== undefined && { lastError: lane.lastError }),
      };
    }
    return { name: this.name, state: this.state, signals };
  }

  /** Everything that this destination was ever given, at former places too. */
  ledgers(): Ledgers {
    const open = this.lanes().map((lane): Ledgers => ({ [lane.signal]: lane.queue.ledger() }));
    return sumLedgers(this.#retired === undefined ? open : [this.#retired.ledgers(), ...open]);
  }

  /** Of all its lanes. */
  inFlightItems(signal: Signal): number {
    let items = 0;
    for (const lane of this.lanes()) if (lane.signal === signal) items += lane.queue.inFlightItems;
    return items;
  }

  /** Where a signal goes, unless a ready-made exporter knows. */
  url(signal: Signal): URL | undefined {
    const target = this.#outletOf(signal)?.target;
    return target?.kind === 'otlp' ? new URL(target.url) : undefined;
  }

  /** Every lane, those that drain included. */
  lanes(): readonly Lane[] {
    return [...this.#outlets.map(({ lane }) => lane), ...(this.#draining?.lanes ?? NO_LANES)];
  }

  async flush(): Promise<void> {
    this.#health.tryNow();
    let isBehind = this.#readings?.isBehind === true;
    await Promise.all(this.lanes().map((lane) => lane.flush()));
    // Once more, for what has happened since the reading that was under way; twice, where another flush has taken that.
    for (let rounds = 0; isBehind && rounds < 2; rounds++) {
      await this.shared.scheduler.inSlices(this.takeReadings('rest'));
      isBehind = this.#readings?.isBehind === true;
      await this.#outletOf('metrics')?.lane.flush();
    }
  }

  /** The destination goes. */
  remove(): void {
    this.#tell(this.state, 'removed');
    for (const outlet of this.#outlets) this.#retire(outlet, 'destination_changed');
    this.#closeReadings();
  }

  /** Its owner goes: everything that is left is counted. */
  close(reason: DropReason): void {
    for (const lane of this.lanes()) this.#closeLane(lane, reason);
    this.#outlets = NO_OUTLETS;
    this.#draining?.forget();
    this.#closeReadings();
  }
}
