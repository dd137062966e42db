/** Answers that have passed and are still being decoded: a shutdown waits for them, or their calls would be lost. */
export class Decodings {
  #count = 0;
  #waiters: (() => void)[] = [];

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    if (this.#count > 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** `undefined`: there are none. */
  idle(): Promise<void> | undefined {
    return this.#count > 0 ? new Promise((resolve) => this.#waiters.push(resolve)) : undefined;
  }
}
