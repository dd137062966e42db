/** Ends a request that is not getting anywhere before its deadline does. */
import type { ClientRequest } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { MAX_INFORMATIONAL } from './bounds.js';
import { SendFailure } from './classify.js';

/** Set on a socket whose addresses are known: Node tells only of look-ups of its own, and of ours when they are used. */
export const NAME_FOUND = Symbol('name found');

/**
 * Looking up the name, TCP and TLS have this long together; it counts from the moment at which the request gets its socket,
 * and a socket that is used again has nothing left to do.
 */
export function limitConnecting(request: ClientRequest, timeoutMs: number, isTls: boolean): void {
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket || request.destroyed) return;
    // Through a tunnel, the socket has been connected before.
    if (!isTls && !socket.connecting) return;
    let isFound = isIP(request.host.replace(/^\[|\]$/g, '')) !== 0;
    socket.once('lookup', () => void (isFound = true));
    const fail = (): void => {
      // A name server that is silent, or slower than this, is told from a host that is.
      const isLookingUp = socket.connecting && !isFound && !(NAME_FOUND in socket);
      request.destroy(new SendFailure(isLookingUp ? 'dns' : 'connect'));
    };
    const timer = setTimeout(fail, timeoutMs).unref();
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
