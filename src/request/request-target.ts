/** Path, query and host of a request, from what a client sent: bounded, redacted, never throwing. */
import { redactPath, redactQuery, type FurtherKeys } from '../model/redact-text.js';
import { cutText, MAX_VALUE_LENGTH } from './limits.js';

export interface RequestTarget {
  readonly path: string;
  /** Without `?`, redacted; absent when there is none. */
  readonly query: string | undefined;
  /** Host and port of an absolute-form target, which beats the Host header. */
  readonly authority: string | undefined;
}

/** Splits origin-form (`/path?query`), absolute-form (`http://host/path`), asterisk-form and CONNECT's authority-form. */
export function parseTarget(target: string, method?: string, further?: FurtherKeys): RequestTarget {
  if (method === 'CONNECT' && target.charCodeAt(0) !== 0x2f)
    return { path: '/', query: undefined, authority: target.slice(target.lastIndexOf('@') + 1) };
  let rest = target;
  let authority: string | undefined;
  if (target.charCodeAt(0) !== 0x2f) {
    const scheme = target.indexOf('://');
    if (scheme > 0 && /^[a-z][a-z0-9+.-]*$/i.test(target.slice(0, Math.min(scheme, 64)))) {
      const from = scheme + 3;
      let to = target.length;
      for (let index = from; index < target.length; index++) {
        const code = target.charCodeAt(index);
        if (code === 0x2f || code === 0x3f || code === 0x23) {
          to = index;
          break;
        }
      }
      // User info must never be recorded.
      authority = target.slice(Math.max(from, target.lastIndexOf('@', to - 1) + 1), to);
      rest = target.slice(to);
      if (rest.charCodeAt(0) !== 0x2f) rest = `/${rest}`;
    }
  }
  const hash = rest.indexOf('#');
  if (hash >= 0) rest = rest.slice(0, hash);
  const mark = rest.indexOf('?');
  const path = redactPath(plain(cutText(mark < 0 ? rest : rest.slice(0, mark), MAX_VALUE_LENGTH)), further);
  const query =
    mark < 0 || mark === rest.length - 1
      ? undefined
      : redactQuery(plain(cutText(rest.slice(mark + 1), MAX_VALUE_LENGTH)), further);
  return { path: path === '' ? '/' : path, query, authority };
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Node's parser lets no control character through; hosts that call `begin` themselves may. */
function plain(text: string): string {
  return text.search(CONTROL) < 0 ? text : text.replace(CONTROL, encodeURIComponent);
}

export interface HostAndPort {
  readonly address: string;
  readonly port: number;
}

const MAX_HOST_LENGTH = 255;

/** Reads `host`, `host:port` and `[v6]:port`. Anything else, being a client's text, counts as no host at all. */
export function parseHost(text: string | undefined, scheme: string): HostAndPort | undefined {
  if (text === undefined || text.length === 0 || text.length > MAX_HOST_LENGTH + 6) return undefined;
  let end = text.length;
  let port = scheme === 'https' ? 443 : 80;
  const colon = text.lastIndexOf(':');
  const bracket = text.lastIndexOf(']');
  if (colon > bracket && colon === text.length - 1) {
    // An empty port is the scheme's.
    end = colon;
  } else if (colon > bracket) {
    port = 0;
    for (let index = colon + 1; index < text.length; index++) {
      const digit = text.charCodeAt(index) - 48;
      if (digit < 0 || digit > 9) return undefined;
      port = port * 10 + digit;
    }
    if (port < 1 || port > 65_535) return undefined;
    end = colon;
  }
  const bracketed = text.charCodeAt(0) === 0x5b;
  if (bracketed !== bracket >= 0 || (bracketed && bracket !== end - 1)) return undefined;
  const address = bracketed ? text.slice(1, bracket) : text.slice(0, end);
  return isHostText(address, bracketed) ? { address, port } : undefined;
}

function isHostText(host: string, address6: boolean): boolean {
  if (host.length === 0 || host.length > MAX_HOST_LENGTH) return false;
  for (let index = 0; index < host.length; index++) {
    const code = host.charCodeAt(index);
    const alphanumeric =
      (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    if (!alphanumeric && code !== 0x2d && code !== 0x2e && code !== 0x5f && !(address6 && code === 0x3a))
      return false;
  }
  return true;
}
