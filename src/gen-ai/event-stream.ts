/**
 * Finds the data of events in an event stream, by the rules of the WHATWG (HTML, section 9.2.6, "Interpreting an event
 * stream"), on bytes: data is passed on as it stands in the piece that came, so that an event may have any size.
 *
 * Names and ids of events are not read: every provider says in the data what it is. The byte order mark is the reader's.
 */

export interface EventSink {
  /** A part of the data of the event that is under way. */
  data(bytes: Uint8Array, start: number, end: number): void;
  /** The event has ended. `isDone`: its data was `[DONE]`, which is never passed on. */
  event(isDone: boolean): void;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

const DATA = Buffer.from('data');
/** How OpenAI, and whoever speaks like it, closes a stream: the one event that is not JSON. */
const DONE = Buffer.from('[DONE]');
/** Lines of one event are joined by it. */
const LINE_END = Uint8Array.of(LF);

/** At the name of a field, as long as it may still be `data`. */
const IN_NAME = 0;
/** Behind `data:`, where one space does not count. */
const BEFORE_DATA = 1;
const IN_DATA = 2;
const IN_OTHER = 3;

export class EventStream {
  readonly #sink: EventSink;
  #state = IN_NAME;
  /** Bytes of the field's name so far. */
  #nameLength = 0;
  /** A line feed that comes now belongs to the carriage return before it. */
  #isAfterCr = false;
  /** Lines of data in the event so far; more than two are as good as two. */
  #lines = 0;
  /** Bytes of `[DONE]` that have been held back, or -1: the data is something else. */
  #held = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  write(bytes: Uint8Array, start: number): void {
    const end = bytes.length;
    let at = start;
    // Where the next ones are: looked for once, or a stream with one kind would be searched for the other at every line.
    let nextLf = -1;
    let nextCr = -1;
    while (at < end) {
      if (this.#isAfterCr) {
        this.#isAfterCr = false;
        if (bytes[at] === LF) {
          at++;
          continue;
        }
      }
      if (this.#state === IN_NAME) {
        at = this.#readName(bytes, at);
        continue;
      }
      if (nextLf < at) nextLf = positionOf(bytes, LF, at);
      if (nextCr < at) nextCr = positionOf(bytes, CR, at);
      const lineEnd = Math.min(nextLf, nextCr);
      if (this.#state !== IN_OTHER) this.#readData(bytes, at, lineEnd);
      if (lineEnd === end) return;
      this.#isAfterCr = nextCr < nextLf;
      this.#state = IN_NAME;
      this.#nameLength = 0;
      at = lineEnd + 1;
    }
  }

  /** The last event counts also without the empty line that should have ended it. */
  end(): void {
    if (this.#state === IN_NAME && this.#nameLength === DATA.length) this.#beginLine();
    this.#endEvent();
    this.#state = IN_NAME;
    this.#nameLength = 0;
    this.#isAfterCr = false;
  }

  #readName(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (byte === LF || byte === CR) {
      this.#isAfterCr = byte === CR;
      if (this.#nameLength === 0) this.#endEvent();
      // A field without a value: `data` alone is an empty line of data.
      else if (this.#nameLength === DATA.length) this.#beginLine();
      this.#nameLength = 0;
    } else if (this.#nameLength === DATA.length && byte === COLON) {
      this.#beginLine();
      this.#state = BEFORE_DATA;
    } else if (byte === DATA[this.#nameLength]) {
      this.#nameLength++;
    } else {
      this.#state = IN_OTHER;
    }
    return at + 1;
  }

  #beginLine(): void {
    if (this.#lines > 0) {
      this.#release();
      this.#sink.data(LINE_END, 0, 1);
    }
    if (this.#lines < 2) this.#lines++;
  }

  #readData(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    if (this.#state === BEFORE_DATA && at < end) {
      this.#state = IN_DATA;
      if (bytes[at] === SPACE) at++;
    }
    while (this.#held >= 0 && at < end) {
      if (bytes[at] === DONE[this.#held]) {
        this.#held++;
        at++;
      } else {
        this.#release();
      }
    }
    if (at < end) this.#sink.data(bytes, at, end);
  }

  /** It was not `[DONE]`. */
  #release(): void {
    if (this.#held > 0) this.#sink.data(DONE, 0, this.#held);
    this.#held = -1;
  }

  #endEvent(): void {
    if (this.#lines === 0) return;
    const isDone = this.#held === DONE.length;
    if (!isDone) this.#release();
    this.#lines = 0;
    this.#held = 0;
    this.#sink.event(isDone);
  }
}

/** The end of the piece, where there is none. */
function positionOf(bytes: Uint8Array, byte: number, at: number): number {
  const found = bytes.indexOf(byte, at);
  return found === -1 ? bytes.length : found;
}
