/** The sockets of all pools that wait for their next request, least recently used first. */
import type { Socket } from 'node:net';

export interface IdleSockets {
  /** Over the bound, the one that has waited longest is closed. */
  add(socket: Socket): void;
  /** It is in use again, or closed. */
  delete(socket: Socket): void;
  readonly size: number;
}

export function createIdleSockets(maxSockets: number): IdleSockets {
  /** A set keeps the order of its additions. */
  const idle = new Set<Socket>();
  return {
    add(socket) {
      idle.add(socket);
      if (idle.size <= maxSockets) return;
      const [oldest] = idle;
      if (oldest === undefined) return;
      idle.delete(oldest);
      oldest.destroy();
    },
    delete: (socket) => void idle.delete(socket),
    get size() {
      return idle.size;
    },
  };
}
