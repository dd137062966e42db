/** One origin as one audience sees it: how many requests and sockets it may have, over all pools that go there. */
import type { Socket } from 'node:net';

/** Gives a slot back; only the first call counts. */
export type ReleaseSlot = () => void;

export interface Origin {
  /**
   * A slot for one request: at once, or when one is given back, in the order of asking. `undefined`: aborted first. A request
   * that waits holds neither its body nor a socket.
   */
  slot(signal: AbortSignal): ReleaseSlot | Promise<ReleaseSlot | undefined>;
  /** A new socket. Where there are too many already, one that waits closes: with a slot taken, there is one. */
  opened(socket: Socket): void;
  idle(socket: Socket): void;
  used(socket: Socket): void;
  readonly openSockets: number;
}

export function createOrigin(maxSockets: number): Origin {
  let taken = 0;
  const waiting = new Set<() => void>();
  const open = new Set<Socket>();
  const idle = new Set<Socket>();

  const take = (): ReleaseSlot => {
    let isTaken = true;
    taken++;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      taken--;
      const [next] = waiting;
      next?.();
    };
  };
  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
  };

  return {
    slot(signal) {
      if (taken < maxSockets) return take();
      return new Promise((resolve) => {
        const settle = (): void => {
          waiting.delete(settle);
          signal.removeEventListener('abort', settle);
          resolve(signal.aborted ? undefined : take());
        };
        waiting.add(settle);
        signal.addEventListener('abort', settle, { once: true });
        if (signal.aborted) settle();
      });
    },
    opened(socket) {
      const [oldest] = idle;
      if (open.size >= maxSockets && oldest !== undefined) {
        forget(oldest);
        oldest.destroy();
      }
      open.add(socket);
      socket.once('close', () => forget(socket));
    },
    idle: (socket) => void idle.add(socket),
    used: (socket) => void idle.delete(socket),
    get openSockets() {
      return open.size;
    },
  };
}
