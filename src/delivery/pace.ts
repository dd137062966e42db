/** `requestsPerMinute`: never more requests than that in any minute, of all signals of a destination together. */

const MINUTE_MS = 60_000;
/** What may come at once after a quiet second, so that a destination of many a minute need not wait for a tick for each. */
const BURST_SECONDS = 1;

export class Pace {
  readonly #capacity: number;
  readonly #msPerToken: number;
  #tokens: number;
  #countedAtMs: number;

  constructor(requestsPerMinute: number, nowMs: number) {
    this.#capacity = Math.max(1, Math.floor((requestsPerMinute / 60) * BURST_SECONDS));
    // A full bucket and a minute of refilling together make the limit; one a time needs no such reserve.
    const refill = this.#capacity === 1 ? requestsPerMinute : requestsPerMinute - this.#capacity;
    this.#msPerToken = MINUTE_MS / refill;
    this.#tokens = this.#capacity;
    this.#countedAtMs = nowMs;
  }

  /** Whether a request may begin now. Asking costs nothing. */
  allows(nowMs: number): boolean {
    const gained = Math.floor((nowMs - this.#countedAtMs) / this.#msPerToken);
    if (gained > 0) {
      this.#countedAtMs += gained * this.#msPerToken;
      this.#tokens += gained;
      if (this.#tokens >= this.#capacity) {
        this.#tokens = this.#capacity;
        // A full bucket gains nothing, and the time for the next token begins when one is taken.
        this.#countedAtMs = nowMs;
      }
    }
    return this.#tokens > 0;
  }

  /** A request begins. */
  take(nowMs: number): void {
    if (this.#tokens === this.#capacity) this.#countedAtMs = nowMs;
    this.#tokens--;
  }
}
