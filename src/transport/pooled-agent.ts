/** Node's agent, with its sockets counted from their first moment to their last, and none of them old. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Connecting, EgressGuard } from './egress-guard.js';
import type { OpenSockets, SocketGone } from './open-sockets.js';
import type { Origin } from './origin.js';

export interface PooledSockets {
  readonly origin: Origin;
  readonly openSockets: OpenSockets;
  readonly idleMs: number;
  readonly lifeMs: number;
  readonly maxSockets: number;
  readonly isTrustedOrigin: boolean;
  /** Of this agent, from its first moment to its last. */
  onSocket?(socket: Socket): void;
}

export function createPooledAgent(
  sockets: PooledSockets,
  secureContext: SecureContext | undefined,
  guard?: EgressGuard,
): HttpAgent {
  const { origin, openSockets, idleMs, lifeMs, maxSockets, isTrustedOrigin } = sockets;
  // No bound on sockets in use: the origin's slots are one, and a request that waited in an agent could not be aborted.
  const options = { keepAlive: true, timeout: idleMs, maxFreeSockets: maxSockets };
  const agent =
    secureContext === undefined
      ? new HttpAgent(options)
      : // Said expressly, it beats NODE_TLS_REJECT_UNAUTHORIZED, which must not switch it off for a tenant.
        new HttpsAgent({ ...options, secureContext, rejectUnauthorized: true });
  const bornMs = new WeakMap<Socket, number>();
  const { createConnection, destroy, keepSocketAlive, reuseSocket } = agent;
  const counted = (socket: Socket, gone: SocketGone): Socket => {
    bornMs.set(socket, performance.now());
    origin.opened(socket);
    sockets.onSocket?.(socket);
    socket.once('close', () => {
      openSockets.used(socket);
      gone();
    });
    return socket;
  };
  /** Before it is made, so that there is room. */
  const opening = (make: (gone: SocketGone) => Socket | undefined): Socket | undefined => {
    const gone = openSockets.opening();
    try {
      return make(gone);
    } catch (error) {
      gone();
      throw error;
    }
  };

  agent.createConnection = (...parameters) =>
    opening((gone) => counted(createConnection.apply(agent, parameters) as Socket, gone));
  if (guard !== undefined) {
    const pending = new Set<{ destroy(): void }>();
    agent.createConnection = (options, done) =>
      opening((gone) =>
        guard.connect({
          options,
          open: ({ socket, ...guarded }) => {
            if (socket !== undefined && secureContext === undefined) return counted(socket, gone);
            const all = { ...options, ...guarded, ...(socket !== undefined && { socket }) };
            return counted(createConnection.call(agent, all) as Socket, gone);
          },
          done: (error, socket) => {
            if (error !== null) gone();
            (done as Connecting['done'])(error, socket);
          },
          isTrustedOrigin,
          pending,
        }),
      );
    agent.destroy = () => {
      for (const opening of pending) opening.destroy();
      destroy.call(agent);
    };
  }
  agent.keepSocketAlive = (stream) => {
    const socket = stream as Socket;
    const leftMs = lifeMs - (performance.now() - (bornMs.get(socket) ?? 0));
    // Node's own answer is `false` where the server closes idle sockets too soon.
    const isKept = leftMs > 0 && (keepSocketAlive.call(agent, socket) as unknown) !== false;
    if (!isKept) return false;
    if (leftMs < (socket.timeout ?? 0)) socket.setTimeout(leftMs);
    origin.idle(socket);
    openSockets.idle(socket);
    guard?.idle(socket);
    socket.on('data', endUnasked);
    return true;
  };
  agent.reuseSocket = (stream, request) => {
    origin.used(stream as Socket);
    openSockets.used(stream as Socket);
    guard?.used(stream as Socket);
    stream.off('data', endUnasked);
    reuseSocket.call(agent, stream, request);
  };
  return agent;
}

/**
 * Nobody was asked anything. Such bytes would be taken for the answer to the next request, and as each of them counts as use,
 * a server that sends some now and then could keep the socket for ever.
 */
function endUnasked(this: Socket): void {
  this.destroy();
}
