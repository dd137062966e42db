/** Checks of hexadecimal text by character code: no regular expression, no allocation. */

/** All of `text[from, to)` is lower-case hexadecimal. */
export function isLowerHex(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
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
