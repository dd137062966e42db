/** Which records a destination gets, when it was configured to get fewer than all. Metrics are never selected. */
import type { FinishedRequest } from './finished-request.js';

/** The facts of a request that filters and ratios look at. */
export type RequestSubject = Pick<
  FinishedRequest,
  'method' | 'path' | 'routeName' | 'requestId' | 'traceId' | 'isIdChosen'
>;

/** What the host has to be told when a function of its own threw or gave no boolean. */
export type OnRuleFault = () => void;

/** Whether the request's trace is kept although it was not sampled. Never throws; a function of the host's is asked once. */
export type KeepDecision = (request: FinishedRequest, onFault: OnRuleFault) => boolean;

/** Whether the request's records are wanted. Never throws; a function of the host's is asked once. */
export type RequestFilter = (request: RequestSubject, onFault: OnRuleFault) => boolean;

/** `sampling` and `filter` of a destination, checked. */
export interface ResolvedSelection {
  /** Of the traces that were sampled. */
  readonly tracesRatio: number | undefined;
  /** In place of the instance's. */
  readonly keep: KeepDecision | undefined;
  /** Of the log records below WARN. */
  readonly logsRatio: number | undefined;
  readonly filter: RequestFilter | undefined;
  /** Log records below have no business there. */
  readonly minSeverity: number | undefined;
}
