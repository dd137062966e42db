/**
 * Secrets in what clients and upstreams write: URLs, paths, queries, header values, messages of errors. What stands for one
 * is replaced by `REDACTED`. Texts are cut before, because all of it is read.
 */
import { isSecretKey, SECRET_WORDS } from './secret-names.js';

const REDACTED = 'REDACTED';

/** Names in their comparable form that count as secret besides the usual ones. */
export type FurtherKeys = ReadonlySet<string> | undefined;

/** From `://` to the last `@` before the next separator, each of them plain or percent-encoded. */
const USER_INFO = /((?::|%3a)(?:\/|%2f){2})(?:(?!%2f|%3f|%23)[^/?#\s])+(@|%40)/gi;
const NETWORK_PATH = /^(\/\/)[^/?#@]+@/;

/** What user and password stand in, each run of it once: hostile texts must not be read again from every place in them. */
const RUNS = /%2f|%3f|%23|(?:(?!%2f|%3f|%23)[^/?#@\s"'])+@?/gi;
const COLONS = /:|%3a/gi;

/** User info where the scheme is missing or broken: a user needs a password then, or the path would be a host. */
function withoutBareUserInfo(text: string): string {
  return text.replace(RUNS, (run, offset: number) => {
    const end = run.endsWith('@') ? run.length - 1 : run.lastIndexOf('%40');
    if (end < 3) return run;
    const before = text.slice(Math.max(0, offset - 3), offset);
    // A user begins the run behind a separator, or behind one of these inside of it.
    let isBegun = before === '' || /(?:[/\s"']|%2f)$/i.test(before);
    let from = 0;
    for (const { index, 0: colon } of run.matchAll(COLONS)) {
      if (index + colon.length >= end) return run;
      const user = run.slice(from, index);
      const start = user.includes('=') ? user.lastIndexOf('=') + 1 : isBegun ? 0 : user.search(/[,(]/) + 1;
      if (start < user.length && (start > 0 || isBegun))
        return `${run.slice(0, from + start)}${REDACTED}:${REDACTED}${run.slice(end)}`;
      from = index + colon.length;
      isBegun = false;
    }
    return run;
  });
}

/** URLs stand in paths and queries too, and the conventions let no user and password be recorded anywhere. */
export function withoutUserInfo(text: string): string {
  if (!text.includes('@') && !text.includes('%40')) return text;
  return withoutBareUserInfo(text.replace(USER_INFO, `$1${REDACTED}:${REDACTED}$2`)).replace(
    NETWORK_PATH,
    `$1${REDACTED}@`,
  );
}

/** The shortest of these. */
const MIN_SHAPE_LENGTH = 16;
/** Texts that are credentials wherever they stand: the keys of well-known services. */
const SHAPES =
  /\b(?:[sr]k|whsec|pk)_(?:live|test)_\w{8,}|\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bnpm_\w{30,}|\bsk-(?:[a-z]+-)*[\w-]{20,}|\b(?:gsk|hf|r8)_\w{24,}|\b(?:xai|pplx)-\w{24,}/gi;

/** Words with dots between them, each once: the parts of a JSON web token, and whatever stands before it. */
const DOTTED = /[\w-]+(?:(?:\.|%2e)[\w-]*)*/gi;
const DOT = /\.|%2e/i;
const TOKEN_HEAD = /\beyJ[\w-]{6}/i;
const MIN_TOKEN_BODY = 6;

function withoutTokens(words: string): string {
  const parts = words.split(DOT);
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const head = (parts[index + 1]?.length ?? 0) < MIN_TOKEN_BODY ? -1 : part.search(TOKEN_HEAD);
    if (head >= 0) return words.slice(0, from + head) + REDACTED;
    from += part.length;
    from += words.charAt(from) === '.' ? 1 : 3;
  }
  return words;
}

function withoutShapes(text: string): string {
  if (text.length < MIN_SHAPE_LENGTH) return text;
  const plain = /eyJ/i.test(text) ? text.replace(DOTTED, withoutTokens) : text;
  return plain.search(SHAPES) < 0 ? plain : plain.replace(SHAPES, REDACTED);
}

const SEPARATORS = /[&;?#]/g;

/** Replaces the values of secret keys; the keys stay. */
export function redactQuery(query: string, further?: FurtherKeys): string {
  if (!query.includes('=')) {
    const plain = redactPlain(query);
    return hidesSecret(plain, further) ? REDACTED : plain;
  }
  let result = '';
  let from = 0;
  while (from <= query.length) {
    SEPARATORS.lastIndex = from;
    const to = SEPARATORS.exec(query)?.index ?? query.length;
    result += redactPair(query.slice(from, to), further);
    result += query.slice(to, to + 1);
    from = to + 1;
  }
  return result;
}

function redactPair(pair: string, further: FurtherKeys): string {
  const equals = pair.indexOf('=');
  const key = pair.slice(0, Math.max(equals, 0));
  if (equals >= 0 && isSecretKey(key, further)) return `${withoutShapes(key)}=${REDACTED}`;
  const value = redactPlain(pair.slice(equals + 1));
  // A value may be a URL with a query of its own.
  const shown = hidesSecret(value, further) ? REDACTED : value;
  return equals < 0 ? shown : `${withoutShapes(key)}=${shown}`;
}

function redactPlain(text: string): string {
  return withoutShapes(withoutUserInfo(text));
}

const ENCODED_SIGN = /%(?:25)*(?:3d|40|3a|2e|22)/i;
/** In JSON, which stands in queries too. */
const JSON_SECRET = new RegExp(String.raw`${SECRET_WORDS}\\*["']\s*:`, 'i');
const MAX_DECODINGS = 3;

/** An encoded URL in a value, such as `next=%2Fcb%3Ftoken%3Dx`, also encoded more than once. */
function hidesSecret(value: string, further: FurtherKeys): boolean {
  if (JSON_SECRET.test(value)) return true;
  if (!ENCODED_SIGN.test(value)) return false;
  let plain = value;
  for (let times = 0; times < MAX_DECODINGS && plain.includes('%'); times++) {
    try {
      plain = decodeURIComponent(plain);
    } catch {
      // What cannot be read cannot be known to be harmless.
      return true;
    }
    if (hasSecret(plain, further)) return true;
  }
  return false;
}

function hasSecret(text: string, further: FurtherKeys): boolean {
  if (redactPlain(text) !== text || JSON_SECRET.test(text)) return true;
  return text
    .split(/[&;?#]/)
    .some(
      (pair) =>
        pair.indexOf('=') > 0 && isSecretKey(pair.slice(0, pair.indexOf('=')).replace(/^.*\//, ''), further),
    );
}

/** A path: user info, tokens, and what matrix parameters (`;jsessionid=…`) or an encoded query in it give away. */
export function redactPath(path: string, further?: FurtherKeys): string {
  // Most paths: without one of these only a token can be secret.
  if (!path.includes('%') && !path.includes('=') && !path.includes('@')) return withoutShapes(path);
  const plain = redactPlain(path);
  if (!plain.includes('=') && !ENCODED_SIGN.test(plain)) return plain;
  return plain
    .split('/')
    .map((segment) =>
      segment
        .split(/([;&,])/)
        .map((part) => redactPair(part, further))
        .join(''),
    )
    .join('/');
}

// Names are read from their beginning only, or each of their letters would be one.
const PAIRS = /(?<![\w.%[\]-])([\w.%[\]-]+)=([^\s&;#"'<>,)}]+)/g;
/** Only what is told of by such a name is read past: in `Error: password: x` the first colon says nothing. */
const WORDS = new RegExp(
  String.raw`(${SECRET_WORDS}\\*["']?\s*[:=]>?\s*(?:\[\s*)?\\*["']?)((?:(?:bearer|basic|digest|token|apikey|negotiate|dpop)\s+)?[^\s"',;&}{]+)`,
  'gi',
);
const AUTHORIZATION = /(authorization\\*["']?\s*[:=]>?\s*(?:\[\s*)?\\*["']?)((?:[\w-]+\s+)?[^\s"',;&}{]+)/gi;
const SCHEMES = /\b(bearer|basic)(\s+|%20|\+)[\w+/.~=-]{8,}/gi;

/** Any text: a header's value, the message of an error. */
export function redactText(text: string, further?: FurtherKeys): string {
  return withoutShapes(
    withoutUserInfo(text)
      .replace(SCHEMES, `$1$2${REDACTED}`)
      .replace(PAIRS, (_pair, key: string, value: string) =>
        // What is no secret itself may be a URL that has one in its query.
        isSecretKey(key, further) ? `${key}=${REDACTED}` : `${key}=${redactQuery(value, further)}`,
      )
      .replace(AUTHORIZATION, `$1${REDACTED}`)
      .replace(WORDS, `$1${REDACTED}`),
  );
}
