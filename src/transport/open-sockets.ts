/** All sockets of an instance, from before they are made; those that wait for their next request make room for new ones. */
import type { Socket } from 'node:net';

/** It is closed, or was never made; only the first call counts. */
export type SocketGone = () => void;

export interface OpenSockets {
  /**
   * One is about to be opened. Where there are too many, the one that has waited longest closes; those that are in use do not,
   * and are bounded by the requests that may be under way.
   */
  opening(): SocketGone;
  /** It waits from now on. */
  idle(socket: Socket): void;
  /** It is in use again, or closed. */
  used(socket: Socket): void;
  /** Being opened, in use, or waiting. */
  readonly size: number;
  readonly idleSize: number;
}

export function createOpenSockets(maxSockets: number): OpenSockets {
  /** A set keeps the order of its additions. */
  const waiting = new Set<Socket>();
  let size = 0;

  return {
    opening() {
      const [oldest] = waiting;
      if (size >= maxSockets && oldest !== undefined) {
        waiting.delete(oldest);
        oldest.destroy();
      }
      size++;
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        size--;
      };
    },
    idle: (socket) => void waiting.add(socket),
    used: (socket) => void waiting.delete(socket),
    get size() {
      return size;
    },
    get idleSize() {
      return waiting.size;
    },
  };
}
