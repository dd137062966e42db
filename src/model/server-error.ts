/** Errors of the gateway itself, for trackers such as Sentry: what a listener is told of an exchange that ended with one. */

/** One exchange that ended with a 5xx, or without any answer through a fault of the gateway. Nothing of it is kept. */
export interface ServerError {
  /**
   * What was thrown, as it is: neither redacted nor cut, and of any type. The exchange's own (`recordError`, `end({ error })`, or
   * what an adapter saw), else that of the last upstream call. `undefined`: there was none.
   */
  readonly error: unknown;
  /** `exchange.errorId`: 32 lower hex digits. */
  readonly errorId: string;
  /** What was sent to the client; absent when nothing was. */
  readonly statusCode?: number;
  /** Whose answer the client has got: with `upstream` the gateway has only passed the 5xx on. Absent where none was sent. */
  readonly responseSource?: 'gateway' | 'upstream';
  /** `error.type`, as on the records. */
  readonly errorType: string;
  readonly tenantId?: string;
  /** What `exchange.setUserId` said. */
  readonly userId?: string;
  readonly requestId: string;
  /** A known method, or `_OTHER`. */
  readonly method: string;
  /** Without query; secrets in it redacted, as in `url.path`. */
  readonly path: string;
  /** The route name, falling back to the route template. */
  readonly routeName?: string;
  /** Epoch milliseconds: the end of the exchange. */
  readonly timeMs: number;
  readonly environment?: string;
}

/**
 * Told of each server error, synchronously and once, on the way of the request's end: it should do little. What it throws, and
 * a promise of it that is rejected, is reported as `callback_failed` and harms nobody.
 */
export type ServerErrorListener = (error: ServerError) => void;
