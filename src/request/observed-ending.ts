/** The end of a response, as whoever watches it sees it. */
import type { ReadableHeaders } from '../model/exchange.js';

/** How an adapter saw the response end. */
export interface ObservedEnding {
  /** The status that was sent; `undefined` when none was. */
  readonly statusCode: number | undefined;
  readonly complete: boolean;
  /** `error.type` of what broke it, when it is not complete. */
  readonly brokenBy: string | undefined;
  /** Of the answer, where the host tells them. */
  readonly headers?: ReadableHeaders | undefined;
  /** When it was, where that is not now. */
  readonly endMonotonicMs?: number;
}

/** The response of an exchange, as its observer knows it. */
export interface WatchedResponse {
  /** `undefined`: no head has been sent. */
  statusSent(): number | undefined;
  /** Of the head as it went out; only where `spanAttributes` asks for any. */
  headersSent?(): ReadableHeaders | undefined;
}
