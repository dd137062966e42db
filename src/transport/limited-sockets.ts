/** Opens sockets in their turn: no more of them to one address than the limit has places for. */
import { isIPv6, type LookupFunction, type Socket } from 'node:net';
import type { LookupAddress } from 'node:dns';
import type { AddressLimit, Visit } from './address-limit.js';
import { SendFailure } from './classify.js';
import type { Connecting } from './egress-guard.js';
import { NAME_FOUND } from './request-limits.js';

/** Looks a name up; never answers synchronously. What it gives takes the question back. */
export type FindAddresses = (
  host: string,
  found: (addresses: readonly LookupAddress[] | SendFailure) => void,
) => () => void;

export interface LimitedSockets {
  /** Without a limit, it goes where the name leads. */
  openNamed(open: Connecting['open'], limit: AddressLimit | undefined): Socket;
  /** Node asks nobody about an address, so where there is no place for it, the socket comes later, with `done`. */
  openLiteral(
    host: string,
    connecting: Pick<Connecting, 'open' | 'done' | 'pending'>,
    limit: AddressLimit,
  ): Socket | undefined;
  /** It waits for its next request, or has it. */
  idle(socket: Socket): void;
  used(socket: Socket): void;
}

export function createLimitedSockets(find: FindAddresses): LimitedSockets {
  const visits = new WeakMap<Socket, Visit>();
  const follow = (socket: Socket, visit: Visit): void => {
    visits.set(socket, visit);
    socket.once('connect', () => visit.connected(socket.remoteAddress));
    socket.once('close', () => visit.end());
  };

  return {
    openNamed(open, limit) {
      // Asked before `open` has returned.
      let withdraw = (): void => undefined;
      const lookup: LookupFunction = (host, options, answer) => {
        withdraw = find(host, (found) => {
          if (found instanceof SendFailure) return answer(found, '');
          Object.assign(socket, { [NAME_FOUND]: true });
          if (limit === undefined) return giveTo(answer, options, found);
          // Given up meanwhile, and nobody would tell the visit of its end.
          if (socket.destroyed) return;
          const visit = limit.ask(found, (granted) => {
            if (granted === undefined) answer(new SendFailure('crowded'), '');
            else giveTo(answer, options, granted);
          });
          follow(socket, visit);
        });
      };
      const socket = open({ lookup });
      socket.once('close', () => withdraw());
      return socket;
    },
    openLiteral(host, { open, done, pending }, limit) {
      let socket: Socket | undefined;
      let isLate = false;
      const waiting = {
        destroy() {
          pending.delete(waiting);
          visit.end();
          // Who counts it as being opened is to hear that it will not be.
          process.nextTick(done, new SendFailure('crowded'));
        },
      };
      const visit = limit.ask([{ address: host, family: isIPv6(host) ? 6 : 4 }], (granted, itself) => {
        pending.delete(waiting);
        if (granted === undefined) return done(new SendFailure('crowded'));
        try {
          socket = open({});
          follow(socket, itself);
          if (isLate) done(null, socket);
        } catch (error) {
          itself.end();
          process.nextTick(done, error);
        }
      });
      isLate = true;
      if (socket === undefined) pending.add(waiting);
      return socket;
    },
    idle: (socket) => visits.get(socket)?.idle(socket),
    used: (socket) => visits.get(socket)?.used(),
  };
}

/** In the form that the caller has asked for. */
function giveTo(
  answer: Parameters<LookupFunction>[2],
  { all }: Parameters<LookupFunction>[1],
  addresses: readonly LookupAddress[],
): void {
  const [first] = addresses;
  if (all === true || first === undefined) answer(null, [...addresses]);
  else answer(null, first.address, first.family);
}
