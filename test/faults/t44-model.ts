/**
 * T44's model: what a destination's lanes hold, as plain numbers. Every record and data point has an id, given in ascending
 * order for each lane, so that "oldest first" is "smallest id first", however often something was put back or split. The
 * model does not predict when something is sent or lost; it is told, and says whether that was allowed.
 */
import { FAILING_AFTER } from '../../src/delivery/bounds.js';
import type { DropReason, Ledger } from '../../src/index.js';
import type { SendResult } from '../../src/model/delivery.js';

export function check(isRight: boolean, message: string): void {
  if (!isRight) throw new Error(message);
}

/** What one lane was given, and what became of it. */
export class LaneModel {
  readonly name: string;
  /** Ascending. */
  waiting: number[] = [];
  readonly inFlight = new Set<readonly number[]>();
  /** Of records, and of the batch for those that came later into one. */
  readonly bornMs = new Map<number, number>();
  readonly bytes = new Map<number, number>();
  /** What its reading was told to be lost. */
  readonly lost = new Set<number>();
  readonly dropped: Partial<Record<DropReason, number>> = {};
  accepted = 0;
  delivered = 0;
  rejected = 0;
  /** Of its own, so that a lane that has just failed sends one at a time. */
  failuresInRow = 0;
  notBeforeMs = 0;
  isClosed = false;
  /** What is being settled at this moment, and can be lost although it is not the oldest. */
  settling: readonly number[] | undefined;

  constructor(name: string) {
    this.name = name;
  }

  accept(ids: readonly number[], bytes: number, nowMs: number): void {
    this.accepted += ids.length;
    for (const id of ids) {
      this.bornMs.set(id, nowMs);
      this.bytes.set(id, bytes / ids.length);
    }
    this.waiting.push(...ids);
  }

  /** A request begins: exactly the oldest of what waits. */
  send(ids: readonly number[]): void {
    const oldest = this.waiting.splice(0, ids.length);
    check(
      String(oldest) === String(ids),
      `${this.name} sends ${String(ids)}; the oldest is ${String(oldest)}`,
    );
    this.inFlight.add(ids);
  }

  /** Another attempt later, whole or in halves. */
  putBack(ids: readonly number[]): void {
    this.inFlight.delete(ids);
    for (const id of ids) this.bornMs.set(id, this.bornMs.get(ids[0] ?? id) ?? 0);
    this.waiting = [...this.waiting, ...ids].sort((a, b) => a - b);
  }

  deliver(ids: readonly number[], rejected: number): void {
    this.inFlight.delete(ids);
    this.delivered += ids.length - rejected;
    this.rejected += rejected;
  }

  /** Lost, under a reason that the caller has found right. The oldest goes, unless it is what is just being settled. */
  drop(reason: DropReason, items: number): void {
    const ids = this.settling ?? this.waiting.splice(0, items);
    check(ids.length === items, `${this.name} loses ${items} (${reason}) of ${ids.length}`);
    if (this.settling !== undefined) this.inFlight.delete(this.settling);
    this.settling = undefined;
    // A part that is too large would be so again, so its reading is not told that it was lost.
    if (reason !== 'too_large') for (const id of ids) this.lost.add(id);
    this.dropped[reason] = (this.dropped[reason] ?? 0) + items;
  }

  /** Everything is lost at once. */
  close(): void {
    this.isClosed = true;
    for (const ids of this.inFlight) this.putBack(ids);
  }

  /** Of the oldest that wait. */
  bytesOf(items: number): number {
    return this.waiting.slice(0, items).reduce((sum, id) => sum + (this.bytes.get(id) ?? 0), 0);
  }

  get left(): number {
    return [...this.inFlight].reduce((sum, ids) => sum + ids.length, this.waiting.length);
  }

  /** The same to the last item, and therefore the law. */
  checkLedger({ accepted, delivered, rejected, dropped, buffered }: Ledger): void {
    const own = [this.accepted, this.delivered, this.rejected, this.left, sorted(this.dropped)];
    const theirs = [accepted, delivered, rejected, buffered, sorted(dropped)];
    check(String(own) === String(theirs), `${this.name}: ${String(theirs)} instead of ${String(own)}`);
    const lost = Object.values(dropped).reduce((sum, items) => sum + items, 0);
    check(accepted === delivered + rejected + lost + buffered, `${this.name}: the law`);
  }
}

const sorted = (dropped: Ledger['dropped']): string => Object.entries(dropped).sort().join(';');

const STEPS = new Set([
  'pending > receiving',
  'receiving > active',
  'pending > failing',
  'receiving > failing',
  'active > failing',
  'failing > receiving',
  'failing > disabled',
]);
const REVIVALS = new Set(['failing > pending', 'disabled > pending']);

/** One destination's health, seen from outside. */
export class HealthModel {
  failuresInRow = 0;
  /** A bound from below: what is random is at least this. */
  notBeforeMs = 0;
  state = 'pending';
  isReviving = false;

  get isOpen(): boolean {
    return this.failuresInRow >= FAILING_AFTER;
  }

  become(from: string, to: string): void {
    const step = `${from} > ${to}`;
    check(from === this.state, `${step} from ${this.state}`);
    check((this.isReviving ? REVIVALS : STEPS).has(step), `the step ${step}`);
    this.state = to;
  }

  tryNow(lanes: readonly LaneModel[]): void {
    this.notBeforeMs = 0;
    for (const lane of lanes) lane.notBeforeMs = 0;
  }

  /** Before the real one hears of it; what is split and sent again is not told. */
  settled(
    lane: LaneModel,
    lanes: readonly LaneModel[],
    result: SendResult,
    nowMs: number,
    firstMs: number,
  ): void {
    if (this.state === 'disabled') return;
    if (result.kind === 'delivered') {
      if (this.isOpen) {
        this.tryNow(lanes);
        for (const one of lanes) one.failuresInRow = 0;
      }
      this.failuresInRow = 0;
      lane.failuresInRow = 0;
      return;
    }
    this.failuresInRow++;
    lane.failuresInRow++;
    const wish = result.kind === 'retry' ? result.retryAfterMs : undefined;
    const isWish = result.kind === 'retry' && (wish !== undefined || result.isThrottled === true);
    const waitMs = isWish ? Math.min(Math.max(wish ?? 0, 1_000), 300_000) : firstMs / 2;
    if (this.isOpen || isWish) this.notBeforeMs = Math.max(this.notBeforeMs, nowMs + waitMs);
    else if (result.kind === 'retry' || result.reason === 'unauthorized') lane.notBeforeMs = nowMs + waitMs;
  }
}
