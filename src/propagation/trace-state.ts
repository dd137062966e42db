/**
 * W3C `tracestate`, level 2, strict: a list with one bad member is dropped whole, as the public test harness wants.
 * Grammar: key `[a-z0-9][a-z0-9_\-*\/@]{0,255}`, value up to 256 printable characters without `,` `=` that does not end in
 * a space; at most 32 members; empty members are allowed and dropped.
 */
import { skipClass, withoutSpace } from './text.js';

const MAX_MEMBERS = 32;
const MAX_PART_LENGTH = 256;
/** The text that is parsed at all: 32 of the longest members, nearly. The standard asks for 512 characters to be passed on. */
const MAX_INPUT_LENGTH = 16_384;
/** What is passed on; over it, members longer than 128 characters go first, then members from the end. */
const MAX_OUTPUT_LENGTH = 1024;
const LONG_MEMBER = 128;

const SPACE = 0x20;
const COMMA = 0x2c;
const EQUALS = 0x3d;

/** What a character may be part of, by its code; beyond ASCII nothing. */
const KEY_BEGIN = 1;
const KEY = 2;
const VALUE = 4;
const CLASS = new Uint8Array(128);
for (let code = SPACE; code < 0x7f; code++) {
  const begins = (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
  const continues = begins || '_-*/@'.includes(String.fromCharCode(code));
  CLASS[code] =
    (begins ? KEY_BEGIN : 0) | (continues ? KEY : 0) | (code === COMMA || code === EQUALS ? 0 : VALUE);
}

/** The end of the member that begins at `from`; -1 if none does. */
function memberEnd(text: string, from: number): number {
  const equals = skipClass(CLASS, text, from, KEY);
  if (equals === from || equals === text.length || text.charCodeAt(equals) !== EQUALS) return -1;
  if (equals - from > MAX_PART_LENGTH || ((CLASS[text.charCodeAt(from)] as number) & KEY_BEGIN) === 0)
    return -1;
  const end = skipClass(CLASS, text, equals + 1, VALUE);
  return end === equals + 1 || end - equals - 1 > MAX_PART_LENGTH ? -1 : end;
}

/** As lists usually come, without white space and empty members: then nothing is copied. */
function isCanonical(text: string): boolean {
  if (text.length > MAX_OUTPUT_LENGTH) return false;
  let at = 0;
  for (let members = 1; members <= MAX_MEMBERS; members++) {
    at = memberEnd(text, at);
    if (at < 0 || text.charCodeAt(at - 1) === SPACE) return false;
    if (at === text.length) return true;
    if (text.charCodeAt(at) !== COMMA) return false;
    at++;
  }
  return false;
}

/** Drops whole members until the rest fits: from the end, long ones before short ones. The first `keep` stay. */
function shorten(members: string[], keep = 0): string {
  let length = members.reduce((sum, member) => sum + member.length + 1, -1);
  const dropFromEnd = (isDroppable: (member: string) => boolean): void => {
    for (let index = members.length - 1; index >= keep && length > MAX_OUTPUT_LENGTH; index--) {
      const member = members[index] ?? '';
      if (!isDroppable(member)) continue;
      members.splice(index, 1);
      length -= member.length + 1;
    }
  };
  dropFromEnd((member) => member.length > LONG_MEMBER);
  dropFromEnd(() => true);
  return members.join(',');
}

/** The list to pass on, white space and empty members removed; `undefined` when it is empty or not valid. */
export function parseTraceState(text: string | undefined): string | undefined {
  if (text === undefined || text.length === 0 || text.length > MAX_INPUT_LENGTH) return undefined;
  if (isCanonical(text)) return text;
  const members: string[] = [];
  let from = 0;
  while (from <= text.length) {
    let comma = text.indexOf(',', from);
    if (comma < 0) comma = text.length;
    const member = withoutSpace(text.slice(from, comma));
    if (member !== '') {
      if (members.length === MAX_MEMBERS || memberEnd(member, 0) !== member.length) return undefined;
      members.push(member);
    }
    from = comma + 1;
  }
  if (members.length === 0) return undefined;
  const joined = members.join(',');
  return joined.length <= MAX_OUTPUT_LENGTH ? joined : shorten(members) || undefined;
}

/** The value of a member, from a list that has been checked. */
export function memberOf(key: string, list: string): string | undefined {
  const start = `${key}=`;
  for (let from = 0; from < list.length;) {
    let comma = list.indexOf(',', from);
    if (comma < 0) comma = list.length;
    if (list.startsWith(start, from)) return list.slice(from + start.length, comma);
    from = comma + 1;
  }
  return undefined;
}

/** A changed member goes to the left; over 32 members the rightmost goes. `member` is `key=value`, the list checked. */
export function withMember(key: string, member: string, list: string | undefined): string {
  if (list === undefined) return member;
  const start = `${key}=`;
  const others = list.split(',').filter((other) => !other.startsWith(start));
  const members = [member, ...others.slice(0, MAX_MEMBERS - 1)];
  const joined = members.join(',');
  return joined.length <= MAX_OUTPUT_LENGTH ? joined : shorten(members, 1);
}
