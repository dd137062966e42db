/** The URL of an upstream call, as far as it may be recorded. */
import { hasFields } from '../model/fields.js';
import { redactPath, redactQuery, type FurtherKeys } from '../model/redact-text.js';
import { cutText, MAX_VALUE_LENGTH } from './limits.js';

const PORT_OF: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443 };

/** `undefined` for what is not an absolute URL with a host. A host's own object is not kept. */
export function parseUrl(given: string | URL): URL | undefined {
  // Any object has some text; that of a list or of bytes is as long as they are.
  if (typeof given !== 'string' && !hasFields(given)) return undefined;
  try {
    const url = new URL(String(given));
    return url.hostname === '' ? undefined : url;
  } catch {
    return undefined;
  }
}

/** An IPv6 address without its brackets. */
export function addressOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

export function portOf({ port, protocol }: URL): number | undefined {
  return port === '' ? PORT_OF[protocol] : Number(port);
}

/**
 * Without fragment; user info, in paths and queries too, and the values of secret query keys replaced, as the conventions
 * write it. Cut first: redaction reads all it is given.
 */
export function fullUrl(
  { protocol, username, password, host, pathname, search }: URL,
  further?: FurtherKeys,
): string {
  const user = username === '' && password === '' ? '' : 'REDACTED:REDACTED@';
  const path = redactPath(cutText(pathname, MAX_VALUE_LENGTH), further);
  const query =
    search.length > 1 ? `?${redactQuery(cutText(search.slice(1), MAX_VALUE_LENGTH), further)}` : '';
  return cutText(`${protocol}//${user}${host}${path}${query}`, MAX_VALUE_LENGTH);
}
