/** Header values by character code. */

const SPACE = 0x20;
const TAB = 0x09;

/** Without spaces and tabs around it; `trim` would take every Unicode space. */
export function withoutSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/**
 * The index behind the characters whose class, by their code, is one of those wanted; beyond ASCII there is none. Never asks
 * beyond the end of the text: NaN as an index would make it all slow.
 */
export function skipClass(classes: Uint8Array, text: string, from: number, wanted: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code > 0x7e || ((classes[code] as number) & wanted) === 0) break;
    at++;
  }
  return at;
}

/** The first of repeated headers, which arrive joined by commas. */
export function firstOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const comma = text.indexOf(',');
  return withoutSpace(comma < 0 ? text : text.slice(0, comma));
}

/** The last of repeated headers. */
export function lastOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : withoutSpace(text.slice(text.lastIndexOf(',') + 1));
}

/** RFC 9110's token: header names, baggage keys. */
export function isToken(text: string): boolean {
  return text.length > 0 && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** Printable ASCII only. */
export function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < SPACE || code > 0x7e) return false;
  }
  return true;
}
