/** An answer's body that is a stream of Node's, such as an upstream's: why it broke, which frameworks keep to themselves. */
import { errorMonitor } from 'node:events';
import type { Exchange } from '../model/exchange.js';

interface StreamLike {
  readonly pipe?: unknown;
  once?(event: typeof errorMonitor, listener: (error: unknown) => void): unknown;
}

/** Looks on only: who does not handle the stream's errors stays without a handler. */
export function recordBodyErrors(body: unknown, exchange: Exchange): void {
  if (typeof body !== 'object' || body === null) return;
  const stream = body as StreamLike;
  if (typeof stream.pipe !== 'function' || typeof stream.once !== 'function') return;
  stream.once(errorMonitor, (error) => exchange.recordError(error));
}
