/**
 * What all tenants together may have under way, and how much of a core their exports may take. Whoever is refused gets in
 * line; what becomes free goes to the first in it, for one request, so that no tenant's traffic keeps another's waiting for
 * more than one round.
 *
 * There are two lines. A destination that is new, that failed last time or was slow may be dead, and holds its place for as
 * long as its deadline: all such ones together have a quarter of the places, and one quick success takes a destination out
 * of their line.
 */
import { EXPORT_BURST_MS, EXPORT_COST_MS, MAX_SLOW_TENANT_REQUESTS, MAX_TENANT_REQUESTS } from './bounds.js';

/** Somebody in line. */
export interface SlotTaker {
  /** New, failed last time, or slow. */
  readonly isSlow: boolean;
  /** A place is free. */
  onSlot(): void;
}

/** A place that was taken. */
export interface Slot {
  readonly isSlow: boolean;
}

export interface SlotsOptions {
  /** Share of one core that exports may take, 0 to 1. */
  readonly cpuShare: number;
  monotonicMs(): number;
  readonly max?: number;
  readonly maxSlow?: number;
}

const QUICK: Slot = { isSlow: false };
const SLOW: Slot = { isSlow: true };

export class Slots {
  readonly #options: SlotsOptions;
  readonly #max: number;
  readonly #maxSlow: number;
  /** In order; everyone once. Bounded by the lanes that have something to send. */
  readonly #quickLine = new Set<SlotTaker>();
  readonly #slowLine = new Set<SlotTaker>();
  #taken = 0;
  #slowTaken = 0;
  /** Milliseconds of a core that may be spent now. */
  #budgetMs = EXPORT_BURST_MS;
  #countedAtMs: number;

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#max = options.max ?? MAX_TENANT_REQUESTS;
    this.#maxSlow = options.maxSlow ?? MAX_SLOW_TENANT_REQUESTS;
    this.#countedAtMs = options.monotonicMs();
  }

  get taken(): number {
    return this.#taken;
  }

  /** `undefined`: it stands in line now, and is told. Nobody overtakes those who stand there. */
  take(taker: SlotTaker): Slot | undefined {
    const { isSlow } = taker;
    const line = isSlow ? this.#slowLine : this.#quickLine;
    // It may have stood in the other one until its destination changed its ways.
    (isSlow ? this.#quickLine : this.#slowLine).delete(taker);
    const isFirst = line.size === 0 || line.values().next().value === taker;
    if (!isFirst || !this.#hasPlace(isSlow)) {
      line.add(taker);
      return undefined;
    }
    line.delete(taker);
    this.#taken++;
    if (isSlow) this.#slowTaken++;
    this.#budgetMs -= EXPORT_COST_MS;
    this.#next();
    return isSlow ? SLOW : QUICK;
  }

  #hasPlace(isSlow: boolean): boolean {
    if (this.#taken >= this.#max || (isSlow && this.#slowTaken >= this.#maxSlow)) return false;
    const { cpuShare, monotonicMs } = this.#options;
    const now = monotonicMs();
    this.#budgetMs = Math.min(EXPORT_BURST_MS, this.#budgetMs + (now - this.#countedAtMs) * cpuShare);
    this.#countedAtMs = now;
    return this.#budgetMs > 0;
  }

  /** A request is over. */
  give(slot: Slot): void {
    this.#taken--;
    if (slot.isSlow) this.#slowTaken--;
    this.#next();
  }

  /** It wants no place any more; those behind it must not wait for it. */
  leave(taker: SlotTaker): void {
    const stood = this.#quickLine.delete(taker) || this.#slowLine.delete(taker);
    if (stood) this.#next();
  }

  /** Time has passed, and with it comes budget. Called with every tick; `true`: somebody stands in line. */
  look(): boolean {
    this.#next();
    return this.#quickLine.size + this.#slowLine.size > 0;
  }

  #next(): void {
    for (const line of [this.#quickLine, this.#slowLine]) {
      const first = line.values().next().value;
      if (first !== undefined && this.#hasPlace(line === this.#slowLine)) first.onSlot();
    }
  }
}
