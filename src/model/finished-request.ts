/** What the request stage hands over when an exchange has ended: immutable, the source of all its records. */
import type { Attributes } from './attributes.js';
import type { BodySizes } from './body-sizes.js';
import type { ExceptionFacts } from './exception.js';
import type { GovernanceFacts } from './governance.js';
import type { MetricFacts } from './metric-facts.js';
import type { Outcome } from './outcome.js';
import type { SpanRecord } from './records.js';

/** Whose answer the client has got. */
export type ResponseSource = 'gateway' | 'upstream';

/** One finished request. */
export interface FinishedRequest {
  /** Epoch milliseconds, with a fraction. */
  readonly startMs: number;
  readonly endMs: number;
  /** `endMs - startMs`, from the monotonic clock, or, with `longLived: 'headers'`, the time to the first byte. Never negative. */
  readonly latencyMs: number;
  /** Until the head of the answer was written; `undefined` where none was, or nobody saw it. */
  readonly timeToFirstByteMs: number | undefined;
  /** Counted where `bodySizes` asks for it. */
  readonly bodySizes: BodySizes | undefined;
  /** A known method, or `_OTHER`. */
  readonly method: string;
  /** Path without query, capped. */
  readonly path: string;
  readonly outcome: Outcome;
  /** `undefined` where no status was sent. The operator's affair alone. */
  readonly responseSource: ResponseSource | undefined;
  readonly requestId: string;
  readonly tenantId: string | undefined;
  /** Where the host has asked for it, or an error listener was told. The operator's affair alone. */
  readonly errorId: string | undefined;
  /** It brought telemetry of this very tenant, who has aimed it here: recorded for the operator alone, or it would go on for ever. */
  readonly isOwnExport: boolean;
  /** The route name, falling back to the route template. */
  readonly routeName: string | undefined;
  readonly environment: string | undefined;
  /** The upstream asked, else the host asked for. */
  readonly serverAddress: string | undefined;
  /** Ids for the log record; empty where there are none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** An untrusted caller has chosen the trace id: ratios decide on a keyed hash of it. */
  readonly isIdChosen: boolean;
  /** Custom attributes of the operator's log record. */
  readonly operatorAttributes: Attributes | undefined;
  /** Custom attributes of everyone's log record. */
  readonly tenantAttributes: Attributes | undefined;
  /** Custom attributes over the limit: all, and those that the tenant would have seen. */
  readonly droppedAttributes: number;
  readonly droppedTenantAttributes: number;
  /** What policies, costs and evaluations the host has told. The operator's affair alone. */
  readonly governance: GovernanceFacts | undefined;
  /** Present where a metric asks for it. */
  readonly metricFacts: MetricFacts | undefined;
  /** Its trace was not sampled, and is kept all the same. */
  readonly isKeptLate: boolean;
  /** The finished SERVER span, if one is to be exported. */
  readonly span: SpanRecord | undefined;
}

/** Why a request or one of its upstream calls failed. The operator's affair alone. */
export interface RequestException {
  /** `server`: the request. `client`: a call at its upstream. */
  readonly side: 'server' | 'client';
  readonly timeMs: number;
  readonly requestId: string;
  /** As far as they were known. */
  readonly tenantId: string | undefined;
  readonly routeName: string | undefined;
  readonly errorType: string | undefined;
  readonly exception: ExceptionFacts;
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Takes finished requests. Called synchronously, once per request and upstream call; must not throw. */
export interface RequestSink {
  requestFinished(request: FinishedRequest): void;
  /** A CLIENT span. Where destinations choose by the request (`choosesByRequest`), it comes with it, once that has ended. */
  upstreamCallFinished(span: SpanRecord, request?: FinishedRequest): void;
  /** A destination chooses spans by the request that they belong to, so CLIENT spans have to wait for its end. */
  readonly choosesByRequest: boolean;
  /** A destination may keep traces that were not sampled, so their spans have to be made. */
  readonly keepsUnsampled: boolean;
  /** Whether one keeps this one, which was not sampled. */
  keeps(request: FinishedRequest): boolean;
  /** A span of an unsampled request that is kept. */
  spanKept(span: SpanRecord, request: FinishedRequest): void;
  /** Before the request, or the call, that it belongs to. `request`: the one that has ended with it. */
  exceptionCaught(exception: RequestException, request?: FinishedRequest): void;
  /** Whether anybody wants those now. */
  wantsExceptions(): boolean;
}
