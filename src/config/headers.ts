/** Export headers: parsing, checking and merging. Values never appear in an error. */
import type { DestinationHeaders } from '../model/destination.js';
import type { Audience, HeaderMap, HeaderSource } from '../model/resolved-destination.js';
import { LOOP_HEADER } from '../model/loop-token.js';
import { asRecord } from './checks.js';
import { fault } from '../model/configuration-error.js';

export const NO_HEADERS: HeaderSource = { fixed: {}, ask: undefined };

/** RFC 9110 token. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible ASCII, space and tab: what every HTTP stack agrees on. */
const VALUE = /^[\t\x20-\x7e]*$/;
/** Framing and connection headers belong to the sender: setting them would break or smuggle requests. */
const OWNED = new Set([
  'host',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
  LOOP_HEADER,
]);
/** Of these families too: what describes the body, and what speaks to a proxy on the way. */
const OWNED_FAMILIES = /^(content|proxy)-/;

interface HeaderLimits {
  readonly maxHeaders: number;
  /** Characters, all of which are ASCII. */
  readonly maxValueLength: number;
  /** Names and values together. */
  readonly maxLength: number;
  /** Which software sends is the gateway's business to say, not a tenant's. */
  readonly ownsUserAgent: boolean;
}

const LIMITS: Readonly<Record<Audience, HeaderLimits>> = {
  // Several vendors' worth of keys, and about what the stricter receivers take of a head.
  tenant: { maxHeaders: 16, maxValueLength: 4096, maxLength: 8192, ownsUserAgent: false },
  // Tokens of the operator's own making can be large, and nobody has to be protected from them.
  operator: { maxHeaders: 32, maxValueLength: 8192, maxLength: 32 * 8192, ownsUserAgent: true },
};

/** Checks names and values and lowers the names. Also used on what a header function answers. */
export function checkHeaders(headers: unknown, option: string, owner: Audience): HeaderMap {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw fault(option, 'must be an object, a string of key=value pairs, or a function');
  }
  const record = asRecord(headers, option);
  const checked: Record<string, string> = Object.create(null) as Record<string, string>;
  const { maxHeaders, maxValueLength, maxLength, ownsUserAgent } = LIMITS[owner];
  let count = 0;
  let length = 0;
  for (const [name, value] of Object.entries(record)) {
    if (!NAME.test(name)) throw fault(option, 'has a name that is not a valid HTTP header name');
    const lower = name.toLowerCase();
    if (OWNED.has(lower) || OWNED_FAMILIES.test(lower) || (lower === 'user-agent' && !ownsUserAgent))
      throw fault(option, `must not set ${lower}: the exporter owns it`);
    if (lower in checked) throw fault(option, `has ${lower} twice: upper and lower case are the same`);
    if (typeof value !== 'string') throw fault(`${option}.${lower}`, 'must be a string');
    if (!VALUE.test(value))
      throw fault(`${option}.${lower}`, 'has characters that a header value cannot hold');
    if (value.length > maxValueLength)
      throw fault(`${option}.${lower}`, `is over ${maxValueLength} characters`);
    checked[lower] = value.trim();
    if (++count > maxHeaders) throw fault(option, `has more than ${maxHeaders} headers`);
    length += lower.length + value.length;
    if (length > maxLength) throw fault(option, `has more than ${maxLength} characters in total`);
  }
  return checked;
}

/**
 * Reads `key=value, key2=value2`. Pairs are split at commas, each at its first `=`; empty pairs are skipped.
 * `percentDecode` is for environment variables, whose values are percent-encoded as in W3C baggage.
 */
export function parseHeaderText(
  text: string,
  option: string,
  owner: Audience,
  percentDecode: boolean,
): HeaderMap {
  const headers: Record<string, string> = {};
  let position = 0;
  for (const pair of text.split(',')) {
    position++;
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) throw fault(option, `has no key=value in pair ${position}`);
    const name = pair.slice(0, equals).trim().toLowerCase();
    let value = pair.slice(equals + 1).trim();
    if (percentDecode) {
      try {
        value = decodeURIComponent(value);
      } catch {
        throw fault(option, `has a percent-encoding that cannot be decoded in pair ${position}`);
      }
    }
    // The operator's last one wins, as in the other SDKs: such a text may be put together from several places.
    if (owner === 'tenant' && Object.hasOwn(headers, name))
      throw fault(option, `has a name twice, again in pair ${position}`);
    headers[name] = value;
  }
  return checkHeaders(headers, option, owner);
}

/** Reads the `headers` field of a destination. */
export function resolveHeaders(
  headers: DestinationHeaders | undefined,
  option: string,
  owner: Audience,
): HeaderSource {
  if (headers === undefined) return NO_HEADERS;
  if (typeof headers === 'function') {
    return { fixed: {}, ask: async () => checkHeaders(await headers(), option, owner) };
  }
  const fixed =
    typeof headers === 'string'
      ? parseHeaderText(headers, option, owner, false)
      : checkHeaders(headers, option, owner);
  return { fixed, ask: undefined };
}

/** `over` wins name by name, fixed or asked for. */
export function mergeHeaders(under: HeaderSource, over: HeaderSource): HeaderSource {
  if (over === NO_HEADERS) return under;
  const { ask } = under;
  const fixed = { ...under.fixed, ...over.fixed };
  const { ask: askOver } = over;
  if (ask === undefined) return { fixed, ask: askOver };
  return {
    fixed,
    ask: async () => ({ ...(await ask()), ...over.fixed, ...(askOver && (await askOver())) }),
  };
}

export function hasHeaders(source: HeaderSource): boolean {
  return source.ask !== undefined || Object.keys(source.fixed).length > 0;
}
