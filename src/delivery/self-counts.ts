/** What delivery tells the operator of itself: one component for each of the operator's destinations, one for all tenants. */
import type { Ledger } from '../model/ledger.js';
import type { SelfCounts } from '../model/self-counts.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { Outbox } from './outbox.js';
import type { Owner } from './owner.js';
import type { Totals } from './totals.js';

/** The conventions' names of exporters. */
const EXPORTERS: Readonly<Record<Signal, string>> = {
  traces: 'otlp_http_span_exporter',
  logs: 'otlp_http_log_exporter',
  metrics: 'otlp_http_metric_exporter',
};
/** What never reached the exporter; the conventions have one name for it. */
const BEFORE_THE_EXPORTER = new Set([
  'queue_full',
  'budget_full',
  'memory_pressure',
  'disabled',
  'unrouted',
  'redacted',
  'redaction_failed',
]);

function failures({ dropped, rejected }: Ledger): Readonly<Record<string, number>> {
  const failed: Record<string, number> = {};
  for (const [reason, items] of Object.entries(dropped)) {
    const errorType = BEFORE_THE_EXPORTER.has(reason) ? 'queue_full' : reason;
    failed[errorType] = (failed[errorType] ?? 0) + items;
  }
  if (rejected > 0) failed['rejected'] = rejected;
  return failed;
}

function countsOf(
  signal: Signal,
  owner: string,
  ledger: Ledger,
  inFlight: number,
  queueCapacity: number,
): SelfCounts {
  return {
    componentName: `${EXPORTERS[signal]}/${owner}`,
    signal,
    exported: ledger.delivered,
    failed: failures(ledger),
    inFlight,
    queueItems: ledger.buffered - inFlight,
    queueCapacity,
  };
}

function ofDestination(outbox: Outbox, capacity: number): SelfCounts[] {
  const ledgers = outbox.ledgers();
  return SIGNALS.flatMap((signal) => {
    const ledger = ledgers[signal];
    if (ledger === undefined) return [];
    const counts = countsOf(
      signal,
      `operator.${outbox.name}`,
      ledger,
      outbox.inFlightItems(signal),
      outbox.wants(signal) ? capacity : 0,
    );
    const url = outbox.url(signal);
    if (url === undefined) return [counts];
    const serverPort = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    return [{ ...counts, serverAddress: url.hostname, serverPort }];
  });
}

/** How many items the queues may hold: of all tenants together, and of each of the operator's destinations. */
export interface QueueCapacities {
  readonly ofTenants: number;
  readonly ofDestination: number;
}

export function selfCounts(
  operator: Owner,
  tenants: Totals,
  { ofTenants, ofDestination: ofOne }: QueueCapacities,
): readonly SelfCounts[] {
  const totals = tenants.ledgers();
  const pooled = SIGNALS.flatMap((signal) => {
    const ledger = totals[signal];
    if (ledger === undefined) return [];
    return [countsOf(signal, 'tenants', ledger, tenants.inFlightItems(signal), ofTenants)];
  });
  return [...operator.outboxes.flatMap((outbox) => ofDestination(outbox, ofOne)), ...pooled];
}
