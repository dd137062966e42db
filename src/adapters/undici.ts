/** The `gateway-otel/undici` door: upstream calls by undici and by `fetch`. */
import type { Exchange, UpstreamCall, UpstreamCallOptions } from '../model/exchange.js';
import { containRejection } from '../model/settle.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';
import { withTrace, type UndiciHeaders } from './undici-headers.js';
import { watchHandler, type HandlerUse, type UndiciHandler } from './undici-watch.js';

/** The part of a dispatch's options that is read. */
export interface UndiciDispatchOptions {
  readonly origin?: string | URL | null;
  readonly path?: string;
  readonly method?: string;
  readonly query?: object | null;
  readonly headers?: unknown;
}

/** The options of `undiciTelemetry`. */
export interface UndiciTelemetryOptions {
  /** Whose call it is. Default: the running exchange, `telemetry.current()`. `undefined`, or a throw: nobody's, and it stays untouched. */
  readonly exchange?: (options: UndiciDispatchOptions) => Exchange | undefined;
  /** Where a `Client` or `Pool` goes: made for one origin, it does not say so with each request. Default: unknown. */
  readonly origin?: string | URL;
}

/** An interceptor as `dispatcher.compose` takes it, of undici 6, 7 and 8. */
export type UndiciInterceptor = <Dispatch extends (options: never, handler: never) => boolean>(
  dispatch: Dispatch,
) => Dispatch;

type Dispatch = (options: UndiciDispatchOptions, handler: UndiciHandler) => boolean;

/** What is known of the dispatches that one handler has had. */
interface Resent extends HandlerUse {
  readonly exchange: Exchange;
  count: number;
}

/**
 * An interceptor that makes one upstream call of each dispatch: the trace goes out with the request, a CLIENT span with
 * `spans: 'server+client'`, and the exchange learns the upstream's address, status, latency, attempts, and why a 5xx of the
 * gateway's own came. Compose it first, before `interceptors.retry()` and `redirect()`, and each of their attempts is a call of
 * its own. Outside of an exchange nothing is touched.
 *
 * @example
 * const dispatcher = new Agent().compose(undiciTelemetry(telemetry), interceptors.retry());
 */
export function undiciTelemetry(
  telemetry: GatewayTelemetry,
  options: UndiciTelemetryOptions = {},
): UndiciInterceptor {
  checkTelemetry('undiciTelemetry', telemetry);
  const { exchange: choose, origin: ownOrigin } = options;
  if (choose !== undefined && typeof choose !== 'function') {
    throw new TypeError('undiciTelemetry: exchange must be a function');
  }
  if (ownOrigin !== undefined && originOf(ownOrigin) === undefined) {
    throw new TypeError('undiciTelemetry: origin must be an absolute URL');
  }
  const none = telemetry.of({});
  const resent = new WeakMap<object, Resent>();
  const made = madeFor(telemetry);

  /** A retry comes from a socket's own events, in which another exchange may be the running one. */
  const ownerOf = (dispatched: UndiciDispatchOptions, handler: object): Resent | undefined => {
    const known = resent.get(handler);
    // A handler that is busy, or has been told all, serves another request: some hosts have one for all of them.
    if (known?.isUnderWay === false) {
      known.isUnderWay = true;
      known.count++;
      return known;
    }
    const exchange = choose === undefined ? telemetry.current() : chosenBy(choose, dispatched);
    if (exchange === undefined || exchange === none) return undefined;
    const owner: Resent = {
      exchange,
      count: 0,
      isUnderWay: true,
      told() {
        if (!owner.isUnderWay && resent.get(handler) === owner) resent.delete(handler);
      },
    };
    resent.set(handler, owner);
    return owner;
  };

  const intercept = (dispatch: Dispatch): Dispatch => {
    return function telemetryInterceptor(dispatched, handler) {
      if (typeof dispatched !== 'object' || typeof handler !== 'object' || handler === null) {
        return dispatch(dispatched, handler);
      }
      // Composed twice, it is given what it has made itself.
      const owner = made.has(handler) ? undefined : ownerOf(dispatched, handler);
      if (owner === undefined) return dispatch(dispatched, handler);
      const call = owner.exchange.startUpstreamCall(callOptions(dispatched, owner.count, ownOrigin));
      try {
        const headers = withTrace(dispatched.headers as UndiciHeaders, call);
        const sent = headers === undefined ? dispatched : { ...dispatched, headers };
        const watching = watchHandler(handler, call, owner);
        made.add(watching);
        return dispatch(sent, watching);
      } catch (error) {
        owner.isUnderWay = false;
        endedBy(call, error);
        throw error;
      }
    };
  };
  return intercept as unknown as UndiciInterceptor;
}

/** A choice that throws, or is no exchange, is nobody's: the host's call must not fail over it. */
function chosenBy(
  choose: NonNullable<UndiciTelemetryOptions['exchange']>,
  dispatched: UndiciDispatchOptions,
): Exchange | undefined {
  try {
    const exchange: Partial<Exchange> | undefined = choose(dispatched);
    containRejection(exchange);
    return typeof exchange?.startUpstreamCall === 'function' ? (exchange as Exchange) : undefined;
  } catch {
    return undefined;
  }
}

/** Per instance the handlers that its interceptors have made. */
const madeBy = new WeakMap<GatewayTelemetry, WeakSet<object>>();

function madeFor(telemetry: GatewayTelemetry): WeakSet<object> {
  let made = madeBy.get(telemetry);
  if (made === undefined) madeBy.set(telemetry, (made = new WeakSet()));
  return made;
}

function endedBy(call: UpstreamCall, error: unknown): void {
  call.end({ error });
}

function originOf(given: string | URL): string | undefined {
  try {
    const { origin } = new URL(given);
    return origin === 'null' ? undefined : origin;
  } catch {
    return undefined;
  }
}

/** A client or pool of one origin is not told the origin with each request; then the URL is not known here, unless the host says. */
function callOptions(
  { origin: told, path, method, query }: UndiciDispatchOptions,
  resendCount: number,
  ownOrigin: string | URL | undefined,
): UpstreamCallOptions {
  const origin = told ?? ownOrigin;
  if (origin === undefined || origin === null || typeof path !== 'string') return { method, resendCount };
  try {
    const url = new URL(path.startsWith('/') ? `${new URL(origin).origin}${path}` : path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, String(value));
    return { method, resendCount, url };
  } catch {
    return { method, resendCount };
  }
}
