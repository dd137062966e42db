import type { Socket } from 'node:net';

/**
 * Node 20 and 22 never close a pipelined response that still waits behind another when the socket dies. One listener per
 * socket serves all of them; a listener per response would trip the leak warning.
 */
export interface PipelineWatch {
  add(socket: Socket, onClose: () => void): void;
  remove(socket: Socket, onClose: () => void): void;
}

export function createPipelineWatch(): PipelineWatch {
  const waiting = new WeakMap<Socket, Set<() => void>>();
  return {
    add(socket, onClose) {
      let queue = waiting.get(socket);
      if (queue === undefined) {
        const fresh = new Set<() => void>();
        waiting.set(socket, fresh);
        socket.once('close', () => {
          for (const close of [...fresh]) close();
        });
        queue = fresh;
      }
      queue.add(onClose);
    },
    remove: (socket, onClose) => void waiting.get(socket)?.delete(onClose),
  };
}
