/**
 * Picks a few values out of JSON while its bytes pass, in pieces cut anywhere.
 *
 * It is own code because no library reads fields in bounded memory: `JSON.parse` needs the whole text and builds all of it, and
 * the streaming parsers build every key and value on the way, and hold the longest string. Here everything that is not on one
 * of the paths is passed over, and nothing grows with the text: one small buffer, and a stack as deep as the longest path.
 *
 * What it gives is what `JSON.parse` would give at that path: text inside of strings is never taken for structure, and of equal
 * keys the last one counts. What is passed over is checked for its strings and the number of its brackets only. Never throws.
 */
import { PassedValue } from './passed-value.js';
import { pickKey, type Pick } from './picks.js';

/** `undefined`: an object, an array, a string or a number too long to be meant. */
export type Picked = string | number | boolean | null | undefined;

export interface PickSink {
  /** Whether a text at a leaf is of any use. One that is not is passed over, which is cheaper. */
  wants(pick: Pick): boolean;
  /** A value at a leaf. */
  pick(pick: Pick, value: Picked): void;
  /** A value of any kind begins at a place with others below it: what was picked below before does not count any more. */
  begin(pick: Pick): void;
  /** The object or array at a place with others below it has closed. Of a whole document: the root, or its element. */
  end(pick: Pick): void;
}

/** How a text ended. `empty`: nothing but white space. */
export type JsonEnding = 'complete' | 'empty' | 'incomplete' | 'malformed';

/** Of keys and of values, escapes as they stand in the text. */
const MAX_STRING_BYTES = 256;
const MAX_SCALAR_BYTES = 32;

/** `null`, as four bytes. */
const NULL = 0x6e756c6c;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** What numbers, `true`, `false` and `null` are made of: 1. A table, as it is asked for every byte of them. */
const SCALAR_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9a-zE+.-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Between documents: the end, or another one. */
const AT_TOP = 0;
const AT_VALUE = 1;
const AT_FIRST_ELEMENT = 2;
const AT_FIRST_KEY = 3;
const AT_KEY = 4;
const AT_COLON = 5;
const AT_NEXT = 6;
const IN_KEY = 7;
const IN_TEXT = 8;
const IN_SCALAR = 9;
const IN_PASSED_SCALAR = 10;
const IN_PASSED = 11;
/** Not JSON: the rest is not looked at. */
const DEAD = 12;

export class JsonPicker {
  readonly #root: Pick;
  readonly #sink: PickSink;
  readonly #text = Buffer.allocUnsafe(MAX_STRING_BYTES);
  /** What is open, from the root down. Never deeper than the longest path. */
  readonly #open: Pick[] = [];
  readonly #openIsArray: boolean[] = [];
  #state = AT_TOP;
  #isEmpty = true;
  /** Of the value that comes next, or is being read. */
  #pick: Pick | undefined;
  /** Bytes of a string or scalar so far, more than the buffer holds for one that is too long. */
  #length = 0;
  #isEscaped = false;
  #hasEscape = false;
  #hasControl = false;
  #isAscii = true;
  readonly #passed = new PassedValue();

  constructor(root: Pick, sink: PickSink) {
    this.#root = root;
    this.#sink = sink;
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case IN_KEY:
          at = this.#readKey(bytes, at, end);
          break;
        case IN_TEXT:
          at = this.#readString(bytes, at, end);
          break;
        case IN_SCALAR:
          at = this.#readScalar(bytes, at, end);
          break;
        case IN_PASSED_SCALAR:
          while (at < end && SCALAR_BYTES[bytes[at] as number] === 1) at++;
          if (at < end) this.#afterValue();
          break;
        case IN_PASSED:
          at = this.#passed.pass(bytes, at, end);
          if (this.#passed.isOver) this.#afterValue();
          break;
        case DEAD:
          return;
        default:
          at = this.#readStructure(bytes, at, end);
      }
    }
  }

  /** No more of this text will come; the next byte begins another. */
  end(): JsonEnding {
    // Only the end says where a number at the top ends.
    if (this.#open.length === 0 && this.#state === IN_PASSED_SCALAR) this.#afterValue();
    const ending = this.#isEmpty
      ? 'empty'
      : this.#state === AT_TOP
        ? 'complete'
        : this.#state === DEAD
          ? 'malformed'
          : 'incomplete';
    this.#state = AT_TOP;
    this.#isEmpty = true;
    // To set a length costs more than to look at it.
    if (this.#open.length > 0) this.#open.length = this.#openIsArray.length = 0;
    return ending;
  }

  /** Everything outside of strings, numbers and words. */
  #readStructure(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    do {
      const byte = bytes[at++] as number;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      const state: number = this.#state;
      if (state === AT_NEXT) this.#next(byte);
      else if (state === AT_COLON) this.#state = byte === COLON ? AT_VALUE : DEAD;
      else if (state === AT_VALUE) this.#beginValue(byte);
      else if (state === AT_TOP) {
        this.#isEmpty = false;
        this.#pick = this.#root;
        this.#beginValue(byte);
      } else if (byte === QUOTE && state !== AT_FIRST_ELEMENT) this.#beginString(IN_KEY);
      else if (byte === CLOSE_OBJECT && state === AT_FIRST_KEY) this.#close(false);
      else if (byte === CLOSE_ARRAY && state === AT_FIRST_ELEMENT) this.#close(true);
      else if (state === AT_FIRST_ELEMENT) this.#beginValue(byte);
      else this.#state = DEAD;
    } while (at < end && this.#state < IN_KEY);
    return at;
  }

  #beginValue(byte: number): void {
    const pick = this.#pick;
    const isLeaf = pick !== undefined && pick.leaf >= 0;
    if (pick !== undefined && (pick.keys !== undefined || pick.element !== undefined)) this.#sink.begin(pick);
    if (byte === QUOTE) {
      if (isLeaf && this.#sink.wants(pick)) this.#beginString(IN_TEXT);
      else this.#beginPassed(byte);
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isArray = byte === OPEN_ARRAY;
      if (isLeaf) this.#sink.pick(pick, undefined);
      if (pick !== undefined && (isArray ? pick.element : pick.keys) !== undefined) {
        this.#open.push(pick);
        this.#openIsArray.push(isArray);
        this.#pick = isArray ? pick.element : undefined;
        this.#state = isArray ? AT_FIRST_ELEMENT : AT_FIRST_KEY;
      } else {
        this.#beginPassed(byte);
      }
    } else if (isFirstOfScalar(byte)) {
      this.#text[0] = byte;
      this.#length = 1;
      this.#state = isLeaf ? IN_SCALAR : IN_PASSED_SCALAR;
    } else {
      this.#state = DEAD;
    }
  }

  #next(byte: number): void {
    const isArray = this.#openIsArray[this.#openIsArray.length - 1] === true;
    if (byte === COMMA) {
      this.#pick = isArray ? this.#open[this.#open.length - 1]?.element : undefined;
      this.#state = isArray ? AT_VALUE : AT_KEY;
    } else if (byte === (isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) {
      this.#close(isArray);
    } else {
      this.#state = DEAD;
    }
  }

  #close(isArray: boolean): void {
    const closed = this.#open.pop();
    if (this.#openIsArray.pop() !== isArray || closed === undefined) {
      this.#state = DEAD;
      return;
    }
    this.#sink.end(closed);
    this.#afterValue();
  }

  #afterValue(): void {
    this.#state = this.#open.length === 0 ? AT_TOP : AT_NEXT;
  }

  #beginPassed(byte: number): void {
    this.#passed.begin(byte);
    this.#state = IN_PASSED;
  }

  #beginString(state: number): void {
    this.#length = 0;
    this.#isEscaped = false;
    this.#hasEscape = false;
    this.#hasControl = false;
    this.#isAscii = true;
    this.#state = state;
  }

  /** Most keys are plain, and come in one piece: nothing of them is copied. */
  #readKey(bytes: Uint8Array, start: number, end: number): number {
    const isWhole = this.#length === 0 && !this.#isEscaped;
    for (let at = start; isWhole && at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        const open = this.#open[this.#open.length - 1];
        this.#pick = open && pickKey(open, bytes, start, at - start);
        this.#state = AT_COLON;
        return at + 1;
      }
      if (byte === BACKSLASH || byte < 0x20 || byte >= 0x80) break;
    }
    return this.#readString(bytes, start, end);
  }

  #readString(bytes: Uint8Array, start: number, end: number): number {
    const text = this.#text;
    let length = this.#length;
    let isEscaped = this.#isEscaped;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (isEscaped) isEscaped = false;
      else if (byte === QUOTE) {
        this.#length = length;
        this.#isEscaped = false;
        this.#finishString();
        return at + 1;
      } else if (byte === BACKSLASH) isEscaped = this.#hasEscape = true;
      if (byte < 0x20) this.#hasControl = true;
      else if (byte >= 0x80) this.#isAscii = false;
      if (length < MAX_STRING_BYTES) text[length] = byte;
      // One more than fits means too long; counting on would end at the largest integer.
      if (length <= MAX_STRING_BYTES) length++;
    }
    this.#length = length;
    this.#isEscaped = isEscaped;
    return end;
  }

  #finishString(): void {
    if (this.#state === IN_KEY) {
      const open = this.#open[this.#open.length - 1];
      this.#pick = open && this.#findKey(open);
      this.#state = AT_COLON;
      return;
    }
    const pick = this.#pick;
    if (pick !== undefined) this.#sink.pick(pick, this.#readText());
    this.#afterValue();
  }

  #findKey(open: Pick): Pick | undefined {
    if (this.#length > MAX_STRING_BYTES) return undefined;
    if (!this.#hasEscape) return pickKey(open, this.#text, 0, this.#length);
    const key = this.#readText();
    if (key === undefined) return undefined;
    const bytes = Buffer.from(key);
    return pickKey(open, bytes, 0, bytes.length);
  }

  #readText(): string | undefined {
    // JSON has no bare control characters in strings.
    if (this.#length > MAX_STRING_BYTES || this.#hasControl) return undefined;
    const text = this.#text.toString(this.#isAscii ? 'latin1' : 'utf8', 0, this.#length);
    return this.#hasEscape ? unescape(text) : text;
  }

  #readScalar(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (SCALAR_BYTES[byte] !== 1) {
        this.#finishScalar();
        // What it is, is for the structure to say.
        return at;
      }
      if (this.#length < MAX_SCALAR_BYTES) this.#text[this.#length] = byte;
      if (this.#length <= MAX_SCALAR_BYTES) this.#length++;
    }
    return end;
  }

  #finishScalar(): void {
    const pick = this.#pick;
    this.#afterValue();
    if (pick === undefined) return;
    const first = this.#text[0] as number;
    // Most of all: an index, and a reason that is not there yet.
    if (this.#length === 1 && first >= 0x30 && first <= 0x39) return this.#sink.pick(pick, first - 0x30);
    if (this.#length === 4 && this.#text.readUInt32BE(0) === NULL) return this.#sink.pick(pick, null);
    if (this.#length > MAX_SCALAR_BYTES) return this.#sink.pick(pick, undefined);
    const text = this.#text.toString('latin1', 0, this.#length);
    if (text === 'true' || text === 'false') this.#sink.pick(pick, text === 'true');
    else if (NUMBER.test(text)) this.#sink.pick(pick, Number(text));
    else this.#state = DEAD;
  }
}

function isFirstOfScalar(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x74 || byte === 0x66 || byte === 0x6e;
}

/** At most `MAX_STRING_BYTES`. */
function unescape(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}
