/** What undici tells the handler of one dispatch, told to its upstream call on the way. */
import type { ReadableHeaders, UpstreamCall, UpstreamConnection } from '../model/exchange.js';

/** How a handler is used: undici's own retries and redirects dispatch it again when its call has ended. */
export interface HandlerUse {
  /** The call has not ended. */
  isUnderWay: boolean;
  /** The handler has been told all, and may serve another request. */
  told(): void;
}

/** The handler that undici calls since version 7. */
export interface ModernHandler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, statusCode: number, headers: unknown, socket: Ending): void;
  onResponseStart?(controller: Controller, statusCode: number, headers: unknown, message?: string): void;
  onResponseData?(controller: Controller, chunk: unknown): void;
  onResponseEnd?(controller: Controller, trailers: unknown): void;
  onResponseError?(controller: Controller, error: unknown): void;
}

/** The handler of undici 6, and of the `fetch` of some versions of Node. */
export interface LegacyHandler {
  onConnect?(abort: Abort, context: unknown): void;
  onUpgrade?(statusCode: number, headers: unknown, socket: Ending): void;
  onHeaders?(statusCode: number, headers: unknown, resume: () => void, message?: string): boolean;
  onData?(chunk: unknown): boolean;
  onComplete?(trailers: unknown): void;
  onError?(error: unknown): void;
}

/** Both tell these, and not all handlers listen. */
interface Sent {
  onBodySent?: ((...args: unknown[]) => unknown) | undefined;
  onRequestSent?: ((...args: unknown[]) => unknown) | undefined;
  onResponseStarted?: ((...args: unknown[]) => unknown) | undefined;
}

export type UndiciHandler = ModernHandler & LegacyHandler & Sent;

export interface Controller {
  readonly aborted?: boolean;
}

type Abort = (reason?: unknown) => void;

interface Ending extends UpstreamConnection {
  once(event: 'close', listener: () => void): unknown;
}

/** Where a host gives up waiting by `AbortSignal.timeout`, the upstream was too slow. */
function isTimeout(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'TimeoutError';
}

/** Tells the call; never what the host's handler sees. */
class CallWatch {
  readonly #call: UpstreamCall;
  readonly #use: HandlerUse;
  #statusCode: number | undefined;

  constructor(call: UpstreamCall, use: HandlerUse) {
    this.#call = call;
    this.#use = use;
  }

  head(statusCode: number, headers?: unknown): void {
    // Informational answers come before the one that counts.
    if (statusCode < 200 && statusCode !== 101) return;
    this.#statusCode = statusCode;
    this.#call.responded(statusCode, headers as ReadableHeaders | undefined);
  }

  upgraded(statusCode: number, headers: unknown, socket: Ending): void {
    this.#call.setConnection(socket, '1.1');
    this.head(statusCode, headers);
    socket.once('close', () => {
      this.end();
      this.told();
    });
  }

  end(): void {
    this.#use.isUnderWay = false;
    this.#call.end({ statusCode: this.#statusCode });
  }

  told(): void {
    this.#use.told();
  }

  fail(error: unknown, isAborted: boolean): void {
    this.#use.isUnderWay = false;
    const told = isAborted && !isTimeout(error) ? 'AbortError' : error;
    this.#call.end({ statusCode: this.#statusCode, error: told });
  }
}

type Passed = ((...args: unknown[]) => unknown) | undefined;

/** What a handler does not have, undici must not find: it decides by that. */
abstract class Watched implements Sent {
  readonly onBodySent: Passed;
  readonly onRequestSent: Passed;
  readonly onResponseStarted: Passed;
  protected readonly handler: UndiciHandler;
  protected readonly watch: CallWatch;

  constructor(handler: UndiciHandler, call: UpstreamCall, use: HandlerUse) {
    this.handler = handler;
    this.watch = new CallWatch(call, use);
    this.onBodySent = handler.onBodySent?.bind(handler);
    this.onRequestSent = handler.onRequestSent?.bind(handler);
    this.onResponseStarted = handler.onResponseStarted?.bind(handler);
  }
}

export function watchHandler(handler: UndiciHandler, call: UpstreamCall, use: HandlerUse): UndiciHandler {
  const isModern = typeof handler.onRequestStart === 'function';
  return isModern ? new WatchedModern(handler, call, use) : new WatchedLegacy(handler, call, use);
}

class WatchedModern extends Watched implements ModernHandler {
  onRequestStart(controller: Controller, context: unknown): void {
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: unknown, socket: Ending): void {
    this.watch.upgraded(statusCode, headers, socket);
    this.handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: unknown, message?: string): void {
    this.watch.head(statusCode, headers);
    this.handler.onResponseStart?.(controller, statusCode, headers, message);
  }

  onResponseData(controller: Controller, chunk: unknown): void {
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    this.watch.end();
    this.handler.onResponseEnd?.(controller, trailers);
    this.watch.told();
  }

  onResponseError(controller: Controller, error: unknown): void {
    this.watch.fail(error, controller?.aborted === true);
    if (typeof this.handler.onResponseError !== 'function') throw error;
    this.handler.onResponseError(controller, error);
  }
}

class WatchedLegacy extends Watched implements LegacyHandler {
  #isAborted = false;

  onConnect(abort: Abort, context: unknown): void {
    const abortSeen: Abort = (reason) => {
      this.#isAborted = true;
      abort(reason);
    };
    this.handler.onConnect?.(abortSeen, context);
  }

  onUpgrade(statusCode: number, headers: unknown, socket: Ending): void {
    this.watch.upgraded(statusCode, headers, socket);
    this.handler.onUpgrade?.(statusCode, headers, socket);
  }

  onHeaders(statusCode: number, headers: unknown, resume: () => void, message?: string): boolean {
    this.watch.head(statusCode, headers);
    return this.handler.onHeaders?.(statusCode, headers, resume, message) ?? true;
  }

  onData(chunk: unknown): boolean {
    return this.handler.onData?.(chunk) ?? true;
  }

  onComplete(trailers: unknown): void {
    this.watch.end();
    this.handler.onComplete?.(trailers);
    this.watch.told();
  }

  onError(error: unknown): void {
    this.watch.fail(error, this.#isAborted);
    if (typeof this.handler.onError !== 'function') throw error;
    this.handler.onError(error);
  }
}
