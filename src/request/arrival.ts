/** What is remembered of a request when it arrives: strings only, because frameworks rewrite request objects. */
import type { BeginOptions, ReadableHeaders } from '../model/exchange.js';
import { headerOf } from './header-of.js';
import { cutText } from './limits.js';
import { loopTokenOf } from './loop-header.js';
import { knownMethod, MAX_METHOD_LENGTH } from './methods.js';
import { parseHost, parseTarget, type HostAndPort, type RequestTarget } from './request-target.js';

const MAX_USER_AGENT_LENGTH = 512;

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
  /** What the request carries as one; nobody has looked whose it is. */
  readonly loopToken: string | undefined;
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
    this.loopToken = loopTokenOf(headers);
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
