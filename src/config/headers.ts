/** Export headers: parsing, checking and merging. Values never appear in an error. */
import type { DestinationHeaders } from '../model/destination.js';
import type { HeaderMap, HeaderSource } from '../model/resolved-destination.js';
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
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
  'proxy-authorization',
  'accept-encoding',
]);
const MAX_HEADERS = 32;
const MAX_VALUE_LENGTH = 8192;

/** Checks names and values and lowers the names. Also used on what a header function answers. */
export function checkHeaders(headers: unknown, option: string): HeaderMap {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw fault(option, 'must be an object, a string of key=value pairs, or a function');
  }
  const record = asRecord(headers, option);
  const checked: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  for (const [name, value] of Object.entries(record)) {
    if (!NAME.test(name)) throw fault(option, 'has a name that is not a valid HTTP header name');
    const lower = name.toLowerCase();
    if (OWNED.has(lower)) throw fault(option, `must not set ${lower}: the exporter owns it`);
    if (typeof value !== 'string') throw fault(`${option}.${lower}`, 'must be a string');
    if (!VALUE.test(value))
      throw fault(`${option}.${lower}`, 'has characters that a header value cannot hold');
    if (value.length > MAX_VALUE_LENGTH)
      throw fault(`${option}.${lower}`, `is over ${MAX_VALUE_LENGTH} characters`);
    checked[lower] = value.trim();
    if (++count > MAX_HEADERS) throw fault(option, `has more than ${MAX_HEADERS} headers`);
  }
  return checked;
}

/**
 * Reads `key=value, key2=value2`. Pairs are split at commas, each at its first `=`; empty pairs are skipped.
 * `percentDecode` is for environment variables, whose values are percent-encoded as in W3C baggage.
 */
export function parseHeaderText(text: string, option: string, percentDecode: boolean): HeaderMap {
  const headers: Record<string, string> = {};
  let position = 0;
  for (const pair of text.split(',')) {
    position++;
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) throw fault(option, `has no key=value in pair ${position}`);
    const name = pair.slice(0, equals).trim();
    let value = pair.slice(equals + 1).trim();
    if (percentDecode) {
      try {
        value = decodeURIComponent(value);
      } catch {
        throw fault(option, `has a percent-encoding that cannot be decoded in pair ${position}`);
      }
    }
    headers[name] = value;
  }
  return checkHeaders(headers, option);
}

/** Reads the `headers` field of a destination. */
export function resolveHeaders(headers: DestinationHeaders | undefined, option: string): HeaderSource {
  if (headers === undefined) return NO_HEADERS;
  if (typeof headers === 'function') {
    return { fixed: {}, ask: async () => checkHeaders(await headers(), option) };
  }
  const fixed =
    typeof headers === 'string' ? parseHeaderText(headers, option, false) : checkHeaders(headers, option);
  return { fixed, ask: undefined };
}

/** `over` wins name by name, fixed or asked for. */
export function mergeHeaders(under: HeaderSource, over: HeaderSource): HeaderSource {
  if (over === NO_HEADERS) return under;
  const { ask } = under;
  const fixed = { ...under.fixed, ...over.fixed };
  if (ask === undefined) return { fixed, ask: over.ask };
  const { ask: askOver } = over;
  return { fixed, ask: async () => ({ ...(await ask()), ...over.fixed, ...(askOver && (await askOver())) }) };
}

export function hasHeaders(source: HeaderSource): boolean {
  return source.ask !== undefined || Object.keys(source.fixed).length > 0;
}
