/**
 * How an exchange on Node's request and response really ended: exactly once, the same on every Node version. Adds two
 * listeners to the response (over HTTP/2 one to its stream, too) and none that would change Node's own behaviour
 * (`timeout`, `clientError`, `error`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { classifyHttp1, classifyHttp2, NO_ERROR, type Http2Session, type ResetStream } from './broken-by.js';
import type { ReadableHeaders } from '../model/exchange.js';
import type { ObservedEnding, WatchedResponse } from './observed-ending.js';
import type { PipelineWatch } from './pipeline-watch.js';
import { sentHeaders, sentHttp2Status, sentStatus } from './sent-status.js';

/** The exchange, as far as its ending needs it. */
export interface WatchedExchange {
  watched: WatchedResponse | undefined;
  /** The head of the answer has been written. Only the first time counts. */
  headSent(): void;
  finish(ending: ObservedEnding): void;
}

/** Finishes the exchange once, when the response has gone out or cannot any more. */
export function observeEnding(
  request: IncomingMessage,
  response: ServerResponse,
  pipelines: PipelineWatch,
  exchange: WatchedExchange,
): void {
  const stream = http2StreamOf(response);
  exchange.watched =
    stream === undefined
      ? new Http1Ending(request.socket, response, pipelines, exchange)
      : new Http2Ending(stream, response, exchange);
}

class Http1Ending implements WatchedResponse {
  readonly #response: ServerResponse;
  /** Kept, because the response lets go of its socket before the end. */
  readonly #socket: Socket;
  readonly #exchange: WatchedExchange;
  readonly #pipelines: PipelineWatch;
  /** It waits behind another one of a pipeline. */
  readonly #queued: boolean;
  #ended = false;

  constructor(socket: Socket, response: ServerResponse, pipelines: PipelineWatch, exchange: WatchedExchange) {
    this.#response = response;
    this.#socket = socket;
    this.#exchange = exchange;
    this.#pipelines = pipelines;
    // Injected requests may have a plain object for a socket, which never closes.
    this.#queued =
      typeof (socket as Partial<Socket> | undefined)?.once === 'function' && response.socket === null;
    response.on('finish', this.#onFinish);
    response.on('close', this.#onClose);
    if (this.#queued) pipelines.add(socket, this.#onSocketClose);
    // Over before anybody watched, because the host did something else first: none of the events comes any more.
    if (response.destroyed || response.writableFinished) {
      setImmediate(response.writableFinished ? this.#onFinish : this.#onClose);
    }
  }

  statusSent(): number | undefined {
    const response = this.#response;
    // A queued response says `headersSent` although nothing has left the process.
    const isHeld = this.#queued && response.socket === null;
    return response.headersSent && !isHeld ? sentStatus(response) : undefined;
  }

  headersSent(): ReadableHeaders {
    return sentHeaders(this.#response);
  }

  // Node 20 and 22 emit `finish` also when the last write failed because the client had gone.
  readonly #onFinish = (): void => this.#end(!isCutOff(this.#socket));
  readonly #onClose = (): void => this.#end(false);
  // After the response's own events, so that a `finish` still wins.
  readonly #onSocketClose = (): void => void setImmediate(this.#onClose);

  #end(complete: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const response = this.#response;
    response.removeListener('finish', this.#onFinish);
    response.removeListener('close', this.#onClose);
    if (this.#queued) this.#pipelines.remove(this.#socket, this.#onSocketClose);
    this.#exchange.finish({
      // What is complete has no socket any more.
      statusCode: complete && response.headersSent ? sentStatus(response) : this.statusSent(),
      complete,
      brokenBy: complete ? undefined : classifyHttp1(response, this.#socket),
    });
  }
}

function isCutOff(socket: Socket | undefined): boolean {
  return socket !== undefined && socket.destroyed && !socket.writableFinished;
}

class Http2Ending implements WatchedResponse {
  readonly #response: ServerResponse;
  readonly #stream: ResetStream;
  readonly #session: Http2Session | undefined;
  readonly #exchange: WatchedExchange;
  #ended = false;

  constructor(stream: ResetStream, response: ServerResponse, exchange: WatchedExchange) {
    this.#response = response;
    this.#stream = stream;
    this.#session = stream.session;
    this.#exchange = exchange;
    response.on('finish', this.#onFinish);
    response.on('close', this.#onClose);
    stream.once('close', this.#onStreamClose);
    // Over before anybody watched: none of the events comes any more.
    if (stream.destroyed) setImmediate(this.#onStreamClose);
  }

  statusSent(): number | undefined {
    return this.#response.headersSent ? sentHttp2Status(this.#response, this.#stream) : undefined;
  }

  headersSent(): ReadableHeaders {
    return (this.#stream as { sentHeaders?: ReadableHeaders }).sentHeaders ?? {};
  }

  // Every ending emits `finish`, aborts too.
  readonly #onFinish = (): void => this.#end(this.#isSound());
  readonly #onClose = (): void => this.#end(false);
  // A reset HEAD emits neither of the response's events; its stream always closes.
  readonly #onStreamClose = (): void => this.#end(this.#response.writableEnded && this.#isSound());

  #isSound(): boolean {
    return !this.#stream.aborted && (this.#stream.rstCode ?? NO_ERROR) === NO_ERROR;
  }

  #end(complete: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.removeListener('finish', this.#onFinish);
    this.#response.removeListener('close', this.#onClose);
    this.#stream.removeListener('close', this.#onStreamClose);
    this.#exchange.finish({
      statusCode: this.statusSent(),
      complete,
      brokenBy: complete ? undefined : classifyHttp2(this.#stream, this.#session),
    });
  }
}

function http2StreamOf(response: ServerResponse): ResetStream | undefined {
  const stream = (response as { stream?: unknown }).stream;
  return typeof stream === 'object' && stream !== null && 'rstCode' in stream
    ? (stream as ResetStream)
    : undefined;
}
