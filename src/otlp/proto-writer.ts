import { Buffer } from 'node:buffer';
import type { HrTime } from '@opentelemetry/api';
import { putUtf8 } from './utf8.js';
import { putVarint, varintSizeBytes } from './varint.js';

const TWO_POW_32 = 0x1_0000_0000;

/** The first millisecond whose nanoseconds no longer fit 64 bits (year 2554). */
const END_OF_TIME_MS = 18_446_744_073_709;

/** A scratch buffer above this size is given back on the next reset. */
const SHRINK_ABOVE_BYTES = 1 << 20;

/** Up to this many UTF-16 units the JS loop beats the native call, and an ASCII length is one byte. */
const SHORT_STRING_UNITS = 127;

/** Hex digit by char code; anything else counts as 0. */
const HEX_DIGIT = new Uint8Array(256);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX_DIGIT[text.charCodeAt(0)] = digit;
  HEX_DIGIT[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Protobuf wire primitives over one growing scratch buffer.
 * The buffer doubles without an upper bound: the caller bounds what it writes. Memory above 1 MiB is
 * given back by `reset`, so one huge record does not stay in memory for the life of the process.
 */
export class ProtoWriter {
  readonly #initialSizeBytes: number;
  #buffer: Buffer;
  #view: DataView;
  #position = 0;

  constructor(initialSizeBytes = 8192) {
    this.#initialSizeBytes = Math.max(64, initialSizeBytes);
    this.#buffer = Buffer.allocUnsafeSlow(this.#initialSizeBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get position(): number {
    return this.#position;
  }

  get capacityBytes(): number {
    return this.#buffer.length;
  }

  reset(): void {
    this.#position = 0;
    if (this.#buffer.length > SHRINK_ABOVE_BYTES && this.#buffer.length > this.#initialSizeBytes) {
      this.#buffer = Buffer.allocUnsafeSlow(this.#initialSizeBytes);
      this.#view = new DataView(this.#buffer.buffer);
    }
  }

  /** Drops everything written since `position`, which must come from the `position` getter. */
  rewind(position: number): void {
    this.#position = position;
  }

  /** The bytes written so far: a view, valid until the next write or reset. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, 0, this.#position);
  }

  /** Field number and wire type: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  tag(fieldNumber: number, wireType: number): void {
    this.varint((fieldNumber << 3) | wireType);
  }

  /** An unsigned integer below 2^32. */
  varint(value: number): void {
    if (this.#position + 5 > this.#buffer.length) this.#grow(5);
    if (value < 0x80) this.#buffer[this.#position++] = value;
    else this.#position = putVarint(this.#buffer, this.#position, value);
  }

  /** A safe integer as int64 or uint64; a negative one takes ten bytes. */
  varint64(value: number): void {
    if (value >= 0 && value < TWO_POW_32) this.varint(value);
    else this.varintBits(value >>> 0, Math.floor(value / TWO_POW_32) >>> 0);
  }

  /** Two unsigned 32-bit halves as one 64-bit varint. */
  varintBits(low: number, high: number): void {
    if (this.#position + 10 > this.#buffer.length) this.#grow(10);
    const buffer = this.#buffer;
    let position = this.#position;
    while (high > 0 || low > 0x7f) {
      buffer[position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[position++] = low;
    this.#position = position;
  }

  /** A signed 32-bit integer in zigzag form. */
  sint32(value: number): void {
    this.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  fixed32(value: number): void {
    if (this.#position + 4 > this.#buffer.length) this.#grow(4);
    this.#view.setUint32(this.#position, value, true);
    this.#position += 4;
  }

  /** A safe integer as fixed64 or sfixed64. */
  fixed64(value: number): void {
    this.fixed64Bits(value >>> 0, Math.floor(value / TWO_POW_32) >>> 0);
  }

  fixed64Bits(low: number, high: number): void {
    if (this.#position + 8 > this.#buffer.length) this.#grow(8);
    this.#view.setUint32(this.#position, low, true);
    this.#view.setUint32(this.#position + 4, high, true);
    this.#position += 8;
  }

  double(value: number): void {
    if (this.#position + 8 > this.#buffer.length) this.#grow(8);
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }

  /** Epoch milliseconds as nanoseconds; the fraction is rounded to the nearest nanosecond. */
  epochMs(timeMs: number): void {
    const wholeMs = Math.floor(timeMs);
    this.#nanoseconds(wholeMs, Math.round((timeMs - wholeMs) * 1e6));
  }

  /** An HrTime as nanoseconds. */
  hrTime(time: HrTime): void {
    this.#nanoseconds(time[0] * 1000, time[1]);
  }

  /** Every string becomes valid UTF-8: a lone surrogate is written as U+FFFD. */
  string(text: string): void {
    const length = text.length;
    if (length > SHORT_STRING_UNITS) {
      this.#longString(text);
      return;
    }
    if (this.#position + 1 + length > this.#buffer.length) this.#grow(1 + length);
    const buffer = this.#buffer;
    let position = this.#position + 1;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#shortUtf8(text);
        return;
      }
      buffer[position++] = unit;
    }
    buffer[this.#position] = length;
    this.#position = position;
  }

  rawBytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.append(bytes);
  }

  /** Bytes that are encoded already, which may be some of this writer's own. */
  append(bytes: Uint8Array): void {
    if (this.#position + bytes.length > this.#buffer.length) this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** A hex id as length and bytes. An odd last digit is dropped, a char that is no hex digit counts as 0. */
  hex(digits: string): void {
    const lengthBytes = digits.length >>> 1;
    this.varint(lengthBytes);
    if (this.#position + lengthBytes > this.#buffer.length) this.#grow(lengthBytes);
    const buffer = this.#buffer;
    let position = this.#position;
    for (let i = 0; i < lengthBytes; i++) {
      const high = HEX_DIGIT[digits.charCodeAt(2 * i)] ?? 0;
      buffer[position++] = (high << 4) | (HEX_DIGIT[digits.charCodeAt(2 * i + 1)] ?? 0);
    }
    this.#position = position;
  }

  /** Opens a sub-message after its tag and returns the mark that `end` needs. */
  begin(): number {
    if (this.#position + 1 > this.#buffer.length) this.#grow(1);
    return this.#position++;
  }

  /** Closes a sub-message. One byte was reserved for the length, so a body of 128 bytes or more moves. */
  end(mark: number): void {
    const bodyBytes = this.#position - mark - 1;
    if (bodyBytes < 0x80) {
      this.#buffer[mark] = bodyBytes;
      return;
    }
    const extraBytes = varintSizeBytes(bodyBytes) - 1;
    if (this.#position + extraBytes > this.#buffer.length) this.#grow(extraBytes);
    this.#buffer.copyWithin(mark + 1 + extraBytes, mark + 1, this.#position);
    putVarint(this.#buffer, mark, bodyBytes);
    this.#position += extraBytes;
  }

  #grow(bytes: number): void {
    const needed = this.#position + bytes;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  /**
   * Exact without BigInt: the low 32 bits of the milliseconds times 1e6 stay below 2^53.
   * A time before 1970, after 2554 or not finite is written as 0, which OTLP reads as unknown.
   */
  #nanoseconds(wholeMs: number, extraNs: number): void {
    if (!(wholeMs >= 0 && wholeMs < END_OF_TIME_MS && extraNs >= 0 && extraNs < TWO_POW_32)) {
      this.fixed64Bits(0, 0);
      return;
    }
    const highMs = Math.floor(wholeMs / TWO_POW_32);
    const lowNs = (wholeMs - highMs * TWO_POW_32) * 1e6 + extraNs;
    this.fixed64Bits(lowNs >>> 0, highMs * 1e6 + Math.floor(lowNs / TWO_POW_32));
  }

  /** The exact size is known first, so that a long string does not reserve three bytes per unit. */
  #longString(text: string): void {
    const lengthBytes = Buffer.byteLength(text);
    this.varint(lengthBytes);
    if (this.#position + lengthBytes > this.#buffer.length) this.#grow(lengthBytes);
    this.#position += this.#buffer.write(text, this.#position, lengthBytes, 'utf8');
  }

  #shortUtf8(text: string): void {
    const sizeLimitBytes = 1 + 3 * text.length;
    if (this.#position + sizeLimitBytes > this.#buffer.length) this.#grow(sizeLimitBytes);
    const mark = this.begin();
    this.#position = putUtf8(this.#buffer, this.#position, text);
    this.end(mark);
  }
}
