/** Percent-encoding that cannot throw. */

const PERCENT = 0x25;

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Printable ASCII, decoded as UTF-8: bad sequences become U+FFFD, a `%` that begins no triple stays as it is. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const high = code === PERCENT ? digit(text, index + 1) : -1;
    const low = high < 0 ? -1 : digit(text, index + 2);
    if (low >= 0) {
      bytes[length++] = high * 16 + low;
      index += 2;
    } else {
      bytes[length++] = code;
    }
  }
  return bytes.toString('utf8', 0, length);
}

/** `encodeURIComponent` throws on half a character; here it becomes U+FFFD. */
export function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
  }
}
