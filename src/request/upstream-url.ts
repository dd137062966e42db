/** The URL of an upstream call, as far as it may be recorded. */
import { cutText, MAX_VALUE_LENGTH } from './limits.js';
import { redactQuery } from './request-target.js';

export interface UpstreamUrl {
  /** Without user info and fragment, the values of secret query keys replaced. */
  readonly full: string;
  readonly address: string;
  readonly port: number | undefined;
}

const PORT_OF: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443 };

/** `undefined` for what is not an absolute URL. */
export function parseUrl(given: string | URL): UpstreamUrl | undefined {
  let url: URL;
  try {
    url = new URL(String(given));
  } catch {
    return undefined;
  }
  const { protocol, host, hostname, port, pathname, search } = url;
  if (hostname === '') return undefined;
  const query = search.length > 1 ? `?${redactQuery(search.slice(1))}` : '';
  return {
    full: cutText(`${protocol}//${host}${pathname}${query}`, MAX_VALUE_LENGTH),
    // An IPv6 address without its brackets.
    address: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? PORT_OF[protocol] : Number(port),
  };
}
