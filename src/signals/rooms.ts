/** How many series, or names, there may be, and who gets them. */

export interface Room {
  /** One more for this owner; `false`: there is none. */
  take(owner: string): boolean;
  /** One of this owner's is forgotten. */
  giveBack(owner: string): void;
}

/** Whoever comes first, up to the end. */
export class CommonRoom implements Room {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  take(): boolean {
    if (this.#taken >= this.#max) return false;
    this.#taken++;
    return true;
  }

  giveBack(): void {
    this.#taken--;
  }
}

/**
 * Nobody gets more than what is left for all others: one owner alone half of it, two a third each, and however many take all
 * that they can, about one share more stays free. So whoever comes late still finds room, until there are more owners than room.
 */
export class FairRoom implements Room {
  readonly #max: number;
  /** Owners that have taken something, so `max` at most. */
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  take(owner: string): boolean {
    const held = this.#held.get(owner) ?? 0;
    if (held >= this.#max - this.#taken) return false;
    this.#held.set(owner, held + 1);
    this.#taken++;
    return true;
  }

  giveBack(owner: string): void {
    const held = this.#held.get(owner);
    if (held === undefined) return;
    if (held === 1) this.#held.delete(owner);
    else this.#held.set(owner, held - 1);
    this.#taken--;
  }
}
