/** Checks of hexadecimal text by character code: no regular expression, no allocation. */

export const ZERO_16 = '0000000000000000';

/** By character code, 1: a lower-case digit. One look-up is faster than four comparisons; beyond ASCII there is nothing. */
const LOWER_HEX = new Uint8Array(128);
for (const digit of '0123456789abcdef') LOWER_HEX[digit.charCodeAt(0)] = 1;

/** All of `text[from, to)` is lower-case hexadecimal. */
export function isLowerHex(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    if (LOWER_HEX[text.charCodeAt(index)] !== 1) return false;
  }
  return true;
}

/** Lower-case hexadecimal, and not zero, which is no id in any format. */
export function isId(text: string, from: number, to: number): boolean {
  return isLowerHex(text, from, to) && !isAllZero(text, from, to);
}

/** All of `text[from, to)` is hexadecimal in either case. */
function isHex(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    const lower = code | 0x20;
    if (!((code >= 48 && code <= 57) || (lower >= 97 && lower <= 102))) return false;
  }
  return true;
}

/** All of `text[from, to)` is the digit zero. */
export function isAllZero(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    if (text.charCodeAt(index) !== 48) return false;
  }
  return true;
}

/** The value of one lower-case hexadecimal digit, already checked. */
export function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code <= 57 ? code - 48 : code - 87;
}

/** `text[from, to)` in lower case, if it is hexadecimal and not zero. */
export function idIn(text: string, from: number, to: number): string | undefined {
  if (to <= from || to > text.length || !isHex(text, from, to) || isAllZero(text, from, to)) return undefined;
  return text.slice(from, to).toLowerCase();
}

/** A whole id of 16 digits. */
export function spanIdOf(text: string | undefined): string | undefined {
  return text?.length === 16 ? idIn(text, 0, 16) : undefined;
}

/** A whole id of 16 or 32 digits, not yet padded. */
export function traceIdOf(text: string | undefined): string | undefined {
  return text?.length === 32 || text?.length === 16 ? idIn(text, 0, text.length) : undefined;
}

/** A trace id as it goes out in a format that has both sizes. */
export function sizedTraceId(traceId: string, digits: 16 | 32 | undefined): string {
  return digits === 16 ? traceId.slice(16) : traceId;
}
