/**
 * One signal's queue at one destination: gathers records into batches, sends them, tries again, keeps the account.
 *
 *   add ─▶ open batch ──(full, or a second old)──▶ waiting ──▶ in flight ──▶ settled
 *                                                     ▲            │ retry
 *                                                     └────────────┘
 *
 * Bounded by `bounds.maxBytes` and, for records, `bounds.maxItems` over all three. A batch in flight cannot be dropped for room: where nothing else is left, the
 * bound is exceeded by one record of at most 256 KiB.
 */
import type {
  DestinationResource,
  OutgoingRecord,
  Sender,
  SendResult,
  TakenReading,
} from '../model/delivery.js';
import type { Envelopes } from '../model/encoding.js';
import type { DropReason, Ledger } from '../model/ledger.js';
import type { QueueBounds } from '../model/queue-options.js';
import type { Signal } from '../model/signal.js';
import { Account } from './account.js';
import { Batch } from './batch.js';
import type { Evictable, Share } from './budget.js';
import {
  ACTIVE_AFTER,
  FAILING_AFTER,
  MAX_RECORD_BYTES,
  MIN_BATCHES_PER_QUEUE,
  MAX_RETRY_AFTER_MS,
  MIN_RETRY_AFTER_MS,
} from './bounds.js';

/** What a lane needs from around it. */
export interface LaneHome {
  readonly envelopes: Envelopes;
  monotonicMs(): number;
  /** Asks to be pumped: `soon`, or with the next tick. */
  wake(lane: Lane, soon: boolean): void;
  /** Told of every attempt's result, for health and reports. */
  onResult(signal: Signal, result: SendResult): void;
  onDropped(signal: Signal, reason: DropReason, items: number): void;
  /** What all queues of a tenant hold; the operator has none. */
  readonly share: Share | undefined;
}

export type LaneState = 'failing' | 'pending' | 'receiving' | 'active';

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

export class Lane implements Evictable {
  readonly signal: Signal;
  readonly account = new Account();
  lastDeliveryMs: number | undefined;
  lastError: string | undefined;
  readonly sender: Sender;
  readonly #home: LaneHome;
  readonly #bounds: QueueBounds;
  readonly #maxBatchBytes: number;
  readonly #maxBatchItems: number;
  readonly #asObjects: boolean;
  readonly #inFlight = new Map<Batch, AbortController>();
  readonly #waiters = new Set<Waiter>();
  #resource: DestinationResource;
  #open: Batch | undefined;
  #waiting: Batch[] = [];
  #sequence = 0;
  #lastBatchBytes = 1024;
  #bytes = 0;
  #items = 0;
  #notBeforeMs = 0;
  #failuresInRow = 0;
  #successesInRow = 0;
  #closed = false;

  constructor(
    home: LaneHome,
    signal: Signal,
    sender: Sender,
    asObjects: boolean,
    bounds: QueueBounds,
    resource: DestinationResource,
  ) {
    this.#home = home;
    this.signal = signal;
    this.sender = sender;
    this.#asObjects = asObjects;
    this.#bounds = bounds;
    this.#maxBatchBytes = Math.min(bounds.maxBatchBytes, bounds.maxBytes / MIN_BATCHES_PER_QUEUE);
    this.#maxBatchItems = Math.ceil(Math.min(bounds.maxBatchItems, bounds.maxItems / MIN_BATCHES_PER_QUEUE));
    this.#resource = resource;
    home.share?.members.add(this);
  }

  get bufferedBytes(): number {
    return this.#bytes;
  }

  /** Counted afresh, so that the law can be checked against it. */
  get buffered(): number {
    let items = this.#open?.items ?? 0;
    for (const batch of this.#waiting) items += batch.items;
    for (const batch of this.#inFlight.keys()) items += batch.items;
    return items;
  }

  get isEmpty(): boolean {
    return this.#open === undefined && this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  /** `undefined`: nothing was ever sent, so nothing is known. */
  get state(): LaneState | undefined {
    if (this.#failuresInRow >= FAILING_AFTER) return 'failing';
    if (this.#successesInRow >= ACTIVE_AFTER) return 'active';
    if (this.lastDeliveryMs !== undefined) return 'receiving';
    return this.account.accepted === 0 ? undefined : 'pending';
  }

  ledger(): Ledger {
    return this.account.ledger(this.buffered);
  }

  /** For the records from now on. The same again, as after each lookup, must not break up the batch being filled. */
  setResource(resource: DestinationResource): void {
    if (Buffer.compare(resource.bytes, this.#resource.bytes) === 0) return;
    this.#seal();
    this.#resource = resource;
  }

  add(record: OutgoingRecord): void {
    // First, because a record that cannot be encoded throws here, and must not be counted as accepted.
    const size = Batch.bytesOf(record, this.#asObjects);
    this.account.accepted++;
    if (this.#closed) {
      this.#drop('destination_changed', 1);
      return;
    }
    if (size > MAX_RECORD_BYTES) {
      this.#drop('too_large', 1);
      return;
    }
    if (this.#open !== undefined && this.#open.byteLength + size > this.#maxBatchBytes) {
      this.#seal();
      this.#home.wake(this, true);
    }
    // Before it is added, so that the newest record never pays for the room that it needs.
    const { maxBytes, maxItems } = this.#bounds;
    if (this.#bytes + size > maxBytes || this.#items >= maxItems) this.#makeRoom(size, 1);
    const wasEmpty = this.#open === undefined;
    const batch = (this.#open ??= this.#newBatch());
    const before = batch.byteLength;
    batch.add(record);
    this.#count(batch.byteLength - before, 1);
    if (batch.items >= this.#maxBatchItems) {
      this.#seal();
      this.#home.wake(this, true);
    } else if (wasEmpty) {
      this.#home.wake(this, false);
    }
  }

  /** A reading is a batch of its own: it settles as a whole. */
  addReading(taken: TakenReading, onSettled: (result: 'accepted' | 'lost') => void): void {
    this.account.accepted += taken.points;
    if (this.#closed) {
      this.#drop('destination_changed', taken.points);
      onSettled('lost');
      return;
    }
    const batch = this.#newBatch();
    batch.addReading(taken);
    batch.onSettled = onSettled;
    // Points are bounded by the series; only their bytes count here.
    if (this.#bytes + batch.byteLength > this.#bounds.maxBytes) this.#makeRoom(batch.byteLength, 0);
    this.#waiting.push(batch);
    this.#count(batch.byteLength, batch.items);
    this.#home.wake(this, true);
  }

  #newBatch(): Batch {
    const { envelopes } = this.#home;
    const now = this.#home.monotonicMs();
    return new Batch(
      this.signal,
      envelopes,
      this.#asObjects,
      this.#resource,
      now,
      this.#sequence++,
      this.#lastBatchBytes,
    );
  }

  #seal(): void {
    if (this.#open === undefined) return;
    this.#waiting.push(this.#open);
    // A tenth more than the last one: batches of a steady flow are alike, and growing would copy each record twice.
    this.#lastBatchBytes = Math.ceil(this.#open.byteLength * 1.1);
    this.#open = undefined;
  }

  /** The oldest waiting batch goes; a lane that has none gives up the one being filled. */
  #makeRoom(neededBytes: number, neededItems: number): void {
    const { maxBytes, maxItems } = this.#bounds;
    const tooMany = (): boolean => neededItems > 0 && this.#items + neededItems > maxItems;
    while (this.#bytes + neededBytes > maxBytes || tooMany()) {
      if (!this.#dropOldest('queue_full')) break;
    }
    this.#notify(false);
  }

  /** Last in whatever it is part of: all tenants' bound may take something away again, also of this lane. */
  #count(bytes: number, items: number): void {
    this.#bytes += bytes;
    this.#items += items;
    this.#home.share?.change(bytes);
  }

  get oldestMs(): number | undefined {
    return (this.#waiting[0] ?? this.#open)?.bornMs;
  }

  evictOldest(): void {
    this.#dropOldest('budget_full');
    this.#notify(false);
  }

  /** `false`: all that is left is in flight. */
  #dropOldest(reason: DropReason): boolean {
    const oldest = this.#waiting.shift() ?? this.#open;
    if (oldest === undefined) return false;
    if (oldest === this.#open) this.#open = undefined;
    this.#settle(oldest, 'lost');
    this.#drop(reason, oldest.items);
    return true;
  }

  #drop(reason: DropReason, items: number): void {
    this.account.drop(reason, items);
    this.#home.onDropped(this.signal, reason, items);
  }

  /** Sends what is due. Called by the scheduler, outside any request. */
  pump(): void {
    const now = this.#home.monotonicMs();
    if (this.#open !== undefined && now - this.#open.bornMs >= this.#bounds.flushIntervalMs * 0.8)
      this.#seal();
    this.#expire(now);
    if (now < this.#notBeforeMs) return;
    // After a failure one batch probes; the others wait for its result.
    const allowed = this.#failuresInRow > 0 ? 1 : this.#bounds.maxInFlight;
    while (this.#inFlight.size < allowed) {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      void this.#send(batch);
    }
  }

  #expire(now: number): void {
    for (
      let oldest = this.#waiting[0];
      oldest !== undefined && now - oldest.bornMs > this.#bounds.maxAgeMs;
      oldest = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#settle(oldest, 'lost');
      this.#drop('expired', oldest.items);
    }
    this.#notify(false);
  }

  async #send(batch: Batch): Promise<void> {
    const abort = new AbortController();
    this.#inFlight.set(batch, abort);
    let result: SendResult;
    try {
      result = await this.sender.send(batch, abort.signal);
    } catch {
      // Senders do not reject; if one does, its batch must still be accounted for.
      result = { kind: 'retry', errorClass: 'internal' };
    }
    // Closed in the meantime: the close has counted the batch.
    if (!this.#inFlight.delete(batch)) return;
    this.#settleResult(batch, result);
    this.#home.onResult(this.signal, result);
    this.#notify(this.#inFlight.size === 0 && this.#notBeforeMs > this.#home.monotonicMs());
    if (!this.#closed && !this.isEmpty) this.#home.wake(this, result.kind !== 'retry');
  }

  #settleResult(batch: Batch, result: SendResult): void {
    if (result.kind === 'delivered') {
      const rejected = Math.min(batch.items, result.rejected);
      this.account.delivered += batch.items - rejected;
      this.account.rejected += rejected;
      this.lastDeliveryMs = Date.now();
      this.#failuresInRow = 0;
      this.#successesInRow++;
      this.#settle(batch, 'accepted');
      return;
    }
    this.lastError = result.errorClass;
    this.#failuresInRow++;
    this.#successesInRow = 0;
    if (result.kind === 'retry') {
      this.#notBeforeMs =
        this.#home.monotonicMs() + backoffMs(this.#bounds, this.#failuresInRow, result.retryAfterMs);
      this.#putBack(batch);
    } else if (result.reason === 'rejected') {
      this.account.rejected += batch.items;
      this.#settle(batch, 'accepted');
    } else {
      this.#settle(batch, 'lost');
      this.#drop(result.reason, batch.items);
    }
  }

  /** In the order in which the batches were made. */
  #putBack(batch: Batch): void {
    const index = this.#waiting.findIndex((other) => other.sequence > batch.sequence);
    if (index < 0) this.#waiting.push(batch);
    else this.#waiting.splice(index, 0, batch);
    if (this.#bytes > this.#bounds.maxBytes) this.#makeRoom(0, 0);
  }

  #settle(batch: Batch, result: 'accepted' | 'lost'): void {
    this.#count(-batch.byteLength, -batch.items);
    batch.onSettled?.(result);
  }

  /** Tries everything that is here now once, without waiting for a pause to end; resolves when that is done. */
  flush(): Promise<void> {
    this.#seal();
    if (this.isEmpty) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiters.add({ upTo: this.#sequence, resolve }));
    this.#notBeforeMs = 0;
    this.#home.wake(this, true);
    return done;
  }

  #notify(gaveUp: boolean): void {
    if (this.#waiters.size === 0) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (const batch of [...this.#waiting, ...this.#inFlight.keys()])
      oldest = Math.min(oldest, batch.sequence);
    for (const waiter of this.#waiters) {
      if (!gaveUp && oldest < waiter.upTo) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Drops what is left for this reason, aborts what is in flight, and takes nothing more. */
  close(reason: DropReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#seal();
    const left = [...this.#inFlight.keys(), ...this.#waiting];
    const aborts = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#waiting = [];
    for (const batch of left) {
      this.#settle(batch, 'lost');
      this.#drop(reason, batch.items);
    }
    for (const abort of aborts) abort.abort();
    this.#notify(true);
    this.#home.share?.members.delete(this);
    this.sender.close();
  }
}

/** Jittered by half, or the destination's own wish within its limits. */
function backoffMs(
  { initialRetryDelayMs, maxRetryDelayMs }: QueueBounds,
  failuresInRow: number,
  retryAfterMs: number | undefined,
): number {
  if (retryAfterMs !== undefined)
    return Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, retryAfterMs));
  const ceiling = Math.min(maxRetryDelayMs, initialRetryDelayMs * 2 ** Math.min(16, failuresInRow - 1));
  return ceiling * (0.5 + Math.random() / 2);
}
