import { OTLP_MESSAGES, REQUEST_MESSAGES } from './otlp-schema.js';
import type { FieldShape, MessageName, OtlpSignal, ScalarType } from './schema-types.js';
import {
  malformed,
  openWire,
  readBytes,
  readDouble,
  readEnd,
  readFixed32,
  readFixed64,
  readString,
  readTag,
  readVarint,
  skipField,
  WIRE,
} from './protobuf-reader.js';
import type { WireCursor } from './protobuf-reader.js';

/** A value in a decoded message. All 64-bit integers are bigints, all other numbers are numbers. */
export type DecodedValue =
  string | number | bigint | boolean | Uint8Array | DecodedMessage | readonly DecodedValue[];

/** A decoded protobuf message: a null-prototype object from lowerCamelCase field names to values. */
export interface DecodedMessage {
  readonly [field: string]: DecodedValue | undefined;
}

/** Messages may be nested this deep. Far more than telemetry needs, far less than the call stack allows. */
export const MAX_NESTING = 64;

type Draft = Record<string, DecodedValue>;

const EXPECTED_WIRE: Readonly<Record<ScalarType, number>> = {
  string: WIRE.lengthDelimited,
  bytes: WIRE.lengthDelimited,
  bool: WIRE.varint,
  int32: WIRE.varint,
  uint32: WIRE.varint,
  sint32: WIRE.varint,
  int64: WIRE.varint,
  uint64: WIRE.varint,
  fixed32: WIRE.fixed32,
  fixed64: WIRE.fixed64,
  sfixed64: WIRE.fixed64,
  double: WIRE.fixed64,
};

/**
 * Decodes the protobuf body of an OTLP export request into a plain tree.
 *
 * The tree holds what is on the wire and nothing else: a field that was not sent is missing, whatever its
 * default. Names are those of opentelemetry-proto in lowerCamelCase
 * (`resourceSpans[0].scopeSpans[0].spans[0].traceId`). 64-bit integers are bigints, `bytes` fields are
 * `Uint8Array` copies, enums are numbers, messages are null-prototype objects. Of a oneof the last member
 * sent remains. Unknown fields are skipped.
 *
 * @param signal - Which of the three export requests the bytes are.
 * @param bytes - The body after decompression.
 * @throws Error when the bytes are not a valid message: truncated, bad lengths, a known field with the wrong wire
 * type, a string that is not UTF-8, groups, or messages nested deeper than 64. The text names the byte
 * offset.
 */
export function decodeOtlpRequest(signal: OtlpSignal, bytes: Uint8Array): DecodedMessage {
  // A plain view, because Buffer.prototype.slice does not copy.
  const cursor = openWire(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const root = emptyMessage();
  readFields(cursor, REQUEST_MESSAGES[signal], root, 0);
  return root;
}

function emptyMessage(): Draft {
  return Object.create(null) as Draft;
}

function readFields(cursor: WireCursor, message: MessageName, into: Draft, depth: number): void {
  const shape = OTLP_MESSAGES[message];
  while (cursor.position < cursor.end) {
    const { field, wireType } = readTag(cursor);
    const known = shape[field];
    if (known === undefined) {
      skipField(cursor, wireType);
      continue;
    }
    if (known.oneof !== undefined) dropSiblings(message, known, into);
    if (known.repeated && wireType === WIRE.lengthDelimited && isPackable(known)) {
      within(cursor, () => {
        const values = listIn(into, known.name);
        while (cursor.position < cursor.end) values.push(readScalar(cursor, known.type));
      });
      continue;
    }
    const expected = known.kind === 'message' ? WIRE.lengthDelimited : EXPECTED_WIRE[known.type];
    if (wireType !== expected) {
      const what = `${message}.${known.name} has wire type ${String(wireType)} instead of ${String(expected)}`;
      throw malformed(cursor, what);
    }
    if (known.kind === 'scalar') {
      const value = readScalar(cursor, known.type);
      if (known.repeated) listIn(into, known.name).push(value);
      else into[known.name] = value;
      continue;
    }
    if (depth >= MAX_NESTING) {
      throw malformed(cursor, `messages are nested deeper than ${String(MAX_NESTING)}`);
    }
    // A singular message that is sent twice is merged, as protobuf demands.
    const before = known.repeated ? undefined : (into[known.name] as Draft | undefined);
    const child = before ?? emptyMessage();
    within(cursor, () => {
      readFields(cursor, known.type, child, depth + 1);
    });
    if (known.repeated) listIn(into, known.name).push(child);
    else into[known.name] = child;
  }
}

/** Runs `read` with the cursor's end set to the end of the length-delimited field that starts here. */
function within(cursor: WireCursor, read: () => void): void {
  const outerEnd = cursor.end;
  cursor.end = readEnd(cursor);
  read();
  cursor.end = outerEnd;
}

function listIn(into: Draft, name: string): DecodedValue[] {
  const list = (into[name] ?? []) as DecodedValue[];
  into[name] = list;
  return list;
}

function dropSiblings(message: MessageName, chosen: FieldShape, into: Draft): void {
  for (const field of Object.values(OTLP_MESSAGES[message])) {
    if (field.oneof === chosen.oneof && field.name !== chosen.name) Reflect.deleteProperty(into, field.name);
  }
}

function isPackable(field: FieldShape): field is FieldShape & { readonly kind: 'scalar' } {
  return field.kind === 'scalar' && EXPECTED_WIRE[field.type] !== WIRE.lengthDelimited;
}

function readScalar(cursor: WireCursor, type: ScalarType): string | number | bigint | boolean | Uint8Array {
  switch (type) {
    case 'string':
      return readString(cursor);
    case 'bytes':
      return readBytes(cursor);
    case 'bool':
      return BigInt(readVarint(cursor)) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, BigInt(readVarint(cursor))));
    case 'uint32':
      return Number(BigInt.asUintN(32, BigInt(readVarint(cursor))));
    case 'sint32': {
      const zigzag = Number(BigInt.asUintN(32, BigInt(readVarint(cursor))));
      return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    case 'int64':
      return BigInt.asIntN(64, BigInt(readVarint(cursor)));
    case 'uint64':
      return BigInt(readVarint(cursor));
    case 'fixed32':
      return readFixed32(cursor);
    case 'fixed64':
      return readFixed64(cursor);
    case 'sfixed64':
      return BigInt.asIntN(64, readFixed64(cursor));
    case 'double':
      return readDouble(cursor);
  }
}
