/** A finished request goes out: its exception, its span, its records, in the order in which each needs the one before. */
import type { Attributes } from '../model/attributes.js';
import type { ReadableHeaders, UpstreamFacts } from '../model/exchange.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { Arrival } from './arrival.js';
import { tellException } from './exceptions.js';
import type { ExchangeHome } from './exchange-home.js';
import type { ExchangeSpan } from './exchange-span.js';
import type { ExchangeTrace } from './exchange-trace.js';
import { finishSpan, tellHostSpan } from './finish-span.js';
import { serverErrorOf } from './server-errors.js';
import type { UpstreamCalls } from './upstream-calls.js';

/** The one object for everybody, by which hosts' functions are asked once. */
export type HandedOver = FinishedRequest & { isKeptLate: boolean };

/** What belongs to a finished request and only its spans and exceptions tell. */
export interface HandOverFacts {
  readonly arrival: Arrival;
  readonly trace: ExchangeTrace;
  /** `undefined`: no SERVER span of our own. */
  readonly span: ExchangeSpan | undefined;
  readonly calls: UpstreamCalls | undefined;
  readonly thrown: unknown;
  readonly userId: string | undefined;
  /** It is an error of the gateway's, and somebody listens for those. */
  readonly isTold: boolean;
  readonly httpRoute: string | undefined;
  readonly upstream: UpstreamFacts | undefined;
  /** Of the answer; `undefined` where nobody wants any. */
  readonly headers: ReadableHeaders | undefined;
}

export function handOver(home: ExchangeHome, finished: HandedOver, facts: HandOverFacts): void {
  const { arrival, trace, span, calls, httpRoute, upstream } = facts;
  if (finished.outcome.isError) tellException(home, finished, span, facts.thrown, calls?.seenExceptions);
  const isLate = span?.isSampled === false && home.sink.keeps(finished);
  finished.isKeptLate = isLate;
  const { hostSpan } = trace;
  if (span !== undefined && (span.isSampled || isLate)) {
    const marks = marksOf(home, calls?.droppedSpans ?? 0, isLate);
    finishSpan(home, arrival, span, finished, httpRoute, upstream, facts.headers, marks);
    // One that was not sampled is worth its attributes only if somebody keeps it.
  } else if (span !== undefined) span.finish(span.name, finished.endMs);
  else if (hostSpan !== undefined)
    tellHostSpan(home, arrival, hostSpan, finished, httpRoute, upstream, finished);
  try {
    home.sink.requestFinished(finished);
  } finally {
    calls?.settle(finished, isLate);
    if (isLate) home.sink.spanKept(span, finished);
    if (facts.isTold) tellServerError(home, finished, facts);
  }
}

function tellServerError(
  { serverErrors }: ExchangeHome,
  finished: HandedOver,
  { thrown, calls, userId }: HandOverFacts,
): void {
  const { errorId } = finished;
  if (errorId !== undefined)
    serverErrors.tell(serverErrorOf(finished, errorId, userId, thrown ?? calls?.thrown));
}

/** What the span says of its trace. The limits are for attributes of the host's. */
function marksOf({ names }: ExchangeHome, droppedSpans: number, isLate: boolean): Attributes | undefined {
  if (droppedSpans === 0 && !isLate) return undefined;
  return {
    ...(droppedSpans > 0 && { [names.droppedClientSpans]: droppedSpans }),
    ...(isLate && { [names.lateKept]: true }),
  };
}
