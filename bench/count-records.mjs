import { gunzipSync } from 'node:zlib';

/**
 * Counts the spans, log records or metrics of an OTLP export request without decoding them: in all three, records are
 * field 2 of a scope, scopes are field 2 of a resource, resources are field 1 of the request.
 */
const PATH_TO_RECORDS = [1, 2, 2];

/** Compressed requests too: gzip begins with two bytes that no OTLP request begins with. */
export function countRecords(bytes) {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  return countWithin(plain, 0, plain.length, 0);
}

function countWithin(bytes, start, end, depth) {
  if (depth === PATH_TO_RECORDS.length) return 1;
  let position = start;
  let count = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[position++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      if (!(shift < 63) || byte === undefined) throw new Error('A body is not protobuf.');
    }
  };
  while (position < end) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) position += 8;
    else if (wireType === 5) position += 4;
    else if (wireType === 2) {
      const length = varint();
      if (tag >>> 3 === PATH_TO_RECORDS[depth]) {
        count += countWithin(bytes, position, position + length, depth + 1);
      }
      position += length;
    } else throw new Error('A body is not protobuf.');
  }
  if (position > end) throw new Error('A body ends within a field.');
  return count;
}
