/** One tenant: its destinations, and while they are looked up, the records that wait for them. */
import type { MetricMark, OutgoingRecord, Scope, TenantIntake } from '../model/delivery.js';
import type { DropReason } from '../model/ledger.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { RequestSubject } from '../model/selection.js';
import type { TenantStatus } from '../model/status.js';
import { MAX_WAITING_BYTES, MAX_WAITING_ITEMS, WAITING_RECORD_BYTES } from './bounds.js';
import { Share, type Evictable } from './budget.js';
import type { OutboxHome } from './outbox.js';
import { Owner } from './owner.js';
import { worstState } from './worst-state.js';

/** A copy that outlives the call: the original's bytes belong to the encoder. */
class WaitingRecord implements OutgoingRecord {
  readonly scope: Scope;
  readonly isError: boolean;
  readonly bornMs: number;
  readonly #bytes: Uint8Array;
  readonly readable: OutgoingRecord['readable'];
  readonly severityNumber: number | undefined;
  readonly traceId: string | undefined;
  /** What filters and ratios look at. */
  readonly request: RequestSubject | undefined;

  constructor(record: OutgoingRecord, request: RequestSubject | undefined, bornMs: number) {
    this.bornMs = bornMs;
    this.severityNumber = record.severityNumber;
    this.traceId = record.traceId;
    this.request = request && subjectOf(request);
    this.scope = record.scope;
    this.isError = record.isError;
    this.#bytes = record.bytes().slice();
    this.readable = (resource) => record.readable(resource);
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }
}

/** Without the rest of the request, which may be much more than its log record. */
function subjectOf({
  method,
  path,
  routeName,
  requestId,
  traceId,
  isIdChosen,
}: RequestSubject): RequestSubject {
  return { method, path, routeName, requestId, traceId, isIdChosen };
}

const NO_RECORDS: readonly WaitingRecord[] = [];
const NO_DESTINATIONS: readonly ResolvedDestination[] = [];

export class Tenant implements TenantIntake, Evictable {
  readonly id: string;
  readonly owner: Owner;
  /** Set by code; the lookup is not asked. */
  overridden = false;
  /** When the lookup's answer is to be asked again; monotonic. */
  askAgainAtMs = 0;
  failedLookups = 0;
  isAsking = false;
  /** Removed, or the instance is over: a late answer of the lookup must not bring it back. */
  isGone = false;
  /** Whether any answer, or code, has said where its records go. */
  isKnown = false;
  unrouted = 0;
  /** As last set. */
  configured: readonly ResolvedDestination[] = NO_DESTINATIONS;
  readonly #home: OutboxHome;
  #share: Share | undefined;
  #mark: MetricMark | undefined;
  #waiting = NO_RECORDS;
  #waitingBytes = 0;

  constructor(home: OutboxHome, id: string) {
    this.#home = home;
    this.id = id;
    this.owner = new Owner(home, id, this);
  }

  get share(): Share {
    if (this.#share === undefined) {
      this.#share = new Share(this.#home.budget);
      this.#share.join(this);
    }
    return this.#share;
  }

  /** From now on records wait for the lookup's answer. */
  resolve(): void {
    this.isKnown = false;
    // Metrics of the time before the answer count too.
    this.#mark ??= this.#home.metrics.mark(this.id);
  }

  /** The answer, from lookup or code; `byHand`: somebody asked for it just now. */
  set(destinations: readonly ResolvedDestination[], byHand: boolean): void {
    // Pushes and lookups mostly repeat what is in force. By hand, what had been given up begins again all the same.
    if (!byHand && this.isKnown && destinations === this.configured) return;
    this.configured = destinations;
    this.owner.set({ destinations, byHand, mark: this.#mark });
    this.#mark?.release();
    this.#mark = undefined;
    this.isKnown = true;
    const waiting = this.#takeWaiting();
    if (!this.owner.hasDestinations) this.#discard(waiting.length, 'unrouted');
    else for (const record of waiting) this.owner.add('logs', record, record.request);
  }

  get hasDestinations(): boolean {
    return this.owner.hasDestinations;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** The tenant goes, or the instance does. */
  close(reason: 'destination_changed' | 'shutdown' | 'unrouted'): void {
    this.isGone = true;
    this.isKnown = true;
    this.#mark?.release();
    this.#mark = undefined;
    this.#discard(this.#takeWaiting().length, reason);
    this.owner.close(reason);
  }

  #takeWaiting(): readonly WaitingRecord[] {
    const waiting = this.#waiting;
    this.#waiting = NO_RECORDS;
    if (waiting.length > 0) this.#countWaiting(-this.#waitingBytes, -waiting.length);
    return waiting;
  }

  #countWaiting(bytes: number, items: number): void {
    this.#waitingBytes += bytes;
    this.#home.totals.waiting += items;
    this.share.change(bytes + items * WAITING_RECORD_BYTES);
  }

  get oldestMs(): number | undefined {
    return this.#waiting[0]?.bornMs;
  }

  evictOldest(reason: DropReason): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    (this.#waiting as WaitingRecord[]).shift();
    this.#countWaiting(-oldest.bytes().byteLength, -1);
    this.#discard(1, reason);
  }

  log(record: OutgoingRecord, request?: RequestSubject): void {
    if (this.isGone) {
      this.#discard(1, 'shutdown');
      return;
    }
    if (this.#home.pressure.level === 'critical') {
      this.refuse('memory_pressure', record, request);
      return;
    }
    if (this.isKnown) {
      this.owner.add('logs', record, request);
      return;
    }
    const copy = new WaitingRecord(record, request, this.#home.monotonicMs());
    if (this.#waiting.length === 0) this.#waiting = [copy];
    else (this.#waiting as WaitingRecord[]).push(copy);
    this.#countWaiting(copy.bytes().byteLength, 1);
    while (this.#waiting.length > MAX_WAITING_ITEMS || this.#waitingBytes > MAX_WAITING_BYTES) {
      this.evictOldest('queue_full');
    }
  }

  /** A record that is not to be queued. */
  refuse(reason: DropReason, record: OutgoingRecord, request?: RequestSubject): void {
    if (this.isGone) this.#discard(1, 'shutdown');
    else if (this.isKnown) this.owner.refuse('logs', reason, record, request);
    else this.#discard(1, reason);
  }

  /** Records that never reached a lane have an account all the same. */
  #discard(items: number, reason: DropReason): void {
    if (items === 0) return;
    if (reason === 'unrouted') this.unrouted += items;
    this.owner.retired.of('logs').refuse(reason, items);
  }

  status(): TenantStatus {
    const destinations = this.owner.status();
    return {
      tenantId: this.id,
      state: this.isKnown ? (worstState(destinations.map(({ state }) => state)) ?? 'none') : 'resolving',
      destinations,
      unrouted: this.unrouted,
    };
  }
}
