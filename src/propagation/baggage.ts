/**
 * W3C baggage. Members are checked and passed on as they came: percent-encoding stays. A malformed member discards the
 * header, as its text leaves to us; too many members or bytes drop whole members from the first that does not fit.
 */
import { percentDecoded } from './percent.js';
import { isSpace, isToken, withoutSpace } from './text.js';

export const BAGGAGE = 'baggage';
/** What the standard asks everyone to pass on. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;
/** Text that is looked at all: repeated headers and white space may make it longer than what is passed on. */
const MAX_INPUT_LENGTH = 65_536;

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One member of a checked header. */
export interface BaggageMember {
  readonly key: string;
  /** Percent-decoded; bytes that are not UTF-8 become U+FFFD. */
  readonly value: string;
  /** `name` or `name=value`, as they came. */
  readonly properties: readonly string[];
}

/** Printable, and none of `"` `,` `;` `\` and space. */
function isOctet(code: number): boolean {
  return (
    code > 0x20 && code < 0x7f && code !== QUOTE && code !== COMMA && code !== SEMICOLON && code !== BACKSLASH
  );
}

/** One field between separators, without white space around it. */
function isField(text: string, from: number, to: number, needsValue: boolean): boolean {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  let equals = text.indexOf('=', start);
  if (equals < 0 || equals >= end) {
    if (needsValue) return false;
    equals = end;
  }
  if (!isToken(withoutSpace(text.slice(start, equals)))) return false;
  let value = equals + 1;
  while (value < end && isSpace(text.charCodeAt(value))) value++;
  for (let index = value; index < end; index++) {
    if (!isOctet(text.charCodeAt(index))) return false;
  }
  return true;
}

/** `key = value *( ; property )`. */
function isMember(text: string, from: number, to: number): boolean {
  let start = from;
  for (let isFirst = true; start <= to; isFirst = false) {
    let end = text.indexOf(';', start);
    if (end < 0 || end > to) end = to;
    if (!isField(text, start, end, isFirst)) return false;
    start = end + 1;
  }
  return true;
}

/** Without optional white space around the separators. */
function compact(member: string): string {
  if (!member.includes(' ') && !member.includes('\t')) return member;
  return member.replace(/[ \t]*([;=])[ \t]*/g, '$1');
}

/** The header as it goes on; `undefined` when nothing of it is left. */
export function checkBaggage(
  raw: string | undefined,
  allowed: ReadonlySet<string> | undefined,
): string | undefined {
  if (raw === undefined || raw.length === 0 || raw.length > MAX_INPUT_LENGTH) return undefined;
  const members: string[] = [];
  let bytes = -1;
  let isFull = false;
  for (let from = 0; from <= raw.length;) {
    let comma = raw.indexOf(',', from);
    if (comma < 0) comma = raw.length;
    const text = withoutSpace(raw.slice(from, comma));
    from = comma + 1;
    if (text === '') continue;
    if (!isMember(text, 0, text.length)) return undefined;
    if (isFull) continue;
    const member = compact(text);
    if (allowed !== undefined && !allowed.has(keyOf(member))) continue;
    bytes += member.length + 1;
    isFull = members.length === MAX_MEMBERS || bytes > MAX_BYTES;
    if (!isFull) members.push(member);
  }
  return members.length === 0 ? undefined : members.join(',');
}

function keyOf(member: string): string {
  return member.slice(0, member.indexOf('='));
}

/**
 * The members of a `baggage` header that `extract` gave, in order, values decoded. Repeated keys stay. A header that is
 * malformed has none. Never throws.
 */
export function parseBaggage(baggage: string | undefined): BaggageMember[] {
  const checked = checkBaggage(baggage, undefined);
  if (checked === undefined) return [];
  return checked.split(',').map((member) => {
    const [pair = '', ...properties] = member.split(';');
    const equals = pair.indexOf('=');
    return { key: pair.slice(0, equals), value: percentDecoded(pair.slice(equals + 1)), properties };
  });
}
