/** The outcome table: what an ending means, the same for span, log record and metrics. */
import type { Outcome } from '../model/outcome.js';
import { CLIENT_DISCONNECT } from './error-type.js';

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
  /** What the upstream answered. */
  readonly upstreamStatusCode: number | undefined;
}

function outcome(statusCode: number | undefined, severityNumber: number, errorType?: string): Outcome {
  return {
    ...(statusCode !== undefined && { statusCode }),
    ...(errorType !== undefined && { errorType }),
    isError: errorType !== undefined,
    severityNumber,
  };
}

/** A complete answer. A 5xx that the upstream gave is named by its code, one of the gateway's own by its cause. */
function completeOutcome(facts: EndingFacts, statusCode: number | undefined): Outcome {
  if (statusCode === undefined || statusCode < 400) return outcome(statusCode, INFO);
  if (statusCode < 500) return outcome(statusCode, WARN);
  const ownCause = facts.upstreamStatusCode === statusCode ? undefined : facts.recordedError;
  return outcome(statusCode, ERROR, ownCause ?? String(statusCode));
}

export function outcomeOf(facts: EndingFacts, clientDisconnect: 'error' | 'unset'): Outcome {
  if (facts.complete) return completeOutcome(facts, facts.statusCode);
  const errorType = facts.recordedError ?? facts.brokenBy ?? CLIENT_DISCONNECT;
  if (errorType === CLIENT_DISCONNECT && clientDisconnect === 'unset')
    return completeOutcome(facts, facts.statusCode);
  return outcome(facts.statusCode, ERROR, errorType);
}
