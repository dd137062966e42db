/** Empties one queue into one sender, as far as the destination's health and the free places allow. */
import type { OutgoingRecord, Sender, SendResult, TakenReading } from '../model/delivery.js';
import type { DropReason } from '../model/ledger.js';
import type { Signal } from '../model/signal.js';
import { Admission, type AdmissionHome, type Destined } from './admission.js';
import type { Batch } from './batch.js';
import { SLOW_AFTER_MS } from './bounds.js';
import type { Health, Verdict } from './health.js';
import type { PlaceTaker, Standing } from './places.js';
import type { Queue } from './queue.js';
import type { Entry } from './under-way.js';

/** What a lane needs from around it. */
export interface LaneHome {
  /** Asks to be pumped in the next turn of the event loop. */
  wake(lane: Lane): void;
  /** Asks to be pumped with the first tick after this time, unless it is to be earlier already. */
  wakeAt(lane: Lane, atMs: number): void;
  /** It has nothing any more. */
  forget(lane: Lane): void;
  /** Told of every attempt's result, for reports, and so that the destination's other lanes look again. */
  onResult(result: SendResult, isSplit: boolean): void;
}

/** What a tenant's lane needs besides; the operator waits for nobody. */
export interface LaneAdmission {
  readonly home: AdmissionHome;
  readonly destined: Destined;
}

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

export class Lane implements PlaceTaker {
  readonly signal: Signal;
  readonly queue: Queue;
  readonly sender: Sender;
  lastDeliveryMs: number | undefined;
  lastError: string | undefined;
  readonly #home: LaneHome;
  readonly #maxInFlight: number;
  readonly #admission: Admission | undefined;
  #health: Health;
  /** Of what is under way, and who waits for a flush: most lanes have neither, and empty collections are 200 bytes each. */
  #aborts: Map<Batch, AbortController> | undefined;
  #waiters: Set<Waiter> | undefined;
  #isClosed = false;

  constructor(
    home: LaneHome,
    health: Health,
    queue: Queue,
    sender: Sender,
    maxInFlight: number,
    admission?: LaneAdmission,
  ) {
    this.#home = home;
    this.#admission = admission && new Admission(this, admission.destined, admission.home);
    this.#health = health;
    this.signal = queue.signal;
    this.queue = queue;
    this.sender = sender;
    this.#maxInFlight = maxInFlight;
  }

  get standing(): Standing {
    const own = this.#health.standing(this.signal);
    return own === 'new' && this.#admission?.isKnownQuick === true ? 'quick' : own;
  }

  get needsHandshake(): boolean {
    return this.sender.needsHandshake === true;
  }

  get isEmpty(): boolean {
    return this.queue.isEmpty;
  }

  /** Something of it could go, or somebody waits for it. */
  get isWaiting(): boolean {
    return this.queue.isDue || this.#waiters !== undefined;
  }

  /** It is on its own from now on, with what it has under way: what it meets says nothing about the destination any more. */
  leaveHealth(): void {
    const own = this.#health.fresh();
    this.#health.withdraw(this.signal);
    for (let inFlight = this.#aborts?.size ?? 0; inFlight > 0; inFlight--) {
      this.#health.cancelled(this.signal);
      own.sent(this.signal);
    }
    this.#health = own;
  }

  add(record: OutgoingRecord): void {
    const added = this.queue.add(record);
    if (added === 'completed') this.#home.wake(this);
    else if (added === 'began') this.#home.wakeAt(this, this.queue.dueMs);
  }

  addReading(taken: TakenReading): void {
    this.queue.addReading(taken);
    if (!this.#isClosed) this.#home.wake(this);
  }

  onPlace(): void {
    this.#home.wake(this);
  }

  /** Sends what is due. Called by the scheduler, outside any request. Returns when it wants to be called again by itself. */
  pump(): number {
    if (this.#isClosed) return Number.POSITIVE_INFINITY;
    const { queue } = this;
    const health = this.#health;
    queue.expire();
    let verdict = health.mayStart(this.signal, this.#maxInFlight);
    if (verdict === 'paused' || verdict === 'busy') queue.sealOld();
    while (verdict === 'go' && queue.isDue) {
      const entry = this.#admission?.enter();
      if (this.#admission !== undefined && entry === undefined) break;
      this.#send(queue.take() as Batch, entry);
      verdict = health.mayStart(this.signal, this.#maxInFlight);
    }
    // Others must not wait for one that could not go anyway.
    if (verdict !== 'go' || !queue.isDue) this.#admission?.leave();
    if (!queue.isDue) health.withdraw(this.signal);
    this.#notify(verdict === 'paused' && queue.inFlight === 0);
    return this.#nextMs(verdict);
  }

  /** The end of a request, a free place and a change of configuration wake it; only time it has to ask for. */
  #nextMs(verdict: Verdict): number {
    const { queue } = this;
    const { expiresAtMs } = queue;
    if (verdict === 'paced') return Number.NEGATIVE_INFINITY;
    if (verdict === 'paused')
      return Math.min(this.#health.resumesAtMs(this.signal), queue.oldMs, expiresAtMs);
    if (!queue.isDue) return Math.min(queue.dueMs, expiresAtMs);
    return verdict === 'busy' ? Math.min(queue.oldMs, expiresAtMs) : expiresAtMs;
  }

  #send(batch: Batch, entry: Entry | undefined): void {
    const startMs = performance.now();
    const abort = new AbortController();
    (this.#aborts ??= new Map<Batch, AbortController>()).set(batch, abort);
    if (entry !== undefined) entry.onOverdue = () => abort.abort();
    this.#health.sent(this.signal);
    // Senders do not reject; if one does, its batch must still be accounted for.
    const failed: SendResult = { kind: 'retry', errorClass: 'internal' };
    void this.sender
      .send(batch, abort.signal)
      .catch(() => failed)
      .then((result) => {
        const isQuick = result.kind === 'delivered' && performance.now() - startMs < SLOW_AFTER_MS;
        if (entry !== undefined) this.#admission?.exit(entry, isQuick);
        this.#settle(batch, result, isQuick);
      });
  }

  #settle(batch: Batch, result: SendResult, isQuick: boolean): void {
    this.#aborts?.delete(batch);
    if (this.#aborts?.size === 0) this.#aborts = undefined;
    if (!this.queue.isInFlight(batch)) {
      this.#health.cancelled(this.signal);
      return;
    }
    // Not a failure yet: its halves will tell.
    const isSplit = result.kind === 'refused' && result.reason === 'too_large' && this.queue.split(batch);
    if (isSplit) this.#health.cancelled(this.signal);
    else this.#health.settled(this.signal, result, isQuick);
    if (result.kind === 'delivered') {
      this.lastDeliveryMs = Date.now();
      this.queue.deliver(batch, result.rejected);
    } else if (!isSplit) {
      this.lastError = result.errorClass;
      this.#settleFailure(batch, result);
    }
    this.#home.onResult(result, isSplit);
    this.#notify(this.#health.isPaused(this.signal) && this.queue.inFlight === 0);
    if (this.isEmpty) this.#home.forget(this);
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
      (this.#waiters ??= new Set()).add({ upTo: this.queue.nextSequence, resolve });
    });
    this.#home.wake(this);
    return done;
  }

  #notify(gaveUp: boolean): void {
    if (this.#waiters === undefined) return;
    const oldest = this.queue.oldestSequence;
    for (const waiter of this.#waiters) {
      if (!gaveUp && oldest < waiter.upTo) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
    if (this.#waiters.size === 0) this.#waiters = undefined;
  }

  /** Drops what is left for this reason, aborts what is in flight, and takes nothing more. */
  close(reason: DropReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.queue.close(reason);
    for (const abort of this.#aborts?.values() ?? []) abort.abort();
    this.#admission?.close();
    this.#health.withdraw(this.signal);
    this.#notify(true);
    this.#home.forget(this);
    this.sender.close();
  }
}
