import { Buffer } from 'node:buffer';

const MAX_MESSAGE_CHARS = 200;

/** Only so much of a message is decoded, whatever its length. */
const MAX_MESSAGE_BYTES = 4096;

/** C0 and C1 controls, and the two Unicode line breaks: none may reach a log line. */
const CONTROL_CHARS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export interface PartialSuccess {
  /** How many spans, log records or data points the receiver refused. */
  readonly rejected: number;
  /** At most 200 characters, without control characters; may be empty. */
  readonly message: string;
}

/**
 * Reads an Export*ServiceResponse. Undefined means full success or bytes that are no such message: a
 * partial success that rejects nothing and says nothing is full success by the protocol. Never throws.
 * With `isCut` the bytes are the beginning of a longer answer: the count stands before a long message.
 */
export function decodePartialSuccess(bytes: Uint8Array, isCut = false): PartialSuccess | undefined {
  let rejected = 0;
  let message = '';
  const outer = new FieldCursor(bytes, isCut);
  while (outer.next()) {
    if (outer.fieldNumber !== 1 || outer.wireType !== 2) continue;
    const inner = new FieldCursor(outer.content(), isCut);
    while (inner.next()) {
      if (inner.fieldNumber === 1 && inner.wireType === 0) rejected = inner.value;
      if (inner.fieldNumber === 2 && inner.wireType === 2) message = cleanText(inner.content());
    }
    if (inner.malformed) return undefined;
  }
  if (outer.malformed || (rejected === 0 && message === '')) return undefined;
  return { rejected, message };
}

function cleanText(bytes: Uint8Array): string {
  const size = Math.min(bytes.length, MAX_MESSAGE_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, size).toString('utf8');
  // The last step removes the half of a surrogate pair that the cut may leave.
  return text
    .replace(CONTROL_CHARS, '')
    .slice(0, MAX_MESSAGE_CHARS)
    .replace(/[\ud800-\udbff]$/, '');
}

/** Walks the fields of one message; it stops at the end or, with `malformed` set, at the first bad byte. */
class FieldCursor {
  readonly #bytes: Uint8Array;
  #position = 0;
  #contentStart = 0;
  fieldNumber = 0;
  wireType = 0;
  /** The varint's value for wire type 0, clamped to 0 … MAX_SAFE_INTEGER. */
  value = 0;
  malformed = false;

  readonly #isCut: boolean;

  constructor(bytes: Uint8Array, isCut: boolean) {
    this.#bytes = bytes;
    this.#isCut = isCut;
  }

  /** The bytes of a length-delimited field. */
  content(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#position);
  }

  next(): boolean {
    if (this.#position >= this.#bytes.length || this.malformed) return false;
    const tag = this.#varint();
    this.fieldNumber = Math.floor(tag / 8);
    this.wireType = tag % 8;
    this.value = this.wireType === 0 || this.wireType === 2 ? this.#varint() : 0;
    this.#contentStart = this.#position;
    if (this.wireType === 2) {
      this.#position += this.value;
      if (this.#isCut) this.#position = Math.min(this.#position, this.#bytes.length);
    }
    if (this.wireType === 1) this.#position += 8;
    else if (this.wireType === 5) this.#position += 4;
    else if (this.wireType !== 0 && this.wireType !== 2) this.malformed = true;
    if (this.fieldNumber === 0 || this.#position > this.#bytes.length) this.malformed = true;
    return !this.malformed;
  }

  /** The tenth byte holds the sign of an int64. A negative count means nothing and reads as 0. */
  #varint(): number {
    let value = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return index === 9 && byte > 0 ? 0 : Math.min(value, Number.MAX_SAFE_INTEGER);
    }
    this.malformed = true;
    return 0;
  }
}
