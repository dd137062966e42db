/** What tells the operator why a request, or a call at its upstream, has failed: log events, and events of the span. */
import { STATUS_CODES } from 'node:http';
import { readException, type ExceptionDetail, type ExceptionFacts } from '../model/exception.js';
import type { FinishedRequest, RequestException, RequestSink } from '../model/finished-request.js';
import { hrTimeOf } from '../model/hr-time.js';
import { ABORTED } from './aborted.js';
import { CLIENT_DISCONNECT, OTHER_ERROR, SHUTDOWN } from './error-type.js';
import type { ExchangeSpan } from './exchange-span.js';

export interface ExceptionHome {
  readonly exceptions: ExceptionDetail;
  readonly sink: RequestSink;
}

/** An error, or whatever else was thrown, and no name for `error.type`. */
export function isException(error: unknown, errorType: string): boolean {
  return (typeof error === 'object' && error !== null) || errorType === OTHER_ERROR;
}

/** The exceptions of one exchange's upstream calls. Of a call: at most one. */
export class CallExceptions {
  /** Of the last call that failed, unless another has got an answer since. */
  last: ExceptionFacts | undefined;
  readonly #told = new WeakSet<object>();

  /** The call's exception; `undefined` where it has none, or where an earlier call had the same one. */
  read(error: unknown, errorType: string, stackTraces: boolean): ExceptionFacts | undefined {
    if (ABORTED.has(errorType) || !isException(error, errorType)) return undefined;
    if (typeof error === 'object' && error !== null) {
      if (this.#told.has(error)) return undefined;
      this.#told.add(error);
    }
    return (this.last = readException(error, stackTraces));
  }

  forgetLast(): void {
    this.last = undefined;
  }

  /** Whether it is one of those, or wraps one, as `fetch` does. */
  includes(thrown: unknown): boolean {
    if (typeof thrown !== 'object' || thrown === null) return false;
    if (this.#told.has(thrown)) return true;
    try {
      const { cause } = thrown as { readonly cause?: unknown };
      return typeof cause === 'object' && cause !== null && this.#told.has(cause);
    } catch {
      return false;
    }
  }
}

/** What was thrown explains a failure only: of a request that came out well, or that its client left, nothing is told. */
export function tellException(
  { exceptions, sink }: ExceptionHome,
  finished: FinishedRequest,
  span: ExchangeSpan | undefined,
  thrown: unknown,
  calls: CallExceptions | undefined,
): void {
  const { outcome } = finished;
  const { errorType, isError } = outcome;
  if (!isError || errorType === CLIENT_DISCONNECT || errorType === SHUTDOWN) return;
  const logs = exceptions.logs && sink.wantsExceptions();
  const spanEvents = exceptions.spanEvents && span !== undefined;
  if (!logs && !spanEvents) return;
  const isOfCall = thrown === undefined || calls?.includes(thrown) === true;
  const exception = isOfCall ? calls?.last : readException(thrown, exceptions.stackTraces);
  if (exception === undefined || saysNoMore(exception, outcome.statusCode)) return;
  if (spanEvents && !span.hasException(thrown)) span.addException(exception, hrTimeOf(finished.endMs));
  // That of a call has a log event already.
  if (!logs || isOfCall) return;
  const { requestId, tenantId, routeName, traceId, spanId, traceFlags } = finished;
  const caught: RequestException = {
    side: 'server',
    timeMs: finished.endMs,
    requestId,
    tenantId,
    routeName,
    errorType,
    exception,
    traceId,
    spanId,
    traceFlags,
  };
  sink.exceptionCaught(caught, finished);
}

/** Frameworks throw statuses: an error with the words of its status is no news. */
function saysNoMore({ message }: ExceptionFacts, statusCode: number | undefined): boolean {
  return statusCode !== undefined && message === STATUS_CODES[statusCode];
}
