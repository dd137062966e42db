/** What this process holds: memory, client sockets, timers. */
import { createHook } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

export interface Resources {
  readonly rssBytes: number;
  /** After a collection. */
  readonly heapBytes: number;
  /** Open sockets to collectors. */
  readonly sockets: number;
  readonly mostSockets: number;
  /** 0 where they are not counted. */
  readonly timers: number;
  /** Of all threads, since the process began. */
  readonly cpuMs: number;
}

export interface ResourceWatch {
  now(): Resources;
}

/** Counts from now on. Timers only when asked for: Node then follows every promise, too. */
export function watchResources(countTimers: boolean): ResourceWatch {
  let sockets = 0;
  let mostSockets = 0;
  // An idle socket and most timers do not keep the process alive, so Node's own list of what is active has neither.
  subscribe('net.client.socket', (message) => {
    mostSockets = Math.max(mostSockets, ++sockets);
    (message as { socket: Socket }).socket.once('close', () => sockets--);
  });
  const timers = new Set<number>();
  if (countTimers) {
    createHook({
      init: (id, type) => void (type === 'Timeout' && timers.add(id)),
      destroy: (id) => void timers.delete(id),
    }).enable();
  }
  return {
    now() {
      globalThis.gc?.();
      const { rss: rssBytes, heapUsed: heapBytes } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return {
        rssBytes,
        heapBytes,
        sockets,
        mostSockets,
        timers: timers.size,
        cpuMs: (user + system) / 1_000,
      };
    },
  };
}
