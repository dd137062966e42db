/** The attempts that `reply.from` makes for one request: each an upstream call of its own. */
import { errorMonitor } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type {
  Exchange,
  ReadableHeaders,
  UpstreamCall,
  UpstreamCallOptions,
  WritableHeaders,
} from '../model/exchange.js';
import { ClientSide } from './client-side.js';

/** What `retryDelay` is told after every attempt. */
export interface AttemptDetails {
  readonly err?: unknown;
  readonly req: {
    readonly url?: URL;
    readonly qs?: string;
    readonly headers: object;
  };
  readonly res?: {
    readonly statusCode: number;
    readonly headers?: ReadableHeaders;
    readonly stream: Readable;
  };
  /** How many went before it. */
  readonly attempt: number;
}

/** Of its own stream, Node tells that the end is missing; others have emitted it or not. */
function isWhole(stream: Readable): boolean {
  return (stream as Partial<IncomingMessage>).complete ?? stream.readableEnded;
}

export class ReplyFromAttempts {
  readonly exchange: Exchange;
  readonly #client: ClientSide;
  /** The object that every attempt takes its headers from. */
  readonly #headers: WritableHeaders;
  /** Attempts for the same request before the first of these. */
  readonly #earlier: number;
  #attempt = 0;
  #call: UpstreamCall;
  #url: URL | undefined;
  /** Why the last attempt failed. */
  error: unknown;

  constructor(
    exchange: Exchange,
    request: IncomingMessage,
    headers: WritableHeaders,
    host: unknown,
    earlier: number,
  ) {
    this.exchange = exchange;
    this.#client = new ClientSide(request, undefined);
    this.#headers = headers;
    this.#earlier = earlier;
    this.#call = this.#begin(typeof host === 'string' ? { address: host } : {});
  }

  get count(): number {
    return this.#earlier + this.#attempt + 1;
  }

  #begin(options: UpstreamCallOptions): UpstreamCall {
    const call = this.exchange.startUpstreamCall({ ...options, resendCount: this.count - 1 });
    call.inject(this.#headers);
    return call;
  }

  /** An attempt has been answered, or has failed. Some failures are told twice. */
  settled({ err, req, res, attempt }: AttemptDetails): void {
    if (attempt < this.#attempt) return;
    this.#locate(req);
    if (res !== undefined && res !== null) this.#responded(res);
    else this.#fail(this.#call, err);
  }

  #responded({ statusCode, headers, stream }: NonNullable<AttemptDetails['res']>): void {
    // Of Node's own clients the stream is the answer; undici's body knows no socket.
    const { socket, httpVersion } = stream as Partial<IncomingMessage>;
    if (socket !== undefined && socket !== null) this.#call.setConnection(socket, httpVersion);
    this.#call.responded(statusCode, headers);
  }

  #locate({ url, qs = '' }: AttemptDetails['req']): void {
    if (url === undefined || this.#url !== undefined) return;
    // Its own search is in `qs` already.
    this.#url = new URL(`${url.origin}${url.pathname}${qs}`);
    this.#call.setUrl(this.#url);
  }

  /** It is made again after so many milliseconds. */
  retried({ res, attempt }: AttemptDetails, delay: unknown): void {
    if (attempt < this.#attempt) return;
    this.#attempt = attempt + 1;
    this.#call.end({ statusCode: res?.statusCode });
    const url = this.#url;
    // Timers of one length run in the order in which they were set, so this is just before the attempt, and not earlier.
    setTimeout(() => (this.#call = this.#begin(url === undefined ? {} : { url })), delay as number);
  }

  /** This is the answer that goes to the client: the call lasts as long as its body does. */
  kept({ res, attempt }: AttemptDetails): void {
    if (attempt < this.#attempt || res === undefined || res === null) return;
    const { statusCode, stream } = res;
    const call = this.#call;
    stream.on(errorMonitor, (error: unknown) => this.#fail(call, error, statusCode));
    stream.once('close', () => {
      if (isWhole(stream)) call.end({ statusCode });
      else this.#fail(call, 'upstream_reset', statusCode);
    });
  }

  #fail(call: UpstreamCall, error: unknown, statusCode?: number): void {
    this.error = error;
    call.end({ statusCode, error: this.#client.isGone ? 'AbortError' : error });
  }
}
