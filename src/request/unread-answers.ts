/** Answers of models that have passed and are still being decoded: what they have cost belongs to their request, whose record waits. */

/** Decoding takes a millisecond. Where it does not come back, the request is recorded without. */
const MAX_WAIT_MS = 1_000;

export class UnreadAnswers {
  #unread = 0;
  #goOn: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  passed(): void {
    this.#unread++;
  }

  read(): void {
    this.#unread--;
    if (this.#unread === 0 && this.#goOn !== undefined) this.release();
  }

  /** Whether the end of the request has to wait; then `goOn` is called once, and of several the first. */
  hold(goOn: () => void): boolean {
    if (this.#isOpen || (this.#unread === 0 && this.#goOn === undefined)) return false;
    if (this.#goOn === undefined) {
      this.#goOn = goOn;
      this.#timer = setTimeout(() => this.release(), MAX_WAIT_MS).unref();
    }
    return true;
  }

  /** Nothing waits any more, now or later. */
  release(): void {
    this.#isOpen = true;
    clearTimeout(this.#timer);
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }
}
