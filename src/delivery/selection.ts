/** Which records one destination takes, where it does not take all of them. */
import type { OutgoingRecord } from '../model/delivery.js';
import type { FinishedRequest } from '../model/finished-request.js';
import { createRatioSampler, type RatioSampler } from '../model/ratio-sampler.js';
import type { KeepDecision, OnRuleFault, RequestSubject, ResolvedSelection } from '../model/selection.js';
import type { Signal } from '../model/signal.js';
import { textId } from './text-id.js';

/** From here on no log record is sampled away. */
const SEVERITY_WARN = 13;

/** What the destinations of an instance choose by. */
export interface SelectionHome {
  /** `sampling.keep`: for the operator's destinations that have none of their own. */
  readonly keep: KeepDecision | undefined;
  /** What ratios decide on where an untrusted caller has chosen the trace id. */
  keyedId(traceId: string): string;
  /** Whether one has; asked of records without a request: CLIENT and custom spans, webhooks, security events. */
  isIdChosen(traceId: string): boolean;
}

const TAKES_ALL: ResolvedSelection = {
  tracesRatio: undefined,
  keep: undefined,
  logsRatio: undefined,
  filter: undefined,
  minSeverity: undefined,
};

/** `undefined`: it takes everything that was sampled. */
export function createSelection(
  resolved: ResolvedSelection | undefined,
  home: SelectionHome,
  isOperator: boolean,
  onFault: OnRuleFault,
): Selection | undefined {
  const keep = isOperator ? (resolved?.keep ?? home.keep) : undefined;
  if (resolved === undefined && keep === undefined) return undefined;
  return new Selection(resolved ?? TAKES_ALL, keep, home, onFault);
}

export class Selection {
  /** CLIENT spans have to wait for the end of their request. */
  readonly choosesByRequest: boolean;
  readonly keepsUnsampled: boolean;
  readonly #resolved: ResolvedSelection;
  readonly #keep: KeepDecision | undefined;
  readonly #tracesSay: RatioSampler | undefined;
  readonly #logsSay: RatioSampler | undefined;
  readonly #home: SelectionHome;
  readonly #onFault: OnRuleFault;

  constructor(
    resolved: ResolvedSelection,
    keep: KeepDecision | undefined,
    home: SelectionHome,
    onFault: OnRuleFault,
  ) {
    this.#resolved = resolved;
    this.#keep = keep;
    this.#home = home;
    this.#onFault = onFault;
    const { tracesRatio, logsRatio, filter } = resolved;
    this.#tracesSay = tracesRatio === undefined ? undefined : createRatioSampler(tracesRatio);
    this.#logsSay = logsRatio === undefined ? undefined : createRatioSampler(logsRatio);
    this.keepsUnsampled = keep !== undefined;
    this.choosesByRequest = filter !== undefined || (tracesRatio !== undefined && keep !== undefined);
  }

  takes(signal: Signal, record: OutgoingRecord, request: RequestSubject | undefined): boolean {
    if (request !== undefined && !this.#wants(request)) return false;
    if (signal === 'logs') return this.#takesLog(record, request);
    if (this.#tracesSay === undefined || this.#tracesSay(this.#idOf(record, request))) return true;
    // What comes to the operator comes with the whole request.
    return request !== undefined && this.#keeps(request as FinishedRequest);
  }

  /** Of a request that was not sampled. */
  takesUnsampled(request: FinishedRequest): boolean {
    return this.#keeps(request) && this.#wants(request);
  }

  #wants(request: RequestSubject): boolean {
    return this.#resolved.filter?.(request, this.#onFault) ?? true;
  }

  #keeps(request: FinishedRequest): boolean {
    return this.#keep?.(request, this.#onFault) ?? false;
  }

  #takesLog(record: OutgoingRecord, request: RequestSubject | undefined): boolean {
    const { severityNumber = 0 } = record;
    const { minSeverity = 0 } = this.#resolved;
    // One without a severity has not said that it is unimportant.
    if (severityNumber > 0 && severityNumber < minSeverity) return false;
    return (
      this.#logsSay === undefined ||
      severityNumber >= SEVERITY_WARN ||
      this.#logsSay(this.#idOf(record, request))
    );
  }

  /** What a ratio decides on: 32 hex digits. */
  #idOf({ traceId }: OutgoingRecord, request: RequestSubject | undefined): string {
    if (traceId) {
      const isIdChosen = request === undefined ? this.#home.isIdChosen(traceId) : request.isIdChosen;
      return isIdChosen ? this.#home.keyedId(traceId) : traceId;
    }
    return textId(request?.requestId);
  }
}
