/** One element of a `Forwarded` header (RFC 7239), read from the right: what a client put to the left changes nothing. */

/** Far more than `for`, `by`, `host` and `proto` need. */
const MAX_ELEMENT_LENGTH = 1024;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** What its proxy has said, unquoted. */
export interface ForwardedElement {
  readonly for: string | undefined;
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

/** Where the element that ends at `end` begins; `undefined` for one without a sensible beginning. */
export function elementStart(text: string, end: number): number | undefined {
  const least = Math.max(0, end - MAX_ELEMENT_LENGTH);
  let isQuoted = false;
  for (let index = end - 1; index >= least; index--) {
    const code = text.charCodeAt(index);
    if (code === QUOTE && !isEscaped(text, index)) isQuoted = !isQuoted;
    else if (code === COMMA && !isQuoted) return index + 1;
  }
  return least === 0 ? 0 : undefined;
}

function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text.charCodeAt(from - 1) === BACKSLASH) from--;
  return (at - from) % 2 === 1;
}

/** `name=token` or `name="quoted"`, then `;` or the end; an empty pair is allowed. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*(;|$)/y;

/** `undefined` for what is not of the grammar, or says a thing twice. */
export function parseElement(text: string): ForwardedElement | undefined {
  const pairs = new Map<string, string>();
  PAIR.lastIndex = 0;
  for (;;) {
    const match = PAIR.exec(text);
    if (match === null) return undefined;
    const [, name, token, quoted = '', end] = match;
    if (name !== undefined) {
      const key = name.toLowerCase();
      if (pairs.has(key)) return undefined;
      pairs.set(key, token ?? quoted.replace(/\\(.)/g, '$1'));
    }
    if (end === '') return { for: pairs.get('for'), host: pairs.get('host'), proto: pairs.get('proto') };
  }
}
