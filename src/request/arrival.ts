/** What is remembered of a request when it arrives: strings only, because frameworks rewrite request objects. */
import type { BeginOptions, ReadableHeaders } from '../model/exchange.js';
import { cutText } from './limits.js';
import { knownMethod, MAX_METHOD_LENGTH } from './methods.js';
import { parseHost, parseTarget, type HostAndPort, type RequestTarget } from './request-target.js';

const MAX_USER_AGENT_LENGTH = 512;

/** One header of Node's header object, of pairs, of a flat list, or of `Headers`; repeats: the first. */
function headerOf(headers: ReadableHeaders, name: string): string | undefined {
  if (Array.isArray(headers)) {
    const flat = typeof headers[0] === 'string';
    for (let index = 0; index < headers.length; index += flat ? 2 : 1) {
      const item: unknown = headers[index];
      const key: unknown = flat ? item : (item as readonly unknown[] | null)?.[0];
      if (typeof key !== 'string' || key.toLowerCase() !== name) continue;
      const value: unknown = flat ? headers[index + 1] : (item as readonly unknown[])[1];
      return typeof value === 'string' ? value : undefined;
    }
    return undefined;
  }
  if (typeof (headers as Partial<Headers>).get === 'function') {
    return (headers as Headers).get(name) ?? undefined;
  }
  const fields = headers as Readonly<Record<string, unknown>>;
  let value = fields[name];
  if (value === undefined) {
    // Node gives lower-case names; a host's own object may spell them as it likes.
    for (const key in fields) {
      if (key.length === name.length && key.toLowerCase() === name) value = fields[key];
    }
  }
  return typeof value === 'string' ? value : undefined;
}

/** HTTP/2's `host`, in Node's header object only: `Headers` refuses the name. */
function authorityOf(headers: ReadableHeaders): string | undefined {
  const isObject = !Array.isArray(headers) && typeof (headers as Partial<Headers>).get !== 'function';
  return isObject ? headerOf(headers, ':authority') : undefined;
}

/** A dual-stack socket shows an IPv4 peer as `::ffff:192.0.2.1`; everyone else calls it `192.0.2.1`. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') === true && address.includes('.') ? address.slice(7) : address;
}

/** The facts, worked out when they are first needed: at the end of most requests, at the start with span processors. */
export class Arrival {
  readonly method: string;
  readonly methodAsSent: string;
  readonly scheme: string;
  readonly protocolVersion: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly userAgent: string | undefined;
  readonly #url: string;
  readonly #hostHeader: string | undefined;
  #target: RequestTarget | undefined;
  #host: HostAndPort | undefined;
  #hostIsParsed = false;

  constructor(request: BeginOptions) {
    const { method, headers } = request;
    this.methodAsSent = cutText(method, MAX_METHOD_LENGTH);
    this.method = knownMethod(method);
    this.scheme = request.scheme ?? 'http';
    this.protocolVersion = request.protocolVersion;
    this.remoteAddress = plainAddress(request.remoteAddress);
    this.remotePort = request.remotePort;
    this.#url = request.url;
    this.#hostHeader = headerOf(headers, 'host') ?? authorityOf(headers);
    const userAgent = headerOf(headers, 'user-agent');
    this.userAgent = userAgent === undefined ? undefined : cutText(userAgent, MAX_USER_AGENT_LENGTH);
  }

  get target(): RequestTarget {
    return (this.#target ??= parseTarget(this.#url));
  }

  /** The host that the client asked for. */
  get host(): HostAndPort | undefined {
    if (!this.#hostIsParsed) {
      this.#hostIsParsed = true;
      this.#host = parseHost(this.target.authority ?? this.#hostHeader, this.scheme);
    }
    return this.#host;
  }
}
