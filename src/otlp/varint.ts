/** How many bytes `value`, an integer from 0 to 2^32 - 1, takes as a varint. */
export function varintSizeBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Writes `value`, an integer from 0 to 2^32 - 1, at `position` and returns the position after it. */
export function putVarint(target: Uint8Array, position: number, value: number): number {
  while (value > 0x7f) {
    target[position++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  target[position++] = value;
  return position;
}
