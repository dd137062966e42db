/**
 * The requests that all tenants together may have under way, so that a thousand tenants that are due at once do not open a
 * thousand sockets. Whoever is refused gets in line; a freed place goes to the first in it, for one request, so that no
 * tenant's traffic keeps another's waiting for more than one round.
 */

/** Somebody in line. */
export interface SlotTaker {
  /** A place is free. */
  onSlot(): void;
}

export class Slots {
  readonly #max: number;
  /** In order; everyone once. Bounded by the lanes that have something to send. */
  readonly #line = new Set<SlotTaker>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** `false`: it stands in line now, and is told. Nobody overtakes those who stand there. */
  take(taker: SlotTaker): boolean {
    const isFirst = this.#line.size === 0 || this.#line.values().next().value === taker;
    if (this.#taken < this.#max && isFirst) {
      this.#line.delete(taker);
      this.#taken++;
      this.#next();
      return true;
    }
    this.#line.add(taker);
    return false;
  }

  /** A request is over. */
  give(): void {
    this.#taken--;
    this.#next();
  }

  /** It wants no place any more; those behind it must not wait for it. */
  leave(taker: SlotTaker): void {
    if (this.#line.delete(taker)) this.#next();
  }

  #next(): void {
    if (this.#taken >= this.#max) return;
    const first = this.#line.values().next().value;
    first?.onSlot();
  }
}
