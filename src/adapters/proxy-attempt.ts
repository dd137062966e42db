/** One attempt of a proxy to get an answer for one request: tells its upstream call how it goes. */
import { errorMonitor } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UpstreamCall } from '../model/exchange.js';
import type { ClientSide } from './client-side.js';
import { targetUrl, type ProxyTarget } from './proxy-target.js';

export class ProxyAttempt {
  readonly call: UpstreamCall;
  /** How many went before it. */
  readonly number: number;
  readonly #client: ClientSide;
  readonly #target: ProxyTarget | string | undefined;
  #outgoing: ClientRequest | undefined;
  #statusCode: number | undefined;
  #isTimedOut = false;
  #hasEnded = false;

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
  follow(outgoing: ClientRequest, target = this.#target): void {
    this.#outgoing = outgoing;
    const url = targetUrl(target, outgoing.path);
    if (url !== undefined) this.call.setUrl(url);
    outgoing.on(errorMonitor, (error: unknown) => this.fail(error));
    // The proxies destroy it in listeners of their own, which come first, and then all there is to see is a reset.
    outgoing.on('timeout', () => {
      if (outgoing.destroyed || (outgoing as { aborted?: boolean }).aborted === true) this.#isTimedOut = true;
    });
  }

  /** The head of an answer has come. */
  answered(answer: IncomingMessage): void {
    // Where follow-redirects has been led to.
    const { responseUrl } = answer as { responseUrl?: unknown };
    if (typeof responseUrl === 'string') this.call.setUrl(responseUrl);
    this.responded(answer.statusCode, answer);
    // With `fetch` it is no stream; then the proxy's own events tell the end.
    if (typeof answer.on !== 'function') return;
    answer.on(errorMonitor, (error: unknown) => this.fail(error));
    answer.once('close', () => (answer.complete ? this.end() : this.fail('upstream_reset')));
  }

  responded(statusCode: number | undefined, answer?: IncomingMessage): void {
    // With `fetch` there is no socket to be seen.
    const { socket, httpVersion, headers } = (answer ?? {}) as Partial<IncomingMessage>;
    if (socket !== undefined && socket !== null) this.call.setConnection(socket, httpVersion);
    if (statusCode === undefined) return;
    this.#statusCode = statusCode;
    this.call.responded(statusCode, headers);
  }

  /** Both ends are one connection now; it is over when the upstream's side is. */
  upgraded(answer: IncomingMessage, socket: Duplex): void {
    this.responded(answer.statusCode, answer);
    socket.on(errorMonitor, (error: unknown) => this.fail(error));
    socket.once('close', () => this.end());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    this.call.end({ statusCode: this.#statusCode });
  }

  fail(error: unknown): void {
    const told = this.#isTimedOut ? 'upstream_timeout' : error;
    const socket = this.#outgoing?.socket;
    // Where it was lost before it answered.
    if (socket !== undefined && socket !== null && this.#statusCode === undefined)
      this.call.setConnection(socket);
    this.#hasEnded = true;
    this.call.end({ statusCode: this.#statusCode, error: this.#client.isGone ? 'AbortError' : told });
  }
}
