/** What a proxy says about where it goes, in all the shapes that its options take. */
import type { UpstreamCallOptions } from '../model/exchange.js';

/** A `URL`, what the old `url.parse` gives, or fields written by hand. */
export interface ProxyTarget {
  readonly protocol?: string | null;
  readonly hostname?: string | null;
  readonly host?: string | null;
  readonly port?: string | number | null;
}

/** Scheme, host and port; `undefined` where there is no host, as with a Unix socket. */
function originOf(target: ProxyTarget | string | undefined): URL | undefined {
  if (target === undefined || target === null) return undefined;
  try {
    if (typeof target === 'string') return new URL(target);
    const { protocol, hostname, host, port } = target;
    const name = hostname ?? host;
    if (typeof name !== 'string' || name === '') return undefined;
    // `url.parse` takes the brackets off an IPv6 address.
    const isBare = hostname !== undefined && name.includes(':') && !name.startsWith('[');
    const origin = new URL(`${protocol ?? 'http:'}//${isBare ? `[${name}]` : name}`);
    if (port !== undefined && port !== null && port !== '') origin.port = String(port);
    return origin;
  } catch {
    return undefined;
  }
}

/** What is known before the path is. */
export function targetOptions(target: ProxyTarget | string | undefined): UpstreamCallOptions {
  const origin = originOf(target);
  if (origin === undefined) return {};
  const { hostname, port, protocol } = origin;
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  return {
    address: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
  };
}

/** The whole URL, by the path that goes out. */
export function targetUrl(target: ProxyTarget | string | undefined, path: unknown): URL | undefined {
  const origin = originOf(target);
  if (origin === undefined || typeof path !== 'string') return undefined;
  try {
    // A path like `//x` would be read as a host.
    return new URL(`${origin.protocol}//${origin.host}${path.startsWith('/') ? path : `/${path}`}`);
  } catch {
    return undefined;
  }
}
