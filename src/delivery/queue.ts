/**
 * The records of one signal for one destination, from their acceptance to the moment in which their fate is known.
 *
 *   add ─▶ open batch ──seal──▶ waiting ──take──▶ in flight ──▶ settled
 *                                  ▲                  │
 *                                  └── putBack, split ┘
 *
 * Bounded by `bounds.maxBytes` and, for records, `bounds.maxItems` over all three; over it the oldest waiting batch goes.
 * What is in flight cannot: where nothing else is left, the bound is exceeded by one record of at most 256 KiB. The account
 * is exact at every moment.
 */
import type { DestinationResource, OutgoingRecord, TakenReading } from '../model/delivery.js';
import type { DropReason, Ledger } from '../model/ledger.js';
import type { QueueBounds } from '../model/queue-options.js';
import type { Signal } from '../model/signal.js';
import { Account } from './account.js';
import { Batch, type BatchHome } from './batch.js';
import { MAX_FLUSH_INTERVALS, MAX_RECORD_BYTES, MIN_BATCHES_PER_QUEUE } from './bounds.js';
import type { Evictable, Share } from './budget.js';
import type { Total } from './totals.js';

/** A tick more, jittered, and a record has waited for the flush interval, a fifth more or less. */
const INTERVALS_TO_WAIT = 0.8;
/** Of the first one's size: room for a tenant's next batch at most, before it has to grow. */
const FIRST_BUFFER_RECORDS = 16;

/** Kept as it is: one object that is more besides saves a tenant another. */
export interface QueueOptions extends BatchHome {
  readonly bounds: QueueBounds;
  /** What all queues of a tenant hold; the operator has none. */
  readonly share: Share | undefined;
  /** Of all tenants; the operator is in none. */
  readonly total?: Total | undefined;
  monotonicMs(): number;
  onDropped(reason: DropReason, items: number): void;
}

/** What an added record has done: nothing new; begun a batch; completed one, which is ready to go. */
export type Added = 'joined' | 'began' | 'completed';

/** Of 10,000 tenants most have nothing waiting or in flight, and an array of one's own is 32 bytes, a set 200. */
const NONE: readonly Batch[] = [];

export class Queue implements Evictable {
  readonly account: Account;
  readonly #options: QueueOptions;
  readonly #maxBatchBytes: number;
  readonly #maxBatchItems: number;
  /** At most as many as there may be requests under way. */
  #inFlight = NONE;
  #resource: DestinationResource;
  #open: Batch | undefined;
  #waiting = NONE;
  #sequence = 0;
  /** A tenth more than the last one had: batches of a steady flow are alike, and growing would copy each record twice. */
  #expectedBytes = 0;
  #bytes = 0;
  #items = 0;
  #maxBytes: number;
  #isClosed = false;

  constructor(options: QueueOptions, resource: DestinationResource) {
    this.#options = options;
    this.account = new Account(options.total?.account);
    const { bounds } = options;
    this.#maxBytes = bounds.maxBytes;
    this.#maxBatchBytes = Math.min(bounds.maxBatchBytes, bounds.maxBytes / MIN_BATCHES_PER_QUEUE);
    this.#maxBatchItems = Math.ceil(Math.min(bounds.maxBatchItems, bounds.maxItems / MIN_BATCHES_PER_QUEUE));
    this.#resource = resource;
    options.share?.join(this);
  }

  get signal(): Signal {
    return this.#options.signal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get isEmpty(): boolean {
    return this.#open === undefined && this.#waiting.length === 0 && this.#inFlight.length === 0;
  }

  /** Counted afresh, so that the law can be checked against it. */
  get buffered(): number {
    let items = this.#open?.items ?? 0;
    for (const batch of this.#waiting) items += batch.items;
    for (const batch of this.#inFlight) items += batch.items;
    return items;
  }

  get inFlightItems(): number {
    let items = 0;
    for (const batch of this.#inFlight) items += batch.items;
    return items;
  }

  ledger(): Ledger {
    return this.account.ledger(this.buffered);
  }

  /** Those made so far have lower numbers. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** Of what is not settled yet and not being filled. */
  get oldestSequence(): number {
    let oldest = this.#waiting[0]?.sequence ?? Number.POSITIVE_INFINITY;
    for (const batch of this.#inFlight) oldest = Math.min(oldest, batch.sequence);
    return oldest;
  }

  /** For the records from now on. The same again, as after each lookup, must not break up the batch being filled. */
  setResource(resource: DestinationResource): void {
    if (Buffer.compare(resource.bytes, this.#resource.bytes) === 0) return;
    this.seal();
    this.#resource = resource;
  }

  /** Less than the configured bound, or that again; what is over it goes at once. */
  limitBytes(maxBytes: number, reason: DropReason): void {
    this.#maxBytes = Math.min(maxBytes, this.#options.bounds.maxBytes);
    while (this.#bytes > this.#maxBytes) if (!this.#dropOldest(reason)) break;
  }

  add(record: OutgoingRecord): Added {
    // First, because a record that cannot be encoded throws here, and must not be counted as accepted.
    const size = Batch.bytesOf(record, this.#options.asObjects);
    if (this.#isClosed || size > MAX_RECORD_BYTES) {
      this.refuse(this.#isClosed ? 'destination_changed' : 'too_large');
      return 'joined';
    }
    this.account.accept(1);
    let added: Added = 'joined';
    if (this.#open !== undefined && this.#open.byteLength + size > this.#maxBatchBytes) {
      this.seal();
      added = 'completed';
    }
    // Before it is added, so that the newest record never pays for the room that it needs.
    if (this.#bytes + size > this.#maxBytes || this.#items >= this.#options.bounds.maxItems)
      this.#makeRoom(size, 1);
    if (this.#open === undefined) {
      this.#open = this.#newBatch(this.#firstBufferBytes(size));
      if (added === 'joined') added = 'began';
    }
    const batch = this.#open;
    const before = batch.byteLength;
    batch.add(record);
    this.#count(batch.byteLength - before, 1);
    if (batch.items < this.#maxBatchItems) return added;
    this.seal();
    return 'completed';
  }

  /** A part of a reading is a batch of its own: it settles as a whole. */
  addReading(taken: TakenReading): void {
    this.account.accept(taken.points);
    if (this.#isClosed) {
      this.drop('destination_changed', taken.points);
      taken.settle('lost');
      return;
    }
    const batch = this.#newBatch(0, (result) => taken.settle(result));
    batch.addReading(taken);
    // Points are bounded by the series; only their bytes count here.
    if (this.#bytes + batch.byteLength > this.#maxBytes) this.#makeRoom(batch.byteLength, 0);
    this.#wait(batch);
    this.#count(batch.byteLength, batch.items);
  }

  #newBatch(expectedBytes: number, onSettled?: Batch['onSettled']): Batch {
    const bornMs = this.#options.monotonicMs();
    const sequence = this.#sequence++;
    return new Batch(this.#options, { resource: this.#resource, bornMs, sequence, expectedBytes, onSettled });
  }

  /** Only bytes in use count, so a tenant's quiet hour must not have a buffer of its busy one for each single record. */
  #firstBufferBytes(recordBytes: number): number {
    const isTenant = this.#options.share !== undefined;
    const mostBytes = isTenant ? recordBytes * FIRST_BUFFER_RECORDS : this.#expectedBytes;
    return Math.max(recordBytes, Math.min(this.#expectedBytes, mostBytes));
  }

  #wait(batch: Batch): void {
    if (this.#waiting.length === 0) this.#waiting = [batch];
    else (this.#waiting as Batch[]).push(batch);
  }

  #takeOldest(): Batch | undefined {
    if (this.#waiting.length > 1) return (this.#waiting as Batch[]).shift();
    const [only] = this.#waiting;
    this.#waiting = NONE;
    return only;
  }

  /** The batch being filled is complete. */
  seal(): void {
    if (this.#open === undefined) return;
    this.#wait(this.#open);
    this.#expectedBytes = Math.ceil(this.#open.byteLength * 1.1);
    this.#open = undefined;
  }

  /** A batch could go: complete, or it has waited for company long enough. */
  get isDue(): boolean {
    return this.hasWaiting || this.#options.monotonicMs() >= this.dueMs;
  }

  /** When the batch being filled has waited for company long enough; infinite where there is none. */
  get dueMs(): number {
    return this.#openFor(INTERVALS_TO_WAIT);
  }

  #openFor(intervals: number): number {
    const bornMs = this.#open?.bornMs ?? Number.POSITIVE_INFINITY;
    return bornMs + this.#options.bounds.flushIntervalMs * intervals;
  }

  /**
   * Nothing can be sent for a while: what comes meanwhile joins the batch being filled, but not for so long that its youngest
   * records grow old with its first.
   */
  sealOld(): void {
    if (this.#options.monotonicMs() >= this.oldMs) this.seal();
  }

  /** When that is. */
  get oldMs(): number {
    return this.#openFor(MAX_FLUSH_INTERVALS);
  }

  /** When the oldest here is too old. */
  get expiresAtMs(): number {
    return (this.oldestMs ?? Number.POSITIVE_INFINITY) + this.#options.bounds.maxAgeMs;
  }

  /** The oldest waiting batch goes; a queue that has none gives up the one being filled. */
  #makeRoom(neededBytes: number, neededItems: number): void {
    const { maxItems } = this.#options.bounds;
    const tooMany = (): boolean => neededItems > 0 && this.#items + neededItems > maxItems;
    while (this.#bytes + neededBytes > this.#maxBytes || tooMany()) {
      if (!this.#dropOldest('queue_full')) break;
    }
  }

  /** Last in whatever it is part of: all tenants' bound may take something away again, also of this queue. */
  #count(bytes: number, items: number): void {
    this.#bytes += bytes;
    this.#items += items;
    if (this.#options.total !== undefined) this.#options.total.buffered += items;
    this.#options.share?.change(bytes);
  }

  get oldestMs(): number | undefined {
    return (this.#waiting[0] ?? this.#open)?.bornMs;
  }

  evictOldest(reason: DropReason): void {
    this.#dropOldest(reason);
  }

  /** `false`: all that is left is in flight. */
  #dropOldest(reason: DropReason): boolean {
    const oldest = this.#takeOldest() ?? this.#open;
    if (oldest === undefined) return false;
    if (oldest === this.#open) this.#open = undefined;
    this.#lose(oldest, reason);
    return true;
  }

  #lose(batch: Batch, reason: DropReason): void {
    this.#count(-batch.byteLength, -batch.items);
    this.drop(reason, batch.items);
    // A batch that is too large will be so again: for its reading it is told.
    batch.onSettled?.(reason === 'too_large' ? 'accepted' : 'lost');
  }

  /** A record that is not taken at all. */
  refuse(reason: DropReason): void {
    this.account.accept(1);
    this.drop(reason, 1);
  }

  /** Into the account, and the reports. */
  drop(reason: DropReason, items: number): void {
    this.account.drop(reason, items);
    this.#options.onDropped(reason, items);
  }

  /** What has waited for too long goes. */
  expire(): void {
    const before = this.#options.monotonicMs() - this.#options.bounds.maxAgeMs;
    while ((this.oldestMs ?? before) < before) this.#dropOldest('expired');
  }

  /** The oldest batch that is due, which is in flight from now on. Not sealed before: until its turn it grows. */
  take(): Batch | undefined {
    if (!this.hasWaiting && this.isDue) this.seal();
    const batch = this.#takeOldest();
    if (batch === undefined) return undefined;
    this.#inFlight = this.#inFlight.concat(batch);
    if (this.#options.total !== undefined) this.#options.total.inFlight += batch.items;
    return batch;
  }

  /** `false`: it was closed in the meantime, and the close has counted the batch. */
  isInFlight(batch: Batch): boolean {
    return this.#inFlight.includes(batch);
  }

  #land(batch: Batch): void {
    if (this.#options.total !== undefined && this.isInFlight(batch))
      this.#options.total.inFlight -= batch.items;
    this.#inFlight = this.#inFlight.length === 1 ? NONE : this.#inFlight.filter((other) => other !== batch);
  }

  /** The destination has it, except for what it took off. */
  deliver(batch: Batch, rejected: number): void {
    this.#land(batch);
    const lost = Math.min(batch.items, rejected);
    this.account.settle(batch.items - lost, lost);
    this.#count(-batch.byteLength, -batch.items);
    batch.onSettled?.('accepted');
  }

  /** It will never have it. */
  fail(batch: Batch, reason: DropReason): void {
    this.#land(batch);
    this.#lose(batch, reason);
  }

  /** Another attempt later, in the order in which the batches were made. */
  putBack(batch: Batch): void {
    this.#land(batch);
    this.#insert(batch);
    this.#waitAgain(0);
  }

  /** Two halves in its place; `false` where it cannot be split. */
  split(batch: Batch): boolean {
    const halves = batch.halve();
    if (halves === undefined) return false;
    this.#land(batch);
    for (const half of halves) this.#insert(half);
    // What was one metric has its name twice now.
    this.#waitAgain(halves[0].byteLength + halves[1].byteLength - batch.byteLength);
    return true;
  }

  /** What was in flight could not go; bounds that were lowered meanwhile hold for it from now on. */
  #waitAgain(moreBytes: number): void {
    this.#count(moreBytes, 0);
    if (this.#bytes > this.#maxBytes) this.#makeRoom(0, 0);
  }

  #insert(batch: Batch): void {
    const index = this.#waiting.findIndex((other) => other.sequence > batch.sequence);
    if (index < 0) this.#wait(batch);
    else (this.#waiting as Batch[]).splice(index, 0, batch);
  }

  /** Drops what is left for this reason, and takes nothing more. */
  close(reason: DropReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.seal();
    const left = [...this.#inFlight, ...this.#waiting];
    for (const batch of this.#inFlight) this.#land(batch);
    this.#waiting = NONE;
    for (const batch of left) this.#lose(batch, reason);
    this.#options.share?.leave(this);
  }
}
