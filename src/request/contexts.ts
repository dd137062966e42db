/**
 * Which exchange is running: the instance's own AsyncLocalStorage, and the API's context beside it, which has effect
 * when the host registered a context manager. Ending an exchange never relies on either.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { context as apiContext, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Context, ContextManager, Span } from '@opentelemetry/api';
import type { Exchange } from '../model/exchange.js';

/** A context that is built when somebody asks it: most requests never do. */
class ExchangeContext implements Context {
  readonly exchange: Exchange;
  readonly #base: Context;
  readonly #span: Span | undefined;
  readonly #key: symbol;
  #built: Context | undefined;

  constructor(base: Context, exchange: Exchange, span: Span | undefined, key: symbol) {
    this.#base = base;
    this.exchange = exchange;
    this.#span = span;
    this.#key = key;
  }

  #context(): Context {
    if (this.#built !== undefined) return this.#built;
    const base = this.#span === undefined ? this.#base : trace.setSpan(this.#base, this.#span);
    return (this.#built = base.setValue(this.#key, this.exchange));
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.exchange : this.#context().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#context().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#context().deleteValue(key);
  }
}

/** The contexts of one instance. */
export interface Contexts {
  /** The context in force: the API's if a manager is registered, else the instance's own. */
  active(): Context;
  /** The running exchange; or that of this context. */
  exchange(context?: Context): Exchange | undefined;
  /** Runs with this context, ours and the API's. */
  with<T>(context: Context, fn: () => T): T;
  /** The context of an exchange, on top of what the host had in force when it began. Without a span, the host's stays. */
  of(exchange: Exchange, span: Span | undefined): Context;
  /** The context in force with this span as the active one, and this exchange, or none, as the running one. */
  within(span: Span, exchange: Exchange | undefined): Context;
  /** No context is kept any more. Node 20 would go on carrying this storage through every promise of the process. */
  close(): void;
  /** A context manager over the same storage, for `registerGlobals`. */
  readonly manager: ContextManager;
}

export function createContexts(): Contexts {
  const storage = new AsyncLocalStorage<Context>();
  // One key per instance: the API makes keys by `Symbol.for`, and two instances must not see each other's exchanges.
  const key = Symbol('gateway-otel exchange');

  let isClosed = false;
  const own = (): Context => storage.getStore() ?? ROOT_CONTEXT;

  const manager: ContextManager = {
    active: own,
    with(context, fn, thisArg, ...args) {
      return storage.run(context, () => fn.call(thisArg as never, ...args));
    },
    bind(context, target) {
      if (typeof target !== 'function') return target;
      const bound = function (this: unknown, ...args: unknown[]): unknown {
        return storage.run(context, () => (target as (...all: unknown[]) => unknown).apply(this, args));
      };
      return bound as typeof target;
    },
    enable() {
      return this;
    },
    disable() {
      storage.disable();
      return this;
    },
  };

  const active = (): Context => {
    const global = apiContext.active();
    return global === ROOT_CONTEXT ? own() : global;
  };

  return {
    active,
    exchange: (context = active()) => context.getValue(key) as Exchange | undefined,
    with: (context, fn) =>
      isClosed
        ? fn()
        : (apiContext.with(context, runIn, undefined, storage, context, fn) as ReturnType<typeof fn>),
    close() {
      isClosed = true;
      storage.disable();
    },
    within: (span, exchange) => trace.setSpan(active(), span).setValue(key, exchange),
    of: (exchange, span) => new ExchangeContext(apiContext.active(), exchange, span, key),
    manager,
  };
}

/** No closure per request: `context.with` passes the arguments on. */
function runIn<T>(storage: AsyncLocalStorage<Context>, context: Context, fn: () => T): T {
  return storage.run(context, fn);
}
