/** Passes over a value in JSON that nobody asked for. Most bytes of an answer are in one: its content. */

/** So far a loop is faster than a search. Measured. */
const NEAR_BYTES = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** A string, an object or an array. Of the latter, brackets are counted; which of them close which is not looked at. */
export class PassedValue {
  #depth = 0;
  #isInString = false;
  /** A backslash was the last byte so far. */
  #isEscaped = false;

  get isOver(): boolean {
    return this.#depth === 0 && !this.#isInString;
  }

  /** At its first byte, which has been read. */
  begin(byte: number): void {
    this.#isInString = byte === QUOTE;
    this.#depth = this.#isInString ? 0 : 1;
    this.#isEscaped = false;
  }

  /** Gives the position behind the value, or the end. */
  pass(bytes: Uint8Array, start: number, end: number): number {
    let at = this.#isInString ? this.#passString(bytes, start, end) : start;
    while (at < end && this.#depth > 0) {
      const byte = bytes[at++] as number;
      if (byte === QUOTE) {
        this.#isInString = true;
        at = this.#passString(bytes, at, end);
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth++;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#depth--;
      }
    }
    return at;
  }

  #passString(bytes: Uint8Array, start: number, end: number): number {
    let at = this.#isEscaped ? start + 1 : start;
    this.#isEscaped = false;
    while (at < end) {
      const near = Math.min(end, at + NEAR_BYTES);
      while (at < near) {
        const byte = bytes[at] as number;
        if (byte === QUOTE) {
          this.#isInString = false;
          return at + 1;
        }
        at += byte === BACKSLASH ? 2 : 1;
      }
      if (at < end) at = this.#search(bytes, at, end);
    }
    // The last byte was a backslash, and what it escapes is yet to come.
    this.#isEscaped = at > end;
    return end;
  }

  /** Where the next quote or backslash decides: there, or at the end. */
  #search(bytes: Uint8Array, start: number, end: number): number {
    // Not further than the range: many short ranges of a large piece would be searched to its end each time.
    const found = bytes.subarray(start, end).indexOf(QUOTE);
    const stop = found === -1 ? end : start + found;
    let first = stop;
    while (first > start && bytes[first - 1] === BACKSLASH) first--;
    const isEscaped = (stop - first) % 2 === 1;
    return isEscaped ? stop + 1 : stop;
  }
}
