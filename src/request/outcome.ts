/** The outcome table: what an ending means, the same for span, log record and metrics. */
import type { ResponseSource } from '../model/finished-request.js';
import type { Outcome } from '../model/outcome.js';
import { CLIENT_DISCONNECT, SHUTDOWN } from './error-type.js';

const INFO = 9;
const WARN = 13;
const ERROR = 17;

/** What is known of an ending. */
export interface EndingFacts {
  /** The status sent to the client, if one was. */
  readonly statusCode: number | undefined;
  /** The answer went out whole. */
  readonly complete: boolean;
  /** What broke it, if it is not complete. */
  readonly brokenBy: string | undefined;
  /** What the gateway recorded as its own trouble. */
  readonly recordedError: string | undefined;
  /** Why no upstream was left to answer, which its calls have told before the end. */
  readonly lostUpstreamBy: string | undefined;
  /** What the upstream answered. */
  readonly upstreamStatusCode: number | undefined;
}

function outcome(statusCode: number | undefined, severityNumber: number, errorType?: string): Outcome {
  const isError = errorType !== undefined;
  if (statusCode === undefined)
    return isError ? { errorType, isError, severityNumber } : { isError, severityNumber };
  return isError
    ? { statusCode, errorType, isError, severityNumber }
    : { statusCode, isError, severityNumber };
}

/** Outcomes without a cause depend on the status alone: one frozen object each, so that a request makes none. */
const PLAIN: readonly Outcome[] = Array.from({ length: 1000 }, (_, status) => {
  const severityNumber = status < 400 ? INFO : status < 500 ? WARN : ERROR;
  return Object.freeze(outcome(status, severityNumber, status < 500 ? undefined : String(status)));
});
const NO_STATUS: Outcome = Object.freeze(outcome(undefined, INFO));

/** A complete answer. A 5xx that the upstream gave is named by its code, one of the gateway's own by its cause. */
function completeOutcome(facts: EndingFacts, statusCode: number | undefined): Outcome {
  if (statusCode === undefined) return NO_STATUS;
  if (statusCode >= 500 && facts.recordedError !== undefined && facts.upstreamStatusCode !== statusCode) {
    return outcome(statusCode, ERROR, facts.recordedError);
  }
  // Frameworks refuse statuses beyond three digits; a host that calls `end` itself may not.
  return PLAIN[statusCode] ?? outcome(statusCode, ERROR, String(statusCode));
}

export function outcomeOf(facts: EndingFacts, clientDisconnect: 'error' | 'unset'): Outcome {
  if (facts.complete) return completeOutcome(facts, facts.statusCode);
  // What the gateway recorded explains its own breaking off, not that the client left, which is what it was for, nor that
  // nobody was there any more to see the end. But a proxy that leaves its client waiting when the upstream has failed is
  // left for that.
  const { brokenBy } = facts;
  const explained =
    brokenBy === CLIENT_DISCONNECT
      ? facts.lostUpstreamBy
      : brokenBy === SHUTDOWN
        ? undefined
        : facts.recordedError;
  const errorType = explained ?? brokenBy ?? CLIENT_DISCONNECT;
  if (errorType === CLIENT_DISCONNECT && clientDisconnect === 'unset')
    return completeOutcome(facts, facts.statusCode);
  return outcome(facts.statusCode, ERROR, errorType);
}

/** Who has made the answer: `upstream` where what was sent is the status that the upstream gave. */
export function sourceOf(
  statusCode: number | undefined,
  upstreamStatusCode: number | undefined,
): ResponseSource | undefined {
  if (statusCode === undefined) return undefined;
  return statusCode === upstreamStatusCode ? 'upstream' : 'gateway';
}
