/**
 * Writes `text` as UTF-8 at `position` and returns the position after it; a lone surrogate becomes U+FFFD.
 * The target must have room for three bytes per UTF-16 unit. Below about 100 units this beats the native
 * call, whose fixed cost is some 50 ns.
 */
export function putUtf8(target: Uint8Array, position: number, text: string): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[position++] = unit;
      continue;
    }
    if (unit < 0x800) {
      target[position++] = 0xc0 | (unit >> 6);
      target[position++] = 0x80 | (unit & 0x3f);
      continue;
    }
    if ((unit & 0xf800) === 0xd800) {
      const next = i + 1 < length ? text.charCodeAt(i + 1) : 0;
      if (unit < 0xdc00 && (next & 0xfc00) === 0xdc00) {
        const point = 0x1_0000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
        target[position++] = 0xf0 | (point >> 18);
        target[position++] = 0x80 | ((point >> 12) & 0x3f);
        target[position++] = 0x80 | ((point >> 6) & 0x3f);
        target[position++] = 0x80 | (point & 0x3f);
        i++;
        continue;
      }
      unit = 0xfffd;
    }
    target[position++] = 0xe0 | (unit >> 12);
    target[position++] = 0x80 | ((unit >> 6) & 0x3f);
    target[position++] = 0x80 | (unit & 0x3f);
  }
  return position;
}
