/**
 * What a destination is told beside the metrics of requests: a tenant of its calls to models, if it is to know of them, and of its own
 * losses; the operator of its further metrics, and, who asks for it, of everything about the delivery itself.
 */
import type { MetricMark, MetricReading, OwnReadingRequest } from '../model/delivery.js';
import type { DropReason, Ledgers } from '../model/ledger.js';
import type { Loss } from '../model/loss.js';
import type { SelfCounts } from '../model/self-counts.js';
import { SIGNALS } from '../model/signal.js';
import { createLossReading, type LossSource } from './loss-metrics.js';
import { createSelfReading } from './self-metrics.js';

export interface OwnReadingOptions extends LossSource {
  /** `undefined`: the operator does not want them. */
  readonly selfCounts: (() => readonly SelfCounts[]) | undefined;
  /** What the operator gets beside the request metrics. */
  openFurtherReadings(temporality: 'cumulative' | 'delta'): readonly MetricReading[];
  /** What a tenant gets beside them. */
  openCallReadings(
    tenantId: string,
    temporality: 'cumulative' | 'delta',
    mark: MetricMark | undefined,
  ): readonly MetricReading[];
  /** When the instance was made. */
  readonly bornMs: number;
}

function* lossesIn(ledgers: Ledgers): Generator<Loss> {
  for (const signal of SIGNALS) {
    const ledger = ledgers[signal];
    if (ledger === undefined) continue;
    if (ledger.rejected > 0) yield { signal, reason: 'rejected', items: ledger.rejected };
    for (const [reason, items] of Object.entries(ledger.dropped))
      yield { signal, reason: reason as DropReason, items };
  }
}

export function createOwnReadings(
  options: OwnReadingOptions,
): (request: OwnReadingRequest, mark: MetricMark | undefined) => readonly MetricReading[] {
  return (request, mark) => {
    const { tenantId, temporality, sinceMs } = request;
    if (tenantId !== undefined)
      return [
        ...options.openCallReadings(tenantId, temporality, mark),
        createLossReading(options, temporality, () => lossesIn(request.ledgers()), sinceMs),
      ];
    const further = options.openFurtherReadings(temporality);
    return options.selfCounts === undefined
      ? further
      : [...further, createSelfReading(options, options.selfCounts, options.bornMs)];
  };
}
