/** What is remembered of a request when it arrives: strings only, because frameworks rewrite request objects. */
import type { ArrivalRules } from '../model/arrival-rules.js';
import type { MutableAttributes } from '../model/attributes.js';
import type { BeginOptions, ReadableHeaders } from '../model/exchange.js';
import { plainAddress, recordedAddress } from './addresses.js';
import {
  forwardingHeadersOf,
  NOTHING_FORWARDED,
  readForwarded,
  type ForwardedFacts,
  type ForwardingHeaders,
} from './forwarded.js';
import { headerOf } from './header-of.js';
import { cleanName } from './limits.js';
import { loopTokenOf } from './loop-header.js';
import { knownMethod, MAX_METHOD_LENGTH } from './methods.js';
import { optInAttributes } from './opt-in-attributes.js';
import { parseHost, parseTarget, type HostAndPort, type RequestTarget } from './request-target.js';

export const MAX_USER_AGENT_LENGTH = 512;
const MAX_VERSION_LENGTH = 16;

/** HTTP/2's `host`, in Node's header object only: `Headers` refuses the name. */
function authorityOf(headers: ReadableHeaders): string | undefined {
  const isObject = !Array.isArray(headers) && typeof (headers as Partial<Headers>).get !== 'function';
  return isObject ? headerOf(headers, ':authority') : undefined;
}

/** The conventions write `2` and `3` where Node and others write `2.0`. */
export function versionOf(version: string | undefined): string | undefined {
  if (version === undefined || version === '1.1') return version;
  return cleanName(
    version.endsWith('.0') && version !== '1.0' ? version.slice(0, -2) : version,
    MAX_VERSION_LENGTH,
  );
}

/** The facts, worked out when they are first needed: at the end of most requests, at the start with span processors. */
export class Arrival {
  readonly method: string;
  readonly methodAsSent: string;
  readonly protocolVersion: string | undefined;
  readonly peerPort: number | undefined;
  /** What `spanAttributes` asks for. */
  readonly optIn: MutableAttributes | undefined;
  /** What the request carries as one; nobody has looked whose it is. */
  readonly loopToken: string | undefined;
  readonly #rules: ArrivalRules;
  readonly #scheme: 'http' | 'https';
  readonly #remoteAddress: string | undefined;
  /** Only where a proxy may be trusted, and has said something. */
  readonly #forwarding: ForwardingHeaders | undefined;
  #forwarded: ForwardedFacts | undefined;
  readonly #url: string;
  readonly #hostHeader: string | undefined;
  readonly #userAgentHeader: string | undefined;
  #target: RequestTarget | undefined;
  #host: HostAndPort | undefined;
  #hostIsParsed = false;

  constructor(request: BeginOptions, rules: ArrivalRules) {
    const { method, headers } = request;
    this.#rules = rules;
    this.method = knownMethod(method, rules.knownMethods);
    this.methodAsSent = this.method === method ? method : (cleanName(method, MAX_METHOD_LENGTH) ?? '');
    this.#scheme = request.scheme ?? 'http';
    this.protocolVersion = versionOf(request.protocolVersion);
    this.#remoteAddress = request.remoteAddress;
    this.peerPort = request.remotePort;
    this.#forwarding = rules.trustProxy === undefined ? undefined : forwardingHeadersOf(headers);
    this.#url = request.url;
    // Over HTTP/2 a Host header that differs has no meaning.
    this.#hostHeader =
      (this.protocolVersion === '2' ? authorityOf(headers) : undefined) ??
      headerOf(headers, 'host') ??
      authorityOf(headers);
    this.loopToken = loopTokenOf(headers);
    this.#userAgentHeader = headerOf(headers, 'user-agent');
    if (rules.spanAttributes !== undefined) this.optIn = optInAttributes(rules.spanAttributes, request, this);
  }

  /** Read once, by a span: the rest of the records have no use for it. */
  get userAgent(): string | undefined {
    return cleanName(this.#userAgentHeader, MAX_USER_AGENT_LENGTH);
  }

  get target(): RequestTarget {
    return (this.#target ??= parseTarget(this.#url, this.methodAsSent, this.#rules.secretKeys));
  }

  /** What trusted proxies say. */
  get #told(): ForwardedFacts {
    const { trustProxy } = this.#rules;
    if (this.#forwarding === undefined || trustProxy === undefined) return NOTHING_FORWARDED;
    return (this.#forwarded ??= readForwarded(this.#forwarding, this.#remoteAddress, trustProxy));
  }

  /** Of the client's own connection. */
  get scheme(): 'http' | 'https' {
    return this.#told.scheme ?? this.#scheme;
  }

  /** The host that the client asked for. */
  get host(): HostAndPort | undefined {
    if (!this.#hostIsParsed) {
      this.#hostIsParsed = true;
      this.#host =
        parseHost(this.#told.host, this.scheme) ??
        parseHost(this.target.authority ?? this.#hostHeader, this.scheme);
    }
    return this.#host;
  }

  /** The client's, as far as trusted proxies tell. */
  get forwardedAddress(): string | undefined {
    return this.#recorded(this.#told.address);
  }

  /** The other end of the socket. */
  get peerAddress(): string | undefined {
    return this.#recorded(this.#remoteAddress);
  }

  #recorded(address: string | undefined): string | undefined {
    return address === undefined
      ? undefined
      : recordedAddress(plainAddress(address), this.#rules.clientAddress);
  }

  /** Query keys that the host has added to the secret ones. */
  get secretKeys(): ReadonlySet<string> | undefined {
    return this.#rules.secretKeys;
  }

  /** A method that the records may hold. */
  knownMethod(method: string): string {
    return knownMethod(method, this.#rules.knownMethods);
  }
}
