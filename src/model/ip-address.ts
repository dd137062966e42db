/** Addresses as bytes. Their text has many forms for the same address, so it is never compared. */

/** A range of addresses of one family. */
export interface AddressBlock {
  /** 4 or 16 of them; those after `bits` have no meaning. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** The longest text: eight groups, the last two of them dotted. */
const MAX_TEXT = 45;

/** 4 or 16 bytes; `undefined` for whatever is no address. One with a zone is none: it means another interface each time. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const bytes = text.includes(':') ? sixteenBytes(text) : fourBytes(text);
  return bytes && Uint8Array.from(bytes);
}

/** `10.0.0.0/8`, or an address alone. `undefined`: neither. */
export function parseBlock(text: string): AddressBlock | undefined {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const most = bytes.length * 8;
  if (slash < 0) return { bytes, bits: most };
  const suffix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(suffix) && Number(suffix) <= most ? { bytes, bits: Number(suffix) } : undefined;
}

export function covers({ bytes, bits }: AddressBlock, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== address[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((bytes[whole] ?? 0) ^ (address[whole] ?? 0)) >> (8 - rest) === 0;
}

/** Decimal only. A leading zero would be octal to some and decimal to others. */
function fourBytes(text: string): readonly number[] | undefined {
  // Names come here too, as each tenant's host does, and hardly any ends in a digit.
  if (!/\d$/.test(text)) return undefined;
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function sixteenBytes(text: string): readonly number[] | undefined {
  const [before = '', after, more] = text.split('::');
  if (more !== undefined) return undefined;
  const head = bytesOfGroups(before, after === undefined);
  if (head === undefined) return undefined;
  if (after === undefined) return head.length === 16 ? head : undefined;
  const tail = bytesOfGroups(after, true);
  if (tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  return missing < 2 ? undefined : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function bytesOfGroups(text: string, mayEndDotted: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      const isLast = index === groups.length - 1;
      const dotted = mayEndDotted && isLast ? fourBytes(group) : undefined;
      if (dotted === undefined) return undefined;
      bytes.push(...dotted);
    }
  }
  return bytes;
}
