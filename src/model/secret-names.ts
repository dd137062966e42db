/** Names under which credentials usually stand: of query parameters, of headers, and in texts. */

/**
 * The conventions' list of signed-URL parameters, and the names that credentials usually have. Compared without case,
 * dashes, dots and underscores.
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'xamzsignature',
  'xamzcredential',
  'xamzsecuritytoken',
  'awsaccesskeyid',
  'sig',
  'xgoogsignature',
  'xgoogcredential',
  'auth',
  'authorization',
  'bearer',
  'key',
  'pwd',
  'pass',
  'passcode',
  'code',
  'otp',
  'jwt',
  'session',
  'sessionid',
  'jsessionid',
  'phpsessid',
  'sid',
  'sessid',
  'cookie',
  'assertion',
  'samlresponse',
  'samlrequest',
]);
const SECRET_ENDING =
  /(token|secrets?|passwords?|passwd|passphrase|(?:api|access|account|auth|encryption|master|private|secret|session|signing|subscription)key|accesskeyid|credentials?|signature)$/;

/** Decoding more often would only serve somebody who hides a key on purpose. */
const MAX_DECODINGS = 3;

/** As names are compared. */
export function comparableName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** A query key, as it stands in a URL. `further`: names in their comparable form that a host has added. */
export function isSecretKey(key: string, further?: ReadonlySet<string>): boolean {
  let plain = key;
  for (let times = 0; times < MAX_DECODINGS && plain.includes('%'); times++) {
    try {
      plain = decodeURIComponent(plain);
    } catch {
      // A key that cannot be read cannot be known to be harmless.
      return true;
    }
  }
  // The parts of `user[password]`, `a.b` and `password[$ne]` that are no index, as in `token[0]`.
  const parts = plain
    .split(/[[\].]+/)
    .filter((part) => !/^\d*$/.test(part))
    .map(comparableName);
  const name = parts.at(-1);
  if (name === undefined) return false;
  return (
    SECRET_NAMES.has(name) ||
    parts.some((part) => SECRET_ENDING.test(part)) ||
    (further !== undefined && (further.has(name) || further.has(comparableName(plain))))
  );
}

/** In a text, where `code` and `key` say too little: every error has a code. Ready for an expression that has no case. */
export const SECRET_WORDS = String.raw`(?:token|secrets?|pass[-_]?words?|passwd|pass[-_]?phrase|(?:api|access|account|private|secret|subscription)[-_]?key|credentials?|signature|authorization|cookie)`;

const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authentication-info',
  'proxy-authentication-info',
  'cookie',
  'cookie2',
  'set-cookie',
  'set-cookie2',
]);
/** They end like the name of a key, and hold none. */
const HARMLESS_KEYS: ReadonlySet<string> = new Set([
  'idempotency-key',
  'surrogate-key',
  'cache-key',
  'sec-websocket-key',
]);

/** A header's name in lower case. */
export function isSecretHeader(name: string): boolean {
  if (SECRET_HEADERS.has(name)) return true;
  if (HARMLESS_KEYS.has(name)) return false;
  return (
    isSecretKey(name.replace(/^x-/, '')) ||
    /(^|-)(auth|authorization|key|jwt|sid|session|session-id)$/.test(name)
  );
}
