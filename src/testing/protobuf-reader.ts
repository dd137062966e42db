/** A place in a protobuf message. `end` is the first byte that no longer belongs to what is being read. */
export interface WireCursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
  end: number;
}

/** Wire types by number. 3 and 4 (groups) are left out on purpose: OTLP never had any. */
export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

// Fatal, because proto3 strings must be valid UTF-8 and a lenient receiver would hide an encoder that breaks
// that. The name ignoreBOM means "do not strip it": a leading U+FEFF is part of the string.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Starts reading at the first byte. */
export function openWire(bytes: Uint8Array): WireCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, position: 0, end: bytes.byteLength };
}

/** The error for a body that is not a valid message, with the byte offset at which that was found out. */
export function malformed(cursor: WireCursor, what: string): Error {
  return new Error(`Malformed protobuf at byte ${String(cursor.position)}: ${what}.`);
}

function claim(cursor: WireCursor, length: number): number {
  const left = cursor.end - cursor.position;
  if (length > left) {
    throw malformed(cursor, `bytes needed: ${String(length)}, bytes left: ${String(left)}`);
  }
  const start = cursor.position;
  cursor.position += length;
  return start;
}

/**
 * Reads an unsigned varint: a number when it fits in 7 bytes (always a safe integer), else a bigint below
 * 2^64.
 */
export function readVarint(cursor: WireCursor): number | bigint {
  let small = 0;
  let scale = 1;
  for (let index = 0; index < 7; index += 1) {
    const byte = cursor.view.getUint8(claim(cursor, 1));
    small += (byte & 0x7f) * scale;
    if (byte < 0x80) return small;
    scale *= 128;
  }
  let large = BigInt(small);
  for (let index = 7n; index < 10n; index += 1n) {
    const byte = cursor.view.getUint8(claim(cursor, 1));
    // The tenth byte has room for bit 63 alone.
    if (index === 9n && byte > 1) break;
    large |= BigInt(byte & 0x7f) << (7n * index);
    if (byte < 0x80) return large;
  }
  throw malformed(cursor, 'a varint is longer than 64 bits');
}

/** Reads a field's tag. Throws for field number 0. */
export function readTag(cursor: WireCursor): { readonly field: number; readonly wireType: number } {
  const tag = readVarint(cursor);
  if (typeof tag === 'bigint' || tag > 0xffffffff) throw malformed(cursor, 'a field number is out of range');
  const field = Math.floor(tag / 8);
  if (field === 0) throw malformed(cursor, 'field number 0 is not allowed');
  return { field, wireType: tag % 8 };
}

/**
 * Reads a length and returns the offset at which the bytes it announces end. Throws when they are not all
 * there.
 */
export function readEnd(cursor: WireCursor): number {
  const length = readVarint(cursor);
  const left = cursor.end - cursor.position;
  if (length > left) {
    throw malformed(cursor, `a length says ${String(length)} bytes, ${String(left)} left`);
  }
  return cursor.position + Number(length);
}

/** Reads length-delimited bytes as a copy, so that keeping a field does not keep the whole request. */
export function readBytes(cursor: WireCursor): Uint8Array {
  const end = readEnd(cursor);
  const value = cursor.bytes.slice(cursor.position, end);
  cursor.position = end;
  return value;
}

/** Reads a string. Throws when it is not valid UTF-8. */
export function readString(cursor: WireCursor): string {
  const end = readEnd(cursor);
  try {
    const value = utf8.decode(cursor.bytes.subarray(cursor.position, end));
    cursor.position = end;
    return value;
  } catch {
    throw malformed(cursor, 'a string is not valid UTF-8');
  }
}

/** Reads 4 bytes as an unsigned number. */
export function readFixed32(cursor: WireCursor): number {
  return cursor.view.getUint32(claim(cursor, 4), true);
}

/** Reads 8 bytes as an unsigned bigint. */
export function readFixed64(cursor: WireCursor): bigint {
  return cursor.view.getBigUint64(claim(cursor, 8), true);
}

/** Reads 8 bytes as an IEEE 754 double. */
export function readDouble(cursor: WireCursor): number {
  return cursor.view.getFloat64(claim(cursor, 8), true);
}

/**
 * Steps over a field that is not in the tables. Throws for groups and for the wire types 6 and 7, which do
 * not exist.
 */
export function skipField(cursor: WireCursor, wireType: number): void {
  switch (wireType) {
    case WIRE.varint:
      readVarint(cursor);
      return;
    case WIRE.fixed64:
      claim(cursor, 8);
      return;
    case WIRE.lengthDelimited:
      cursor.position = readEnd(cursor);
      return;
    case WIRE.fixed32:
      claim(cursor, 4);
      return;
    default:
      throw malformed(cursor, `wire type ${String(wireType)} is not supported`);
  }
}
