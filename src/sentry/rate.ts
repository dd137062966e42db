/** So many may come at once. */
const BURST = 10;

/** How many reports may go out: a saved-up burst, and then so many a minute. */
export class Rate {
  readonly #most: number;
  readonly #perMs: number;
  #level: number;
  #countedAtMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.#most = Math.min(BURST, perMinute);
    this.#perMs = perMinute / 60_000;
    this.#level = this.#most;
    this.#countedAtMs = nowMs;
  }

  /** Whether there is room for one more, which is spent. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#countedAtMs);
    this.#level = Math.min(this.#most, this.#level + passedMs * this.#perMs);
    this.#countedAtMs = nowMs;
    if (this.#level < 1) return false;
    this.#level--;
    return true;
  }
}
