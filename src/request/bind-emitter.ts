/** `exchange.bind(emitter)`: its listeners run with the exchange as the current one. */
import type { EmitterLike, Exchange } from '../model/exchange.js';

/** Which exchange each bound emitter belongs to; per instance. */
export type BoundEmitters = WeakMap<EmitterLike, { exchange: Exchange }>;

/**
 * Replaces `emit` on this one object, not on its class: whoever emits, the listeners see the exchange. Of several exchanges
 * that bind the same emitter, as with a kept-alive socket, the last one wins, and nothing of the former ones is kept.
 */
export function bindEmitter<T extends EmitterLike>(emitter: T, exchange: Exchange, bound: BoundEmitters): T {
  const emit = (emitter as T | null | undefined)?.emit as ((...args: unknown[]) => boolean) | undefined;
  if (typeof emit !== 'function' || !Object.isExtensible(emitter)) return emitter;
  const known = bound.get(emitter);
  if (known !== undefined) {
    known.exchange = exchange;
    return emitter;
  }
  const binding = { exchange };
  bound.set(emitter, binding);
  Object.defineProperty(emitter, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: function boundEmit(this: unknown, ...args: unknown[]): boolean {
      return binding.exchange.run(() => emit.apply(this, args));
    },
  });
  return emitter;
}
