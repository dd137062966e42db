/** Unsigned 64-bit numbers in decimal, as Datadog and Google write ids. */

const TWO_32 = 4_294_967_296;
/** 18446744073709551615. */
const MAX_DIGITS = 20;

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** 16 hex digits of the decimal `text[from, to)`; `undefined` unless it is digits only and fits into 64 bits. */
export function hexOfDecimal(text: string, from: number, to: number): string | undefined {
  if (to <= from || to - from > MAX_DIGITS) return undefined;
  let high = 0;
  let low = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    low = low * 10 + digit;
    const carry = Math.floor(low / TWO_32);
    low -= carry * TWO_32;
    high = high * 10 + carry;
    if (high >= TWO_32) return undefined;
  }
  return hex8(high) + hex8(low);
}

/** The decimal of 16 hex digits, already checked. */
export function decimalOfHex(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}
