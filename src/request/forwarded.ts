/**
 * What trusted proxies say of a request: `X-Forwarded-For`, `-Proto` and `-Host` as Express reads them, else `Forwarded`.
 * Texts from the network: bounded, and never throwing.
 */
import type { TrustedHop } from '../model/arrival-rules.js';
import type { ReadableHeaders } from '../model/exchange.js';
import { addressOfNode } from './addresses.js';
import { elementStart, parseElement } from './forwarded-element.js';
import { headersOf } from './header-of.js';

/** Nobody has so many proxies; a client can write thousands of trusted addresses into a header. */
const MAX_ENTRIES = 64;
/** Longer than any word for a scheme or host with port, with the spaces that somebody may put around. */
const MAX_FIRST_LENGTH = 300;

/** As the request brought them, remembered when it arrives. */
export interface ForwardingHeaders {
  readonly for: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly forwarded: string | undefined;
}

export interface ForwardedFacts {
  readonly address: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
  /** Unchecked text: a host, perhaps with a port. */
  readonly host: string | undefined;
}

export const NOTHING_FORWARDED: ForwardedFacts = Object.freeze({
  address: undefined,
  scheme: undefined,
  host: undefined,
});

export function forwardingHeadersOf(headers: ReadableHeaders): ForwardingHeaders | undefined {
  const found = {
    for: headersOf(headers, 'x-forwarded-for'),
    proto: headersOf(headers, 'x-forwarded-proto'),
    host: headersOf(headers, 'x-forwarded-host'),
    forwarded: headersOf(headers, 'forwarded'),
  };
  return (found.for ?? found.proto ?? found.host ?? found.forwarded) === undefined ? undefined : found;
}

/**
 * Where both kinds are there, `X-Forwarded-*` is believed and `Forwarded` not at all: proxies that write the former are far
 * more common, and pass on untouched whatever a client says in the latter.
 */
export function readForwarded(
  headers: ForwardingHeaders,
  socketAddress: string | undefined,
  isTrusted: TrustedHop,
): ForwardedFacts {
  if (!isTrusted(socketAddress ?? '', 0)) return NOTHING_FORWARDED;
  const { for: chain, proto, host, forwarded } = headers;
  if ((chain ?? proto ?? host) !== undefined) {
    return {
      address: chain === undefined ? undefined : clientOf(chain, isTrusted),
      scheme: schemeOf(firstOf(proto)),
      host: firstOf(host),
    };
  }
  return forwarded === undefined ? NOTHING_FORWARDED : walk(forwarded, isTrusted);
}

/** From the right, as long as who wrote an entry is trusted. What is no address ends the way at the last that was one. */
function clientOf(chain: string, isTrusted: TrustedHop): string | undefined {
  let client: string | undefined;
  let hop = 0;
  fromRight(chain, entryStart, (entry) => {
    const address = addressOfNode(entry);
    if (address === undefined) return false;
    client = address;
    return isTrusted(address, ++hop);
  });
  return client;
}

/** The same way through `Forwarded`, where each proxy also says how it was asked: the farthest trusted one knows best. */
function walk(forwarded: string, isTrusted: TrustedHop): ForwardedFacts {
  let { address, scheme, host } = NOTHING_FORWARDED;
  let hop = 0;
  fromRight(forwarded, elementStart, (text) => {
    const element = parseElement(text);
    if (element === undefined) return false;
    scheme = schemeOf(element.proto) ?? scheme;
    host = element.host ?? host;
    const next = element.for === undefined ? undefined : addressOfNode(element.for);
    if (next === undefined) return false;
    address = next;
    return isTrusted(next, ++hop);
  });
  return { address, scheme, host };
}

/** Entry by entry, as long as `goesOn` says so. Empty ones are none, as for Express. */
function fromRight(
  text: string,
  startOf: (text: string, end: number) => number | undefined,
  goesOn: (entry: string) => boolean,
): void {
  let end = text.length;
  for (let seen = 0; seen < MAX_ENTRIES; seen++) {
    const start = startOf(text, end);
    if (start === undefined) return;
    const entry = text.slice(start, end).trim();
    if (entry !== '' && !goesOn(entry)) return;
    if (start === 0) return;
    end = start - 1;
  }
}

function entryStart(text: string, end: number): number {
  return end === 0 ? 0 : text.lastIndexOf(',', end - 1) + 1;
}

/** Proxies write one value; of several the first counts, as for Express. */
function firstOf(values: string | undefined): string | undefined {
  if (values === undefined) return undefined;
  const comma = values.indexOf(',');
  return values.slice(0, Math.min(comma < 0 ? values.length : comma, MAX_FIRST_LENGTH)).trim() || undefined;
}

/** Of a WebSocket some proxies say `wss`. */
function schemeOf(proto: string | undefined): 'http' | 'https' | undefined {
  const scheme = proto?.toLowerCase();
  if (scheme === 'https' || scheme === 'wss') return 'https';
  return scheme === 'http' || scheme === 'ws' ? 'http' : undefined;
}
