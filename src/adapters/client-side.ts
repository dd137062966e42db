/** The client's side of a request that goes on to an upstream: whoever failed, was it still there? */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

interface ResetStream {
  readonly destroyed?: boolean;
  readonly aborted?: boolean;
}

export class ClientSide {
  readonly request: IncomingMessage;
  readonly #response: ServerResponse | Duplex | undefined;
  /** Kept, because undici takes it off a request whose body it gives up, and calls the request aborted. */
  readonly #socket: Pick<Duplex, 'destroyed'> | null;
  readonly #stream: ResetStream | undefined;

  /** `response`: a socket where the client asked for an upgrade; nothing where it is not known. */
  constructor(request: IncomingMessage, response: ServerResponse | Duplex | undefined) {
    this.request = request;
    this.#response = response;
    this.#socket = request.socket;
    this.#stream = (request as { stream?: ResetStream }).stream;
  }

  /**
   * Has the client left, or the gateway broken off its answer? Then errors of the outgoing request are the gateway's own
   * doing. On HTTP/2 it is the stream that tells; the socket serves other requests, too.
   */
  get isGone(): boolean {
    if (this.#response?.destroyed === true) return true;
    const stream = this.#stream;
    if (stream !== undefined && stream !== null) return stream.destroyed === true || stream.aborted === true;
    return this.#socket?.destroyed === true;
  }
}
