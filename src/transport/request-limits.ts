/** Ends a request that is not getting anywhere before its deadline does. */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_INFORMATIONAL } from './bounds.js';
import { SendFailure } from './classify.js';

/**
 * Looking up the name, TCP and TLS have this long together; it counts from the moment at which the request gets its socket,
 * and a socket that is used again has nothing left to do.
 */
export function limitConnecting(request: ClientRequest, timeoutMs: number, isTls: boolean): void {
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket || request.destroyed) return;
    // Through a tunnel, the socket has been connected before.
    if (!isTls && !socket.connecting) return;
    const timer = setTimeout(() => request.destroy(new SendFailure('connect')), timeoutMs).unref();
    const clear = (): void => {
      clearTimeout(timer);
      socket.off('close', clear);
    };
    socket.once(isTls ? 'secureConnect' : 'connect', clear);
    socket.once('close', clear);
  });
}

export function limitInformational(request: ClientRequest): void {
  let answers = 0;
  request.on('information', () => {
    if (++answers > MAX_INFORMATIONAL) request.destroy(new SendFailure('protocol'));
  });
}
