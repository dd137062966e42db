/** What this process holds: memory, client sockets, timers, whatever else it has open. */
import { createHook } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { existsSync, readdirSync } from 'node:fs';
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
  /** Connections, TLS, name servers; 0 where they are not counted. */
  readonly handles: number;
  /** Open files and sockets of every sort; 0 where the system does not tell. */
  readonly descriptors: number;
  /** Of all threads, since the process began. */
  readonly cpuMs: number;
}

export interface ResourceWatch {
  now(): Resources;
}

/** Node's names of what stays open. Compressors are not among them: they go with a collection, some time after it. */
const HANDLES = /^(?:TCP|TLS|PIPE|UDP)WRAP$|^DNSCHANNEL$/;
const DESCRIPTORS = '/proc/self/fd';

/** Counts from now on. Timers and handles only when asked for: Node then follows every promise, too. */
export function watchResources(countTimers: boolean): ResourceWatch {
  let sockets = 0;
  let mostSockets = 0;
  // An idle socket and most timers do not keep the process alive, so Node's own list of what is active has neither.
  subscribe('net.client.socket', (message) => {
    mostSockets = Math.max(mostSockets, ++sockets);
    (message as { socket: Socket }).socket.once('close', () => sockets--);
  });
  const timers = new Set<number>();
  const handles = new Set<number>();
  if (countTimers) {
    createHook({
      init(id, type) {
        if (type === 'Timeout') timers.add(id);
        else if (HANDLES.test(type)) handles.add(id);
      },
      destroy: (id) => void (timers.delete(id) || handles.delete(id)),
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
        handles: handles.size,
        descriptors: existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0,
        cpuMs: (user + system) / 1_000,
      };
    },
  };
}
