/**
 * How an exchange on Node's request and response really ended: exactly once, the same on every Node version. Adds two
 * listeners to the response and none that would change Node's own behaviour (`timeout`, `clientError`, `error`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CLIENT_DISCONNECT, errorTypeOf, SERVER_ABORT, TIMEOUT } from './error-type.js';
import type { ObservedEnding } from './exchange.js';

/** The parts of an HTTP/2 stream that tell how it ended. */
interface ResetStream {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  removeListener(event: 'close', listener: () => void): unknown;
  readonly aborted: boolean;
  readonly rstCode: number | undefined;
  readonly errored?: unknown;
  readonly session?: { readonly destroyed: boolean } | undefined;
}

/** HTTP/2 error codes that the observer names. */
const NO_ERROR = 0;
const CANCEL = 8;

interface Failure {
  readonly code?: string;
  readonly message?: string;
}

/**
 * Node 20 and 22 never close a pipelined response that still waits behind another when the socket dies. One listener per
 * socket serves all of them; a listener per response would trip the leak warning.
 */
export interface PipelineWatch {
  add(socket: Socket, onClose: () => void): void;
  remove(socket: Socket, onClose: () => void): void;
}

export function createPipelineWatch(): PipelineWatch {
  const waiting = new WeakMap<Socket, Set<() => void>>();
  return {
    add(socket, onClose) {
      let queue = waiting.get(socket);
      if (queue === undefined) {
        const fresh = new Set<() => void>();
        waiting.set(socket, fresh);
        socket.once('close', () => {
          for (const close of [...fresh]) close();
        });
        queue = fresh;
      }
      queue.add(onClose);
    },
    remove: (socket, onClose) => void waiting.get(socket)?.delete(onClose),
  };
}

/** Finishes the exchange once, when the response has gone out or cannot any more. */
export function observeEnding(
  request: IncomingMessage,
  response: ServerResponse,
  pipelines: PipelineWatch,
  exchange: { finish(ending: ObservedEnding): void },
): void {
  const stream = http2StreamOf(response);
  // Kept, because the response lets go of its socket before the end.
  const socket = stream === undefined ? request.socket : undefined;
  // Injected requests may have a plain object for a socket, which never closes.
  const queued = typeof socket?.once === 'function' && response.socket === null;
  let ended = false;

  const end = (complete: boolean): void => {
    if (ended) return;
    ended = true;
    response.removeListener('finish', onFinish);
    response.removeListener('close', onClose);
    if (queued) pipelines.remove(socket, onSocketClose);
    stream?.removeListener('close', onStreamClose);
    // A queued response says `headersSent` although nothing has left the process.
    const sent = response.headersSent && !(queued && !complete && response.socket === null);
    const broken = complete
      ? undefined
      : stream === undefined
        ? classifyHttp1(response, socket)
        : classifyHttp2(stream);
    exchange.finish({ statusCode: sent ? response.statusCode : undefined, complete, brokenBy: broken });
  };
  const onFinish = (): void => {
    if (stream !== undefined) {
      // On HTTP/2 every ending emits `finish`, aborts too.
      end(!stream.aborted && (stream.rstCode ?? NO_ERROR) === NO_ERROR);
    } else {
      // Node 20 and 22 emit `finish` also when the last write failed because the client had gone.
      end(!(socket !== undefined && socket.destroyed && !socket.writableFinished));
    }
  };
  const onClose = (): void => end(false);
  // A reset HEAD on HTTP/2 emits neither of the response's events; its stream always closes.
  const onStreamClose = (): void =>
    end(response.writableEnded && !(stream?.aborted ?? false) && (stream?.rstCode ?? NO_ERROR) === NO_ERROR);
  // After the response's own events, so that a `finish` still wins.
  const onSocketClose = (): void => void setImmediate(onClose);

  response.on('finish', onFinish);
  response.on('close', onClose);
  stream?.once('close', onStreamClose);
  if (queued) pipelines.add(socket, onSocketClose);
  // Over before anybody watched, because the host did something else first: none of the events comes any more.
  if (stream !== undefined) {
    if (stream.destroyed) setImmediate(onStreamClose);
  } else if (response.destroyed || response.writableFinished) {
    setImmediate(response.writableFinished ? onFinish : onClose);
  }
}

function http2StreamOf(response: ServerResponse): ResetStream | undefined {
  const stream = (response as { stream?: unknown }).stream;
  return typeof stream === 'object' && stream !== null && 'rstCode' in stream
    ? (stream as ResetStream)
    : undefined;
}

/** The first rule that fits. `writable.errored` is the error that something was destroyed with. */
function classifyHttp1(response: ServerResponse, socket: Socket | undefined): string {
  const responseError = response.errored as Failure | null;
  const socketError = socket?.errored as Failure | null | undefined;
  const nodesOwn = responseError?.code === 'ECONNRESET' && responseError.message === 'aborted';
  if (responseError && responseError !== socketError && !nodesOwn) return serverSide(responseError);
  const code = socketError?.code;
  // The host's own error, given to the socket by the response: codes are Node's habit, not everybody's.
  if (code === undefined && responseError && responseError === socketError) return serverSide(responseError);
  if (code === undefined) return socket?.readableEnded === false ? SERVER_ABORT : CLIENT_DISCONNECT;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return TIMEOUT;
  if (code === 'HPE_INVALID_EOF_STATE') return CLIENT_DISCONNECT;
  if (code.startsWith('HPE_')) return code;
  if (responseError && responseError === socketError) return serverSide(responseError);
  if (code === 'ECANCELED') return socket?.readableEnded === true ? CLIENT_DISCONNECT : SERVER_ABORT;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT') return CLIENT_DISCONNECT;
  return errorTypeOf(socketError);
}

/** The gateway destroyed the response with an error, in a proxy the upstream's. */
function serverSide(error: Failure): string {
  const type = errorTypeOf(error);
  return type === 'Error' ? SERVER_ABORT : type;
}

function classifyHttp2(stream: ResetStream): string {
  const { rstCode = NO_ERROR, session } = stream;
  const error = stream.errored as Failure | null | undefined;
  if (rstCode === CANCEL) return CLIENT_DISCONNECT;
  // Node's own error says no more than the code.
  if (error && error.code !== 'ERR_HTTP2_STREAM_ERROR') return errorTypeOf(error);
  // A closed stream has no session any more, so a session that is gone tells nothing where there is a code.
  if (rstCode === NO_ERROR && (session === undefined || session.destroyed)) return CLIENT_DISCONNECT;
  return `http2_rst_${rstCode}`;
}
