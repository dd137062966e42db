/** Tells when the head of an answer is written: the time to its first byte, where an option asks for it. */
import type { ServerResponse } from 'node:http';

type WriteHead = (this: unknown, ...args: unknown[]) => ServerResponse;

/**
 * Every way to begin an answer goes through `writeHead`; early hints and `100 Continue` do not. It stays on this one response:
 * to delete a property would make it slow.
 */
export function watchHead(response: ServerResponse, exchange: { headSent(): void }): void {
  if (response.headersSent) return;
  const writeHead = response.writeHead as WriteHead;
  response.writeHead = function (this: unknown, ...args: unknown[]) {
    const answer = writeHead.apply(this, args);
    // What could not be written has thrown.
    exchange.headSent();
    return answer;
  };
}
