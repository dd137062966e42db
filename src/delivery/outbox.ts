/** One destination of one owner: a lane per signal, the readings of its metrics, and its health. */
import type {
  DestinationResource,
  MetricMark,
  MetricReading,
  MetricSource,
  OutgoingRecord,
  SenderFactory,
  TakenReading,
} from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Envelopes } from '../model/encoding.js';
import type { DropReason } from '../model/ledger.js';
import type { DeliveryBounds, QueueBounds } from '../model/queue-options.js';
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { DestinationState, DestinationStatus, SignalStatus } from '../model/status.js';
import { Accounts, sumLedgers, type Ledgers } from './account.js';
import { DRAIN_MS, MAX_DRAINING } from './bounds.js';
import type { AdmissionHome } from './admission.js';
import type { Budget, Share } from './budget.js';
import { sameConfiguration, samePlace } from './change.js';
import { Health } from './health.js';
import { Lane, type LaneHome } from './lane.js';
import { OPERATOR_SHARE, type PressureLevel } from './pressure.js';
import { Queue } from './queue.js';
import { Readings } from './readings.js';
import { createReports, type Reports } from './reports.js';
import type { Scheduler } from './scheduler.js';
import { tellChange, type StateHome } from './state-change.js';

/** A destination that may be told of the delivery itself. */
export interface OwnReadingOf {
  readonly tenantId: string | undefined;
  readonly temporality: 'cumulative' | 'delta';
  /** Its account. */
  ledgers(): Ledgers;
  /** When that began. */
  readonly sinceMs: number;
}

/** What all outboxes of an instance share. */
export interface OutboxHome extends StateHome {
  readonly envelopes: Envelopes;
  readonly scheduler: Scheduler;
  readonly metrics: MetricSource;
  readonly bounds: DeliveryBounds;
  /** Bytes of all tenants together. */
  readonly budget: Budget;
  /** Requests of all tenants together. */
  readonly admission: AdmissionHome;
  openSender: SenderFactory;
  monotonicMs(): number;
  report(diagnostic: Diagnostic): void;
  /** A destination has no lanes any more although its configuration did not change. */
  onGivenUp(): void;
  readonly pressure: { readonly level: PressureLevel };
  /** The resource that this owner's records carry at this destination. */
  resourceFor(tenantId: string | undefined, destination: ResolvedDestination): DestinationResource;
  /** What a destination is told of the delivery itself; `undefined`: nothing. */
  openOwnReading(of: OwnReadingOf): MetricReading | undefined;
}

export class Outbox {
  readonly #home: OutboxHome;
  readonly #tenantId: string | undefined;
  readonly #share: Share | undefined;
  readonly #bounds: QueueBounds;
  readonly #reports: Reports;
  readonly #bornMs: number;
  /** Accounts of closed lanes: what a change cost stays in the destination's account. */
  readonly #retired = new Accounts();
  readonly #lanes = new Map<Signal, Lane>();
  readonly #targets = new Map<Signal, Target>();
  /** Lanes of former places that are still draining. */
  readonly #draining = new Set<Lane>();
  #destination: ResolvedDestination;
  #health: Health;
  #readings: Readings | undefined;

  constructor(
    home: OutboxHome,
    tenantId: string | undefined,
    destination: ResolvedDestination,
    share: Share | undefined,
    mark?: MetricMark,
  ) {
    this.#home = home;
    this.#share = share;
    this.#tenantId = tenantId;
    this.#bornMs = home.epochMs();
    this.#bounds = tenantId === undefined ? home.bounds.operator : home.bounds.tenants;
    this.#reports = createReports(destination.name, tenantId, (diagnostic) => home.report(diagnostic));
    this.#destination = destination;
    this.#health = this.#newHealth(destination);
    this.#apply(destination, mark);
  }

  get name(): string {
    return this.#destination.name;
  }

  get state(): DestinationState {
    return this.#destination.disabled ? 'disabled' : this.#health.state;
  }

  wants(signal: Signal): boolean {
    return this.#lanes.has(signal);
  }

  #newHealth({ requestsPerMinute }: ResolvedDestination): Health {
    return new Health({
      bounds: this.#bounds,
      requestsPerMinute,
      monotonicMs: () => this.#home.monotonicMs(),
      onChange: (from, to) => {
        // Switched off, it begins anew unseen; that it was switched off is what is told.
        if (!this.#destination.disabled) this.#tell(from, to);
        // Not now: the lane that has found out is in the middle of something.
        if (to === 'disabled') this.#home.scheduler.outside(() => setImmediate(() => this.#giveUp()));
      },
    });
  }

  #tell(from: DestinationState, to: DestinationState | 'removed'): void {
    tellChange(this.#home, { tenantId: this.#tenantId, destination: this.name, from, to });
  }

  /** Dead for days: nothing is queued for it any more until somebody says so. */
  #giveUp(): void {
    if (this.#health.state !== 'disabled') return;
    for (const lane of this.#lanes.values()) this.#closeLane(lane, 'disabled');
    this.#lanes.clear();
    this.#targets.clear();
    this.#closeReadings();
    this.#home.onGivenUp();
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
      this.#takeLast();
      this.#closeReadings();
    }
    this.#destination = destination;
    this.#health.limitTo(destination.requestsPerMinute);
    if (isNew) this.#health.revive();
    this.#apply(destination, undefined);
    // Switched off or on by configuration; what health finds out it tells itself.
    if (before.disabled !== destination.disabled) this.#tell(stateBefore, this.state);
    this.#wakeLanes();
  }

  #apply(destination: ResolvedDestination, mark: MetricMark | undefined): void {
    const resource = this.#home.resourceFor(this.#tenantId, destination);
    for (const signal of SIGNALS) {
      const target = destination.disabled ? undefined : destination.targets[signal];
      const lane = this.#lanes.get(signal);
      const before = this.#targets.get(signal);
      if (lane !== undefined && target !== undefined && before !== undefined && samePlace(before, target)) {
        lane.sender.update(target);
        lane.queue.setResource(resource);
        this.#targets.set(signal, target);
        continue;
      }
      if (lane !== undefined) {
        this.#retire(signal, lane, destination.disabled ? 'disabled' : 'destination_changed');
        this.#health.restart();
      }
      if (target !== undefined) this.#open(signal, target, resource);
    }
    if (this.#lanes.has('metrics')) this.#readings ??= this.#openReadings(destination, mark);
    else this.#closeReadings();
  }

  #openReadings({ temporality }: ResolvedDestination, mark: MetricMark | undefined): Readings {
    const requests = this.#home.metrics.openReading(this.#tenantId, temporality, mark);
    const own = this.#home.openOwnReading({
      tenantId: this.#tenantId,
      temporality,
      ledgers: () => this.ledgers(),
      sinceMs: this.#bornMs,
    });
    return new Readings(own === undefined ? [requests] : [requests, own], temporality);
  }

  #open(signal: Signal, target: Target, resource: DestinationResource): void {
    const { scheduler, envelopes, admission } = this.#home;
    const asObjects = target.kind === 'exporter';
    const queue = new Queue(
      {
        signal,
        envelopes,
        asObjects,
        bounds: this.#bounds,
        share: this.#share,
        monotonicMs: () => this.#home.monotonicMs(),
        onDropped: (reason, items) => this.#reports.dropped(signal, reason, items),
      },
      resource,
    );
    const laneHome: LaneHome = {
      wake: (lane) => scheduler.wake(lane),
      wakeAt: (lane, atMs) => scheduler.wakeAt(lane, atMs),
      forget: (lane) => scheduler.forget(lane),
      onResult: (result, isSplit) => {
        if (!isSplit) this.#reports.result(signal, result);
        this.#wakeLanes();
      },
    };
    const sender = scheduler.outside(() => this.#home.openSender(target));
    if (this.#tenantId === undefined)
      this.#limit(queue, OPERATOR_SHARE[this.#home.pressure.level], 'memory_pressure');
    // The specification: `export` of one exporter is not called concurrently.
    const maxInFlight = asObjects ? 1 : this.#bounds.maxInFlight;
    const destined =
      this.#tenantId === undefined || target.kind === 'exporter'
        ? undefined
        : { origin: new URL(target.url).origin, isTrustedOrigin: false };
    const ofTenants = destined && { home: admission, destined };
    this.#lanes.set(signal, new Lane(laneHome, this.#health, queue, sender, maxInFlight, ofTenants));
    this.#targets.set(signal, target);
  }

  /** What one lane has learned of the destination concerns all of them. */
  #wakeLanes(): void {
    for (const lane of this.lanes()) if (lane.isWaiting) this.#home.scheduler.wake(lane);
  }

  /** A tenant's former place gets nothing more; the operator's may drain for a while. */
  #retire(signal: Signal, lane: Lane, reason: DropReason): void {
    // What was counted since the last reading would otherwise reach neither the old place nor the new one.
    if (signal === 'metrics' && this.#tenantId === undefined) this.#takeLast();
    this.#lanes.delete(signal);
    this.#targets.delete(signal);
    if (signal === 'metrics') this.#closeReadings();
    if (this.#tenantId !== undefined || lane.isEmpty) this.#closeLane(lane, reason);
    else this.#drain(lane, reason);
  }

  #drain(lane: Lane, reason: DropReason): void {
    // The former place's troubles are not the new one's.
    lane.leaveHealth();
    for (const oldest of this.#draining) {
      if (this.#draining.size < MAX_DRAINING) break;
      this.#draining.delete(oldest);
      this.#closeLane(oldest, reason);
    }
    this.#draining.add(lane);
    const done = (): void => {
      clearTimeout(deadline);
      if (this.#draining.delete(lane)) this.#closeLane(lane, reason);
    };
    const deadline = this.#home.scheduler.outside(() => setTimeout(done, DRAIN_MS)).unref();
    void lane.flush().then(() => {
      if (lane.isEmpty) done();
    });
  }

  #closeLane(lane: Lane, reason: DropReason): void {
    lane.close(reason);
    this.#retired.absorb({ [lane.signal]: lane.queue.ledger() });
  }

  #closeReadings(): void {
    this.#readings?.close();
    this.#readings = undefined;
  }

  add(signal: Signal, record: OutgoingRecord): void {
    this.#lanes.get(signal)?.add(record);
  }

  /** Takes the readings that have news and of which the last one is settled, a step at a time. */
  *takeReadings(): Generator<void> {
    const lane = this.#lanes.get('metrics');
    if (lane !== undefined && this.#readings !== undefined)
      yield* this.#readings.take(lane, this.#home.epochMs());
  }

  #takeLast(): void {
    const lane = this.#lanes.get('metrics');
    if (lane !== undefined) this.#readings?.takeLast(lane, this.#home.epochMs());
  }

  addCustomReadings(parts: readonly TakenReading[]): void {
    const lane = this.#lanes.get('metrics');
    if (lane !== undefined) this.#readings?.addCustom(lane, parts);
  }

  /** A record that is not to be queued, whatever room there is. */
  refuse(signal: Signal, reason: DropReason): void {
    const lane = this.#lanes.get(signal);
    if (lane !== undefined) lane.queue.refuse(reason);
  }

  /** Queues may take this share of their bytes; what is over it goes at once. */
  limitQueues(share: number, reason: DropReason): void {
    for (const lane of this.#lanes.values()) this.#limit(lane.queue, share, reason);
  }

  #limit(queue: Queue, share: number, reason: DropReason): void {
    queue.limitBytes(Math.floor(this.#bounds.maxBytes * share), reason);
  }

  status(): DestinationStatus {
    const signals: Partial<Record<Signal, SignalStatus>> = {};
    const ledgers = this.ledgers();
    for (const signal of SIGNALS) {
      const ledger = ledgers[signal];
      if (ledger === undefined) continue;
      const lane = this.#lanes.get(signal);
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
    return sumLedgers([this.#retired.ledgers(), ...open]);
  }

  /** Of all its lanes. */
  inFlightItems(signal: Signal): number {
    let items = 0;
    for (const lane of this.lanes()) if (lane.signal === signal) items += lane.queue.inFlightItems;
    return items;
  }

  /** Where a signal goes, unless a ready-made exporter knows. */
  url(signal: Signal): URL | undefined {
    const target = this.#targets.get(signal);
    return target?.kind === 'otlp' ? new URL(target.url) : undefined;
  }

  /** Every lane, those that drain included. */
  lanes(): readonly Lane[] {
    return [...this.#lanes.values(), ...this.#draining];
  }

  async flush(): Promise<void> {
    this.#health.tryNow();
    let isBehind = this.#readings?.isBehind === true;
    await Promise.all(this.lanes().map((lane) => lane.flush()));
    // Once more, for what has happened since the reading that was under way; twice, where another flush has taken that.
    for (let rounds = 0; isBehind && rounds < 2; rounds++) {
      await this.#home.scheduler.inSlices(this.takeReadings());
      isBehind = this.#readings?.isBehind === true;
      await this.#lanes.get('metrics')?.flush();
    }
  }

  /** The destination goes. */
  remove(): void {
    this.#tell(this.state, 'removed');
    for (const [signal, lane] of [...this.#lanes]) this.#retire(signal, lane, 'destination_changed');
    this.#closeReadings();
  }

  /** Its owner goes: everything that is left is counted. */
  close(reason: DropReason): void {
    for (const lane of this.lanes()) this.#closeLane(lane, reason);
    this.#lanes.clear();
    this.#draining.clear();
    this.#closeReadings();
  }
}
