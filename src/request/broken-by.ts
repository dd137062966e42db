/** What broke an exchange that did not come to its end: `error.type` of it, from what Node left behind. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CLIENT_DISCONNECT, errorTypeOf, SERVER_ABORT, TIMEOUT } from './error-type.js';

/** The parts of an HTTP/2 stream that tell how it ended. */
export interface ResetStream {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  removeListener(event: 'close', listener: () => void): unknown;
  readonly aborted: boolean;
  readonly rstCode: number | undefined;
  readonly writableFinished: boolean;
  readonly errored?: unknown;
  readonly sentHeaders?: unknown;
  readonly session?: Http2Session | undefined;
}

/** The part of the connection that is asked. */
export interface Http2Session {
  readonly destroyed: boolean;
}

/** HTTP/2 error codes that the observer names. */
export const NO_ERROR = 0;
const CANCEL = 8;

interface Failure {
  readonly code?: string;
  readonly message?: string;
}

/** The first rule that fits. `writable.errored` is the error that something was destroyed with. */
export function classifyHttp1(response: ServerResponse, socket: Socket | undefined): string {
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
  if (isHangUp(code)) return CLIENT_DISCONNECT;
  return errorTypeOf(socketError);
}

/** A socket that a handler has taken over. */
export function classifySocket(socket: Duplex): string {
  const error = socket.errored as Failure | null;
  if (!error) return socket.readableEnded ? CLIENT_DISCONNECT : SERVER_ABORT;
  const { code } = error;
  if (code === 'ECANCELED') return socket.readableEnded ? CLIENT_DISCONNECT : SERVER_ABORT;
  return isHangUp(code) ? CLIENT_DISCONNECT : serverSide(error);
}

/** What a socket says whose other end has gone. */
function isHangUp(code: string | undefined): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT';
}

/** The gateway destroyed the response with an error, in a proxy the upstream's. */
function serverSide(error: Failure): string {
  const type = errorTypeOf(error);
  return type === 'Error' ? SERVER_ABORT : type;
}

/** `session`: the one that the stream had while it was open. A closed stream has none any more. */
export function classifyHttp2(stream: ResetStream, session: Http2Session | undefined): string {
  const { rstCode = NO_ERROR } = stream;
  const error = stream.errored as Failure | null | undefined;
  if (rstCode === CANCEL) return CLIENT_DISCONNECT;
  // Node's own error says no more than the code.
  if (error && error.code !== 'ERR_HTTP2_STREAM_ERROR') {
    // A connection that is reset fails all its streams; an upstream's error leaves the connection alone.
    return session?.destroyed === true && isHangUp(error.code) ? CLIENT_DISCONNECT : serverSide(error);
  }
  // A client may cancel with this code, too; Node then ends what was left to write. What it destroys it leaves unfinished.
  if (rstCode === NO_ERROR) return stream.writableFinished ? CLIENT_DISCONNECT : SERVER_ABORT;
  return `http2_rst_${rstCode}`;
}
