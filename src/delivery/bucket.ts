/** Something that comes with time, is saved up to a limit, and is spent: a share of a core, handshakes, requests. */
export class Bucket {
  readonly #most: number;
  readonly #perMs: number;
  #level: number;
  #countedAtMs: number;

  constructor(most: number, perSecond: number, nowMs: number) {
    this.#most = most;
    this.#perMs = perSecond / 1_000;
    this.#level = most;
    this.#countedAtMs = nowMs;
  }

  /** Whether anything is left. The last of it may be spent on something dearer: the debt is paid before the next. */
  hasAny(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#level > 0;
  }

  /** As one that is new. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#level === this.#most;
  }

  #fill(nowMs: number): void {
    // A clock that stands still or steps back brings nothing.
    const passedMs = Math.max(0, nowMs - this.#countedAtMs);
    this.#level = Math.min(this.#most, this.#level + passedMs * this.#perMs);
    this.#countedAtMs = nowMs;
  }

  spend(amount: number): void {
    this.#level -= amount;
  }
}
