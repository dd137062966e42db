/** One attempt of a proxy to get an answer for one request: tells its upstream call how it goes. */
import { errorMonitor } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UpstreamCall } from '../model/exchange.js';
import { targetUrl, type ProxyTarget } from './proxy-target.js';

/** The client's side. A socket where it asked for an upgrade. */
export interface ClientSide {
  readonly request: IncomingMessage;
  readonly response: ServerResponse | Duplex;
}

/**
 * Has the client left, or the gateway broken off its answer? Then the errors of the outgoing request are the proxy's own
 * doing. On HTTP/2 it is the stream that tells; the socket serves other requests, too.
 */
function isGone({ request, response }: ClientSide): boolean {
  if (response?.destroyed === true || (request as { aborted?: boolean }).aborted === true) return true;
  const { stream } = response as { stream?: { destroyed?: boolean; aborted?: boolean } };
  if (stream !== undefined && stream !== null) return stream.destroyed === true || stream.aborted === true;
  return (request.socket as IncomingMessage['socket'] | null)?.destroyed === true;
}

export class ProxyAttempt {
  readonly call: UpstreamCall;
  /** How many went before it. */
  readonly number: number;
  readonly #client: ClientSide;
  readonly #target: ProxyTarget | string | undefined;
  #outgoing: ClientRequest | undefined;
  #statusCode: number | undefined;
  #isTimedOut = false;

  constructor(
    call: UpstreamCall,
    number: number,
    client: ClientSide,
    target: ProxyTarget | string | undefined,
  ) {
    this.call = call;
    this.number = number;
    this.#client = client;
    this.#target = target;
  }

  get outgoing(): ClientRequest | undefined {
    return this.#outgoing;
  }

  /** Follows a request that goes out. Adds no listener that Node or the proxy would count. */
  follow(outgoing: ClientRequest): void {
    this.#outgoing = outgoing;
    const url = targetUrl(this.#target, outgoing.path);
    if (url !== undefined) this.call.setUrl(url);
    outgoing.on(errorMonitor, (error: unknown) => this.fail(error));
    // The proxies destroy it in listeners of their own, which come first, and then all there is to see is a reset.
    outgoing.on('timeout', () => {
      if (outgoing.destroyed || (outgoing as { aborted?: boolean }).aborted === true) this.#isTimedOut = true;
    });
  }

  /** The head of an answer has come. */
  answered(answer: IncomingMessage): void {
    this.responded(answer.statusCode);
    // With `fetch` it is no stream; then the proxy's own events tell the end.
    if (typeof answer.on !== 'function') return;
    answer.on(errorMonitor, (error: unknown) => this.fail(error));
    answer.once('close', () => (answer.complete ? this.end() : this.fail('upstream_reset')));
  }

  responded(statusCode: number | undefined): void {
    if (statusCode === undefined) return;
    this.#statusCode = statusCode;
    this.call.responded(statusCode);
  }

  /** Both ends are one connection now; it is over when the upstream's side is. */
  upgraded(answer: IncomingMessage, socket: Duplex): void {
    this.responded(answer.statusCode);
    socket.on(errorMonitor, (error: unknown) => this.fail(error));
    socket.once('close', () => this.end());
  }

  end(): void {
    this.call.end({ statusCode: this.#statusCode });
  }

  fail(error: unknown): void {
    const told = this.#isTimedOut ? 'upstream_timeout' : error;
    this.call.end({ statusCode: this.#statusCode, error: isGone(this.#client) ? 'AbortError' : told });
  }
}
