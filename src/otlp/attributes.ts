import { isKeyValueList, MAX_VALUE_DEPTH } from '../model/any-value.js';
import type { ProtoWriter } from './proto-writer.js';
import type { AttributeRecord } from '../model/records.js';

/** One attribute's containers end with a "…" element once they have reached this size. */
const MAX_CONTAINER_BYTES = 4 << 20;

const NO_KEYS: readonly string[] = [];
const ELLIPSIS = '…';
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Writes every own enumerable attribute as a `KeyValue` of field `fieldNumber`. Never throws: an
 * attribute whose value cannot be read is left out, and so is one that is undefined.
 *
 * Numbers: a safe integer is int_value (so is -0, which loses its sign), all others are double_value.
 * A bigint that does not fit int64 becomes a string. Null and array holes become the empty AnyValue.
 * An object with its own idea of a string (Date, Error, URL, Map) becomes that string, any other object
 * a kvlist_value. Depth and size limits make cycles and shared sub-trees harmless.
 *
 * `doubleKeys` names the attributes that are double_values also when their numbers happen to be whole, so that
 * a backend sees one type.
 */
export function writeAttributes(
  w: ProtoWriter,
  fieldNumber: number,
  attributes: AttributeRecord,
  doubleKeys: readonly string[] = NO_KEYS,
): void {
  try {
    for (const key in attributes) {
      if (!Object.prototype.hasOwnProperty.call(attributes, key)) continue;
      if (doubleKeys.includes(key) && writeDoubleEntry(w, fieldNumber, key, attributes[key])) continue;
      writeEntry(w, fieldNumber, attributes, key, 0, w.position + MAX_CONTAINER_BYTES);
    }
  } catch {
    // A proxy refused to list its keys: what was written before is complete and stays.
  }
}

/** `false`: not a number, so it is written like any other attribute. */
function writeDoubleEntry(w: ProtoWriter, fieldNumber: number, key: string, value: unknown): boolean {
  if (typeof value !== 'number') return false;
  w.tag(fieldNumber, 2);
  const keyValue = w.begin();
  w.tag(1, 2);
  w.string(key);
  w.tag(2, 2);
  const anyValue = w.begin();
  w.tag(4, 1);
  w.double(value);
  w.end(anyValue);
  w.end(keyValue);
  return true;
}

/** Writes `value` as an AnyValue sub-message of field `fieldNumber`. Never throws; undefined is left out. */
export function writeAnyValueField(w: ProtoWriter, fieldNumber: number, value: unknown): void {
  if (value === undefined) return;
  const start = w.position;
  try {
    writeAnyValue(w, fieldNumber, value, 0, start + MAX_CONTAINER_BYTES);
  } catch {
    w.rewind(start);
  }
}

function writeEntry(
  w: ProtoWriter,
  fieldNumber: number,
  owner: AttributeRecord,
  key: string,
  depth: number,
  endPosition: number,
): void {
  const start = w.position;
  try {
    const value = owner[key];
    if (value === undefined) return;
    w.tag(fieldNumber, 2);
    const keyValue = w.begin();
    w.tag(1, 2);
    w.string(key);
    writeAnyValue(w, 2, value, depth, endPosition);
    w.end(keyValue);
  } catch {
    w.rewind(start);
  }
}

function writeAnyValue(
  w: ProtoWriter,
  fieldNumber: number,
  value: unknown,
  depth: number,
  endPosition: number,
): void {
  w.tag(fieldNumber, 2);
  const anyValue = w.begin();
  switch (typeof value) {
    case 'string':
      writeText(w, value);
      break;
    case 'number':
      if (Number.isSafeInteger(value)) {
        w.tag(3, 0);
        w.varint64(value);
      } else {
        w.tag(4, 1);
        w.double(value);
      }
      break;
    case 'boolean':
      w.tag(2, 0);
      w.varint(value ? 1 : 0);
      break;
    case 'bigint':
      writeBigInt(w, value);
      break;
    case 'object':
      if (value !== null) writeObject(w, value, depth, endPosition);
      break;
    case 'undefined':
      break;
    default:
      writeText(w, String(value));
  }
  w.end(anyValue);
}

function writeText(w: ProtoWriter, text: string): void {
  w.tag(1, 2);
  w.string(text);
}

function writeBigInt(w: ProtoWriter, value: bigint): void {
  if (value < MIN_INT64 || value > MAX_INT64) {
    writeText(w, String(value));
    return;
  }
  w.tag(3, 0);
  w.varintBits(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
}

function writeObject(w: ProtoWriter, value: object, depth: number, endPosition: number): void {
  if (value instanceof Uint8Array) {
    w.tag(7, 2);
    w.rawBytes(value);
  } else if (Array.isArray(value)) {
    if (depth < MAX_VALUE_DEPTH) writeArray(w, value, depth + 1, endPosition);
    else writeText(w, ELLIPSIS);
  } else if (!isKeyValueList(value)) {
    const described: { toString(): string } = value;
    writeText(w, String(described));
  } else if (depth < MAX_VALUE_DEPTH) {
    writeKeyValueList(w, value as AttributeRecord, depth + 1, endPosition);
  } else {
    writeText(w, ELLIPSIS);
  }
}

function writeArray(w: ProtoWriter, values: readonly unknown[], depth: number, endPosition: number): void {
  w.tag(5, 2);
  const arrayValue = w.begin();
  for (let i = 0; i < values.length; i++) {
    if (w.position > endPosition) {
      writeAnyValue(w, 1, ELLIPSIS, depth, endPosition);
      break;
    }
    writeAnyValue(w, 1, values[i], depth, endPosition);
  }
  w.end(arrayValue);
}

function writeKeyValueList(w: ProtoWriter, map: AttributeRecord, depth: number, endPosition: number): void {
  w.tag(6, 2);
  const list = w.begin();
  for (const key in map) {
    if (!Object.prototype.hasOwnProperty.call(map, key)) continue;
    if (w.position > endPosition) {
      writeEntry(w, 1, { [ELLIPSIS]: ELLIPSIS }, ELLIPSIS, depth, endPosition);
      break;
    }
    writeEntry(w, 1, map, key, depth, endPosition);
  }
  w.end(list);
}
