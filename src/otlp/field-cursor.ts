/** Walks the fields of one message; it stops at the end or, with `malformed` set, at the first bad byte. */
export class FieldCursor {
  readonly #bytes: Uint8Array;
  #position = 0;
  #start = 0;
  #contentStart = 0;
  fieldNumber = 0;
  wireType = 0;
  /** The varint's value for wire type 0, clamped to 0 … MAX_SAFE_INTEGER. */
  value = 0;
  malformed = false;

  readonly #isCut: boolean;

  /** With `isCut` a length may reach past the end: the bytes are the beginning of a longer message. */
  constructor(bytes: Uint8Array, isCut = false) {
    this.#bytes = bytes;
    this.#isCut = isCut;
  }

  /** Where the present field begins: at its tag. */
  get start(): number {
    return this.#start;
  }

  /** Where the present field ends, and the next one begins. */
  get end(): number {
    return this.#position;
  }

  /** The bytes of a length-delimited field. */
  content(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#position);
  }

  next(): boolean {
    if (this.#position >= this.#bytes.length || this.malformed) return false;
    this.#start = this.#position;
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
