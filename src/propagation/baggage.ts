/**
 * W3C baggage. Members are checked and passed on as they came: percent-encoding stays. A malformed member discards the
 * header, as its text leaves to us; too many members or bytes drop whole members from the first that does not fit.
 */
import { percentDecoded } from './percent.js';
import { isSpace, skipClass, withoutSpace } from './text.js';

export const BAGGAGE = 'baggage';
/** What the standard asks everyone to pass on. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;
/** Text that is looked at at all: repeated headers and white space may make it longer than what is passed on. */
const MAX_INPUT_LENGTH = 65_536;

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/** What a character may be part of, by its code; beyond ASCII nothing. */
const TOKEN = 1;
const OCTET = 2;
const CLASS = new Uint8Array(128);
for (let code = 0x21; code < 0x7f; code++) {
  const character = String.fromCharCode(code);
  // RFC 9110's token for keys; for values all that is printable, except space and four characters.
  CLASS[code] =
    (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character) ? TOKEN : 0) | ('",;\\'.includes(character) ? 0 : OCTET);
}

/** One member of a checked header. */
export interface BaggageMember {
  /** As it came: keys are not decoded, and have case. */
  readonly key: string;
  /** Percent-decoded; bytes that are not UTF-8 become U+FFFD. */
  readonly value: string;
  /** `name` or `name=value`, as they came. */
  readonly properties: readonly string[];
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/**
 * The end of the member that begins at `from`, `key = value *( ; property [ = value ] )` with optional white space around
 * the separators; -1 if it is malformed.
 */
function memberEnd(text: string, from: number): number {
  let at = from;
  for (let isFirst = true; ; isFirst = false) {
    const key = skipSpace(text, at);
    at = skipClass(CLASS, text, key, TOKEN);
    if (at === key) return -1;
    at = skipSpace(text, at);
    if (at === text.length) return isFirst ? -1 : at;
    if (text.charCodeAt(at) === EQUALS)
      at = skipSpace(text, skipClass(CLASS, text, skipSpace(text, at + 1), OCTET));
    else if (isFirst) return -1;
    if (at === text.length || text.charCodeAt(at) === COMMA) return at;
    if (text.charCodeAt(at) !== SEMICOLON) return -1;
    at++;
  }
}

/** Without optional white space around the separators. */
function compact(member: string): string {
  if (!member.includes(' ') && !member.includes('\t')) return member;
  return withoutSpace(member).replace(/[ \t]*([;=])[ \t]*/g, '$1');
}

/** As headers usually come, within the limits, without white space and empty members: then nothing is copied. */
function isCanonical(raw: string): boolean {
  if (raw.length > MAX_BYTES || raw.includes(' ') || raw.includes('\t')) return false;
  let from = 0;
  for (let members = 1; members <= MAX_MEMBERS; members++) {
    const end = memberEnd(raw, from);
    if (end < 0) return false;
    if (end === raw.length) return true;
    from = end + 1;
  }
  return false;
}

/** The header as it goes on; `undefined` when nothing of it is left. */
export function checkBaggage(
  raw: string | undefined,
  allowed: ReadonlySet<string> | undefined,
): string | undefined {
  if (typeof raw !== 'string' || raw.length === 0 || raw.length > MAX_INPUT_LENGTH) return undefined;
  if (allowed === undefined && isCanonical(raw)) return raw;
  const members: string[] = [];
  let bytes = -1;
  let isFull = false;
  for (let from = skipSpace(raw, 0); from < raw.length; from = skipSpace(raw, from)) {
    // Empty members are nobody's loss.
    if (raw.charCodeAt(from) === COMMA) {
      from++;
      continue;
    }
    const end = memberEnd(raw, from);
    if (end < 0) return undefined;
    const member = isFull ? '' : compact(raw.slice(from, end));
    from = end + 1;
    if (isFull || (allowed !== undefined && !allowed.has(keyOf(member)))) continue;
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
