/** Empties one queue into one sender, as far as the destination's health and the free places allow. */
import type { OutgoingRecord, Sender, SendResult, TakenReading } from '../model/delivery.js';
import type { DropReason } from '../model/ledger.js';
import type { Signal } from '../model/signal.js';
import type { Batch } from './batch.js';
import { SLOW_AFTER_MS } from './bounds.js';
import type { Health, Verdict } from './health.js';
import type { Queue } from './queue.js';
import type { Slot, Slots, SlotTaker } from './slots.js';

/** What a lane needs from around it. */
export interface LaneHome {
  /** All tenants' places; the operator needs none. */
  readonly slots: Slots | undefined;
  /** Asks to be pumped: `soon`, or with the next tick. */
  wake(lane: Lane, soon: boolean): void;
  /** Told of every attempt's result, for reports, and so that the destination's other lanes look again. */
  onResult(signal: Signal, result: SendResult, isSplit: boolean): void;
}

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

export class Lane implements SlotTaker {
  readonly signal: Signal;
  readonly queue: Queue;
  readonly sender: Sender;
  lastDeliveryMs: number | undefined;
  lastError: string | undefined;
  readonly #home: LaneHome;
  readonly #maxInFlight: number;
  #health: Health;
  readonly #aborts = new Map<Batch, AbortController>();
  readonly #waiters = new Set<Waiter>();
  #isQuick = false;
  #isClosed = false;

  constructor(home: LaneHome, health: Health, queue: Queue, sender: Sender, maxInFlight: number) {
    this.#home = home;
    this.#health = health;
    this.signal = queue.signal;
    this.queue = queue;
    this.sender = sender;
    this.#maxInFlight = maxInFlight;
  }

  get isSlow(): boolean {
    return !this.#isQuick;
  }

  get isEmpty(): boolean {
    return this.queue.isEmpty;
  }

  /** Something of it could go, or somebody waits for it. */
  get isWaiting(): boolean {
    return this.queue.hasWaiting || this.#waiters.size > 0;
  }

  /** It is on its own from now on, with what it has under way: what it meets says nothing about the destination any more. */
  leaveHealth(): void {
    const own = this.#health.fresh();
    this.#health.withdraw(this.signal);
    for (let inFlight = this.#aborts.size; inFlight > 0; inFlight--) {
      this.#health.cancelled(this.signal);
      own.sent(this.signal);
    }
    this.#health = own;
  }

  add(record: OutgoingRecord): void {
    const added = this.queue.add(record);
    if (added !== 'joined') this.#home.wake(this, added === 'completed');
  }

  addReading(taken: TakenReading): void {
    this.queue.addReading(taken);
    if (!this.#isClosed) this.#home.wake(this, true);
  }

  onSlot(): void {
    this.#home.wake(this, true);
  }

  /** Sends what is due. Called by the scheduler, outside any request. */
  pump(): void {
    if (this.#isClosed) return;
    const { queue } = this;
    const { slots } = this.#home;
    const health = this.#health;
    queue.expire();
    let verdict = health.mayStart(this.signal, this.#maxInFlight);
    queue.sealDue(verdict);
    while (verdict === 'go' && queue.hasWaiting) {
      const slot = slots?.take(this);
      if (slots !== undefined && slot === undefined) break;
      this.#send(queue.take() as Batch, slot);
      verdict = health.mayStart(this.signal, this.#maxInFlight);
    }
    this.#stepBack(verdict);
    this.#notify(verdict === 'paused' && queue.inFlight === 0);
  }

  /** Others must not wait for one that could not go anyway. */
  #stepBack(verdict: Verdict): void {
    const { slots } = this.#home;
    if (verdict !== 'go' || !this.queue.hasWaiting) slots?.leave(this);
    if (!this.queue.isDue) this.#health.withdraw(this.signal);
  }

  #send(batch: Batch, slot: Slot | undefined): void {
    const startMs = performance.now();
    const abort = new AbortController();
    this.#aborts.set(batch, abort);
    this.#health.sent(this.signal);
    // Senders do not reject; if one does, its batch must still be accounted for.
    const failed: SendResult = { kind: 'retry', errorClass: 'internal' };
    void this.sender
      .send(batch, abort.signal)
      .catch(() => failed)
      .then((result) => {
        if (slot !== undefined) this.#home.slots?.give(slot);
        this.#isQuick = result.kind === 'delivered' && performance.now() - startMs < SLOW_AFTER_MS;
        this.#settle(batch, result);
      });
  }

  #settle(batch: Batch, result: SendResult): void {
    this.#aborts.delete(batch);
    if (!this.queue.isInFlight(batch)) {
      this.#health.cancelled(this.signal);
      return;
    }
    // Not a failure yet: its halves will tell.
    const isSplit = result.kind === 'refused' && result.reason === 'too_large' && this.queue.split(batch);
    if (isSplit) this.#health.cancelled(this.signal);
    else this.#health.settled(this.signal, result);
    if (result.kind === 'delivered') {
      this.lastDeliveryMs = Date.now();
      this.queue.deliver(batch, result.rejected);
    } else if (!isSplit) {
      this.lastError = result.errorClass;
      this.#settleFailure(batch, result);
    }
    this.#home.onResult(this.signal, result, isSplit);
    this.#notify(this.#health.isPaused(this.signal) && this.queue.inFlight === 0);
  }

  #settleFailure(batch: Batch, result: Exclude<SendResult, { kind: 'delivered' }>): void {
    if (result.kind === 'retry') this.queue.putBack(batch);
    else if (result.reason === 'rejected') this.queue.deliver(batch, batch.items);
    else this.queue.fail(batch, result.reason);
  }

  /** Tries everything that is here now once, without waiting for a pause to end; resolves when that is done. */
  flush(): Promise<void> {
    this.queue.seal();
    if (this.isEmpty) return Promise.resolve();
    const done = new Promise<void>((resolve) => {
      this.#waiters.add({ upTo: this.queue.nextSequence, resolve });
    });
    this.#home.wake(this, true);
    return done;
  }

  #notify(gaveUp: boolean): void {
    if (this.#waiters.size === 0) return;
    const oldest = this.queue.oldestSequence;
    for (const waiter of this.#waiters) {
      if (!gaveUp && oldest < waiter.upTo) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Drops what is left for this reason, aborts what is in flight, and takes nothing more. */
  close(reason: DropReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.queue.close(reason);
    for (const abort of this.#aborts.values()) abort.abort();
    this.#home.slots?.leave(this);
    this.#health.withdraw(this.signal);
    this.#notify(true);
    this.sender.close();
  }
}
