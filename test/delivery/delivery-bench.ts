/** The delivery stage without sockets: a clock, a memory and senders of the test's own; its ticks are real, and quick. */
import { resolveDestinations } from '../../src/config/destination.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { resolveDelivery } from '../../src/config/queues.js';
import { createDelivery, type Delivery, type DeliveryOptions } from '../../src/delivery/delivery.js';
import type {
  Destination,
  DestinationStateEvent,
  Diagnostic,
  QueueOptions,
  Signal,
} from '../../src/index.js';
import type { MetricSource, OutgoingBatch, SendResult } from '../../src/model/delivery.js';
import type { ResolvedDestination } from '../../src/model/resolved-destination.js';
import { createEnvelopes } from '../../src/otlp/encoders.js';
import { RESOURCE } from './lane-bench.js';

const FLUSH_INTERVAL_MS = 50;

/** Nothing is ever measured. */
const noMetrics: MetricSource = {
  mark: () => ({ release: () => undefined }),
  openReading: () => ({ hasNews: () => false, take: () => [], close: () => undefined }),
  sweep: () => [].values(),
};

export interface Sent {
  readonly url: string;
  readonly signal: Signal;
  readonly items: number;
}

export interface DeliveryBench {
  readonly delivery: Delivery;
  readonly diagnostics: readonly Diagnostic[];
  readonly events: readonly DestinationStateEvent[];
  readonly sent: readonly Sent[];
  nowMs: number;
  memoryShare: number;
  answer(batch: OutgoingBatch): SendResult | Promise<SendResult>;
}

/** The operator's, for logs and spans. */
export const operatorAt = (host: string): readonly ResolvedDestination[] =>
  resolveDestinations({ endpoint: `http://${host}`, signals: { metrics: false } }, 'operator', 'operator');

/** A tenant's, for logs. */
export const tenantAt = (host: string, more: Partial<Destination> = {}): readonly ResolvedDestination[] =>
  resolveDestinations(
    { endpoint: `http://${host}`, signals: { metrics: false }, ...more },
    `tenants.${host}`,
    'tenant',
    resolveTenantEgress('open'),
  );

export interface BenchParts {
  readonly operator?: readonly ResolvedDestination[];
  readonly tenants?: Readonly<Record<string, readonly ResolvedDestination[]>>;
  readonly tenantLookup?: DeliveryOptions['tenantLookup'];
  readonly queues?: QueueOptions;
  readonly maxBytesOfAllTenants?: number;
}

export function startDelivery(parts: BenchParts): DeliveryBench {
  const diagnostics: Diagnostic[] = [];
  const events: DestinationStateEvent[] = [];
  const sent: Sent[] = [];
  const bench: Omit<DeliveryBench, 'delivery'> = {
    diagnostics,
    events,
    sent,
    nowMs: 1_000,
    memoryShare: 0,
    answer: () => ({ kind: 'delivered', rejected: 0 }),
  };
  const queues = { flushIntervalMs: FLUSH_INTERVAL_MS, ...parts.queues };
  const { maxBytesOfAllTenants } = parts;
  const delivery = createDelivery({
    envelopes: createEnvelopes(),
    metrics: noMetrics,
    customMetrics: {
      collect: () => Promise.resolve(false),
      openReading: () => ({ hasNews: () => false, take: () => [], close: () => undefined }),
    },
    bounds: resolveDelivery({
      operator: queues,
      tenants: queues,
      ...(maxBytesOfAllTenants !== undefined && { maxBytesOfAllTenants }),
    }),
    openSender: (target) => ({
      update: () => undefined,
      close: () => undefined,
      async send(batch) {
        const url = target.kind === 'otlp' ? String(target.url) : '';
        sent.push({ url, signal: batch.signal, items: batch.items });
        return bench.answer(batch);
      },
    }),
    monotonicMs: () => bench.nowMs,
    epochMs: () => bench.nowMs,
    report: (diagnostic) => diagnostics.push(diagnostic),
    onState: (event) => events.push(event),
    resourceFor: () => RESOURCE,
    openOwnReadings: () => [],
    keep: undefined,
    keyedId: (traceId) => traceId,
    isIdChosen: () => false,
    operator: parts.operator ?? [],
    tenants: new Map(Object.entries(parts.tenants ?? {})),
    tenantLookup: parts.tenantLookup,
    tenantTtlMs: 60_000,
    metricIntervalMs: 86_400_000,
    resolveTenant: (answer) => (answer ?? []) as never,
    memoryShare: () => bench.memoryShare,
  });
  return Object.assign(bench, { delivery });
}
