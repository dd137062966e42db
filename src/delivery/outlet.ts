/**
 * One signal on its way to one place: the lane, its target, and what lane and queue need from around them. One object with
 * methods instead of several with closures, because an active tenant has two of these.
 */
import type { DestinationResource, Sender, SendResult } from '../model/delivery.js';
import type { Envelopes } from '../model/encoding.js';
import type { DropReason } from '../model/ledger.js';
import type { QueueBounds } from '../model/queue-options.js';
import type { Target } from '../model/resolved-destination.js';
import type { Signal } from '../model/signal.js';
import type { Share } from './budget.js';
import type { Health } from './health.js';
import { Lane, type LaneHome } from './lane.js';
import type { OutboxHome } from './outbox.js';
import { Queue, type QueueOptions } from './queue.js';
import type { Total } from './totals.js';
import { reportDropped, reportResult, type Reported } from './reports.js';

/** The destination that an outlet belongs to. */
export interface OutletHome extends Reported {
  readonly shared: OutboxHome;
  readonly bounds: QueueBounds;
  readonly share: Share | undefined;
  /** What one lane has learned of the destination concerns all of them. */
  wakeLanes(): void;
}

/** What an outlet is made with. */
export interface OutletOptions {
  readonly signal: Signal;
  readonly target: Target;
  readonly sender: Sender;
  readonly health: Health;
  readonly resource: DestinationResource;
}

export class Outlet implements LaneHome, QueueOptions {
  readonly signal: Signal;
  readonly lane: Lane;
  target: Target;
  /** What all tenants' queues of this signal hold together. */
  readonly total: Total | undefined;
  readonly #home: OutletHome;

  constructor(home: OutletHome, { signal, target, sender, health, resource }: OutletOptions) {
    this.#home = home;
    this.signal = signal;
    this.target = target;
    this.total = home.tenantId === undefined ? undefined : home.shared.totals.of(signal);
    // The specification: `export` of one exporter is not called concurrently.
    const maxInFlight = this.asObjects ? 1 : home.bounds.maxInFlight;
    const destined =
      home.tenantId === undefined || target.kind === 'exporter'
        ? undefined
        : {
            tenantId: home.tenantId,
            origin: new URL(target.url).origin,
            isTrustedOrigin: target.isTrustedOrigin,
          };
    const ofTenants = destined && { home: home.shared.admission, destined };
    this.lane = new Lane(this, health, new Queue(this, resource), sender, maxInFlight, ofTenants);
  }

  /** For a ready-made exporter. */
  get asObjects(): boolean {
    return this.target.kind === 'exporter';
  }

  get envelopes(): Envelopes {
    return this.#home.shared.envelopes;
  }

  get bounds(): QueueBounds {
    return this.#home.bounds;
  }

  get share(): Share | undefined {
    return this.#home.share;
  }

  monotonicMs(): number {
    return this.#home.shared.monotonicMs();
  }

  wake(lane: Lane): void {
    this.#home.shared.scheduler.wake(lane);
  }

  wakeAt(lane: Lane, atMs: number): void {
    this.#home.shared.scheduler.wakeAt(lane, atMs);
  }

  forget(lane: Lane): void {
    this.#home.shared.scheduler.forget(lane);
  }

  onDropped(reason: DropReason, items: number): void {
    reportDropped(this.#home, this.signal, reason, items);
  }

  onResult(result: SendResult, isSplit: boolean): void {
    if (!isSplit) reportResult(this.#home, this.signal, result);
    this.#home.wakeLanes();
  }
}
