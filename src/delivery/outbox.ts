/** One destination of one owner: a lane per signal, the metric reading, and its state. */
import type {
  DestinationResource,
  MetricMark,
  MetricReading,
  MetricSource,
  OutgoingRecord,
  SenderFactory,
  SendResult,
  TakenReading,
} from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Envelopes } from '../model/encoding.js';
import type { DropReason, Ledger } from '../model/ledger.js';
import type { DeliveryBounds } from '../model/queue-options.js';
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { DestinationState, DestinationStatus, SignalStatus } from '../model/status.js';
import type { Account } from './account.js';
import { accountOf, sumLedgers } from './account.js';
import { DRAIN_MS } from './bounds.js';
import type { Budget, Share } from './budget.js';
import { Lane } from './lane.js';
import type { Scheduler } from './scheduler.js';

/** What all outboxes of an instance share. */
export interface OutboxHome {
  readonly envelopes: Envelopes;
  readonly scheduler: Scheduler;
  readonly metrics: MetricSource;
  readonly bounds: DeliveryBounds;
  /** Of all tenants together. */
  readonly budget: Budget;
  openSender: SenderFactory;
  monotonicMs(): number;
  epochMs(): number;
  report(diagnostic: Diagnostic): void;
  /** The resource that this owner's records carry at this destination. */
  resourceFor(tenantId: string | undefined, destination: ResolvedDestination): DestinationResource;
}

/** A target in a form that can be compared: whoever keeps the same place keeps the queue. */
function samePlace(a: Target, b: Target): boolean {
  if (a.kind === 'otlp') return b.kind === 'otlp' && a.url === b.url;
  return b.kind === 'exporter' && a.exporter === b.exporter;
}

/** A destination is as its worst signal, a tenant as its worst destination. */
const WORST_FIRST: readonly DestinationState[] = ['failing', 'pending', 'receiving', 'active', 'disabled'];

export function worstState(states: readonly DestinationState[]): DestinationState | undefined {
  return WORST_FIRST.find((state) => states.includes(state));
}

/** What a signal's items are called in reports. */
const ITEMS: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  logs: 'log records',
  metrics: 'data points',
};

export class Outbox {
  readonly #home: OutboxHome;
  readonly #tenantId: string | undefined;
  readonly #share: Share | undefined;
  /** Accounts of closed lanes: what a change cost stays in the destination's account. */
  readonly #retired = new Map<Signal, Account>();
  readonly #lanes = new Map<Signal, Lane>();
  readonly #targets = new Map<Signal, Target>();
  /** Lanes of former places that are still draining. */
  readonly #draining = new Set<Lane>();
  #destination: ResolvedDestination;
  #reading: MetricReading | undefined;
  #readingWaits = false;
  #customWaiting = 0;

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
    this.#destination = destination;
    this.#apply(destination, mark);
  }

  get name(): string {
    return this.#destination.name;
  }

  wants(signal: Signal): boolean {
    return this.#lanes.has(signal);
  }

  /** The same destination, configured anew. What keeps its place keeps its queue; new credentials serve at once. */
  update(destination: ResolvedDestination): void {
    if (this.#destination.temporality !== destination.temporality) {
      // The new reading begins now; what the old one has not told yet would be lost.
      this.#takeLastReading();
      this.#closeReading();
    }
    this.#destination = destination;
    this.#apply(destination, undefined);
  }

  #apply(destination: ResolvedDestination, mark: MetricMark | undefined): void {
    const resource = this.#home.resourceFor(this.#tenantId, destination);
    for (const signal of SIGNALS) {
      const target = destination.disabled ? undefined : destination.targets[signal];
      const lane = this.#lanes.get(signal);
      const before = this.#targets.get(signal);
      if (lane !== undefined && target !== undefined && before !== undefined && samePlace(before, target)) {
        lane.sender.update(target);
        lane.setResource(resource);
        this.#targets.set(signal, target);
        continue;
      }
      if (lane !== undefined) this.#retire(signal, lane);
      if (target !== undefined) this.#open(signal, target, resource);
    }
    if (this.#lanes.has('metrics')) {
      this.#reading ??= this.#home.metrics.openReading(this.#tenantId, destination.temporality, mark);
    } else {
      this.#closeReading();
    }
  }

  #open(signal: Signal, target: Target, resource: DestinationResource): void {
    const { scheduler, bounds: all } = this.#home;
    const own = this.#tenantId === undefined ? all.operator : all.tenants;
    // The specification: `export` of one exporter is not called concurrently.
    const bounds = target.kind === 'exporter' ? { ...own, maxInFlight: 1 } : own;
    const sender = scheduler.outside(() => this.#home.openSender(target));
    const laneHome = {
      share: this.#share,
      envelopes: this.#home.envelopes,
      monotonicMs: () => this.#home.monotonicMs(),
      wake: (lane: Lane, soon: boolean) => scheduler.wake(lane, soon),
      onResult: (of: Signal, result: SendResult) => this.#onResult(of, result),
      onDropped: (of: Signal, reason: DropReason, items: number) => this.#onDropped(of, reason, items),
    };
    const lane = new Lane(laneHome, signal, sender, target.kind === 'exporter', bounds, resource);
    this.#lanes.set(signal, lane);
    this.#targets.set(signal, target);
  }

  /** A tenant's former place gets nothing more; the operator's may drain for a while. */
  #retire(signal: Signal, lane: Lane): void {
    // What was counted since the last reading would otherwise reach neither the old place nor the new one.
    if (signal === 'metrics' && this.#tenantId === undefined) this.#takeLastReading();
    this.#lanes.delete(signal);
    this.#targets.delete(signal);
    if (signal === 'metrics') this.#closeReading();
    if (this.#tenantId !== undefined || lane.isEmpty) this.#closeLane(lane, 'destination_changed');
    else this.#drain(lane);
  }

  #drain(lane: Lane): void {
    this.#draining.add(lane);
    const done = (): void => {
      clearTimeout(deadline);
      if (this.#draining.delete(lane)) this.#closeLane(lane, 'destination_changed');
    };
    const deadline = this.#home.scheduler.outside(() => setTimeout(done, DRAIN_MS)).unref();
    void lane.flush().then(() => {
      if (lane.isEmpty) done();
    });
  }

  #closeLane(lane: Lane, reason: DropReason): void {
    lane.close(reason);
    accountOf(this.#retired, lane.signal).absorb(lane.account);
  }

  #closeReading(): void {
    this.#reading?.close();
    this.#reading = undefined;
    this.#readingWaits = false;
  }

  add(signal: Signal, record: OutgoingRecord): void {
    this.#lanes.get(signal)?.add(record);
  }

  /** Takes a reading if there is news and the last one is settled. */
  takeReading(): void {
    if (!this.#readingWaits) this.#take();
  }

  /**
   * A last reading before the present one goes. A cumulative one tells everything again, so one that waits is no hindrance; a
   * delta that waits is: what has come since is told by nobody, and its next reading would tell the waiting one twice.
   */
  #takeLastReading(): void {
    if (!this.#readingWaits || this.#destination.temporality === 'cumulative') this.#take();
  }

  #take(): void {
    const lane = this.#lanes.get('metrics');
    const reading = this.#reading;
    if (lane === undefined || reading === undefined || !reading.hasNews()) return;
    const taken = reading.take(this.#home.epochMs());
    if (taken === undefined) return;
    this.#readingWaits = true;
    lane.addReading(taken, (result) => {
      reading.settle(result);
      if (this.#reading === reading) this.#readingWaits = false;
    });
  }

  /** Custom instruments are cumulative, so a reading that waits is as good as the next one. */
  addCustomReadings(readings: readonly TakenReading[]): void {
    const lane = this.#lanes.get('metrics');
    if (lane === undefined || this.#customWaiting > 0) return;
    for (const taken of readings) {
      this.#customWaiting++;
      lane.addReading(taken, () => {
        this.#customWaiting--;
      });
    }
  }

  /** For a sentence: whose destination, and which. */
  #place(): string {
    return this.#tenantId === undefined
      ? `the operator's destination "${this.name}"`
      : `destination "${this.name}" of tenant ${JSON.stringify(this.#tenantId)}`;
  }

  #onResult(signal: Signal, result: SendResult): void {
    const where = {
      destination: this.name,
      signal,
      ...(this.#tenantId !== undefined && { tenantId: this.#tenantId }),
    };
    if (result.kind === 'delivered') {
      if (result.rejected > 0) {
        const message = `${this.#place()} rejected ${result.rejected} ${ITEMS[signal]}`;
        this.#home.report({ code: 'partial_success', message, ...where });
      }
      return;
    }
    const after = result.kind === 'retry' ? 'it will be tried again' : 'it cannot be tried again';
    this.#home.report({
      code: 'export_failed',
      message: `An export of ${signal} to ${this.#place()} failed (${result.errorClass}); ${after}`,
      ...where,
    });
  }

  #onDropped(signal: Signal, reason: DropReason, items: number): void {
    this.#home.report({
      code: 'dropped',
      message: `${items} ${ITEMS[signal]} for ${this.#place()} were lost: ${reason}`,
      destination: this.name,
      signal,
      ...(this.#tenantId !== undefined && { tenantId: this.#tenantId }),
    });
  }

  /** That of the signal that is worst off, so that a dead one cannot hide behind a healthy one. */
  state(): DestinationState {
    if (this.#destination.disabled) return 'disabled';
    const states = [...this.#lanes.values()].flatMap((lane) => lane.state ?? []);
    return worstState(states) ?? 'pending';
  }

  status(): DestinationStatus {
    const signals: Partial<Record<Signal, SignalStatus>> = {};
    for (const signal of SIGNALS) {
      const ledger = this.ledger(signal);
      if (ledger === undefined) continue;
      const lane = this.#lanes.get(signal);
      signals[signal] = {
        ledger,
        bufferedBytes: lane?.bufferedBytes ?? 0,
        ...(lane?.lastDeliveryMs !== undefined && { lastDeliveryMs: lane.lastDeliveryMs }),
        ...(lane?.lastError !== undefined && { lastError: lane.lastError }),
      };
    }
    return { name: this.name, state: this.state(), signals };
  }

  /** Everything that this destination was ever given of a signal, at former places too. */
  ledger(signal: Signal): Ledger | undefined {
    const ledgers = this.lanes().flatMap((lane) => (lane.signal === signal ? lane.ledger() : []));
    const retired = this.#retired.get(signal);
    if (retired !== undefined) ledgers.push(retired.ledger(0));
    return ledgers.length === 0 ? undefined : sumLedgers(ledgers);
  }

  /** The accounts that have outlived their lanes. */
  retiredAccounts(): Iterable<[Signal, Account]> {
    return this.#retired;
  }

  /** Every lane, those that drain included. */
  lanes(): readonly Lane[] {
    return [...this.#lanes.values(), ...this.#draining];
  }

  async flush(): Promise<void> {
    await Promise.all(this.lanes().map((lane) => lane.flush()));
  }

  /** The destination goes. */
  remove(): void {
    for (const [signal, lane] of [...this.#lanes]) this.#retire(signal, lane);
    this.#closeReading();
  }

  /** The instance goes: everything that is left is counted. */
  close(reason: DropReason): void {
    for (const lane of this.#lanes.values()) this.#closeLane(lane, reason);
    for (const lane of this.#draining) this.#closeLane(lane, reason);
    this.#lanes.clear();
    this.#draining.clear();
    this.#closeReading();
  }
}
