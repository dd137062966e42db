/**
 * Encodes an export response that reports a partial success. The three responses have the same layout: field
 * 1 holds the number of rejected records (field 1, int64) and a message (field 2). Zero and empty are left
 * out, as in proto3.
 *
 * @param rejected - A safe integer, 0 or more.
 * @param message - The sender is expected to log it. Empty by default.
 */
export function encodePartialSuccess(rejected: number, message = ''): Uint8Array {
  const text = new TextEncoder().encode(message);
  const inner = [
    ...(rejected > 0 ? [0x08, ...varint(rejected)] : []),
    ...(text.length > 0 ? [0x12, ...varint(text.length), ...text] : []),
  ];
  return Uint8Array.from([0x0a, ...varint(inner.length), ...inner]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
