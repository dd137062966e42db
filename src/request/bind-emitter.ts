/** `exchange.bind(emitter)`: its listeners run with the exchange as the current one. */
import type { EmitterLike, Exchange } from '../model/exchange.js';

/**
 * Replaces `emit` on this one object, not on its class: whoever emits, the listeners see the exchange. Binding
 * an emitter of several exchanges (a shared socket) makes the last one win.
 */
export function bindEmitter<T extends EmitterLike>(emitter: T, exchange: Exchange): T {
  const emit = (emitter as T | null | undefined)?.emit as ((...args: unknown[]) => boolean) | undefined;
  if (typeof emit !== 'function' || !Object.isExtensible(emitter)) return emitter;
  Object.defineProperty(emitter, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: function boundEmit(this: unknown, ...args: unknown[]): boolean {
      return exchange.run(() => emit.apply(this, args));
    },
  });
  return emitter;
}
