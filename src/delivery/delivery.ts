/** The delivery stage: where records are handed over, and the live configuration of where they go. */
import type { CustomMetricSource, Intake, OutgoingRecord, Wanted } from '../model/delivery.js';
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { FlushResult, TelemetryStatus, TenantStatus } from '../model/status.js';
import { MAX_TICK_MS } from './bounds.js';
import { Budget } from './budget.js';
import type { OutboxHome } from './outbox.js';
import { Owner } from './owner.js';
import { createScheduler } from './scheduler.js';
import { Tenants } from './tenants.js';

export interface DeliveryOptions extends Omit<OutboxHome, 'scheduler' | 'budget'> {
  readonly operator: readonly ResolvedDestination[];
  readonly tenants: ReadonlyMap<string, readonly ResolvedDestination[]>;
  readonly tenantLookup: TenantLookup | undefined;
  readonly tenantTtlMs: number;
  readonly metricIntervalMs: number;
  readonly customMetrics: CustomMetricSource;
  resolveTenant(tenantId: string, answer: Destinations | undefined): readonly ResolvedDestination[];
}

export interface Delivery extends Intake {
  setOperator(destinations: readonly ResolvedDestination[]): void;
  setTenant(tenantId: string, destinations: readonly ResolvedDestination[]): void;
  setTenants(tenants: ReadonlyMap<string, readonly ResolvedDestination[]>, force: boolean): void;
  refreshTenant(tenantId: string): Promise<void>;
  status(): Pick<TelemetryStatus, 'operator' | 'tenants' | 'memory'>;
  tenantStatus(tenantId: string): TenantStatus;
  /** Takes a reading and tries everything once. Never rejects; the caller brings the deadline. */
  flush(): Promise<void>;
  /** Whatever is left is counted and let go. */
  close(): void;
  result(): FlushResult;
}

const NOTHING: Wanted = {
  anything: false,
  operatorTraces: false,
  operatorLogs: false,
  operatorMetrics: false,
};

export function createDelivery(options: DeliveryOptions): Delivery {
  const { operator: ofOperator, tenants: ofTenants } = options.bounds;
  // As often as the more impatient of them wants; a queue whose records are younger waits for a later tick.
  const tickMs = Math.min(ofOperator.flushIntervalMs, ofTenants.flushIntervalMs, MAX_TICK_MS);
  const scheduler = createScheduler(tickMs, () => tenants.askForWaiting());
  const budget = new Budget(options.bounds.maxBytesOfAllTenants);
  const home: OutboxHome = { ...options, scheduler, budget };
  const operator = new Owner(home, undefined);
  const tenants: Tenants = new Tenants({
    home,
    lookup: options.tenantLookup,
    ttlMs: options.tenantTtlMs,
    resolve: (id, answer) => options.resolveTenant(id, answer),
  });
  let wanted = NOTHING;
  let closed = false;

  const refreshWanted = (): void => {
    const wantsOperator = operator.outboxes.some((outbox) => outbox.lanes().length > 0);
    wanted = {
      anything: wantsOperator || tenants.any,
      operatorTraces: operator.wants('traces'),
      operatorLogs: operator.wants('logs'),
      operatorMetrics: operator.wants('metrics'),
    };
  };

  const takeReadings = (): void => {
    options.metrics.sweep(options.epochMs());
    operator.takeReadings();
    tenants.takeReadings();
  };
  /** Apart, because a host's observable callback may take its time. */
  const takeCustomReadings = async (): Promise<void> => {
    if (!operator.wants('metrics')) return;
    const readings = await options.customMetrics.collect();
    if (closed) return;
    for (const outbox of operator.outboxes) outbox.addCustomReadings(readings);
  };

  operator.set(options.operator);
  for (const [id, destinations] of options.tenants) tenants.set(id, destinations);
  refreshWanted();
  scheduler.every(options.metricIntervalMs, () => {
    takeReadings();
    void takeCustomReadings();
  });

  const countLate = (signal: 'traces' | 'logs'): void => {
    const account = operator.retired(signal);
    account.accepted++;
    account.drop('shutdown', 1);
  };

  return {
    get wanted() {
      return wanted;
    },
    operator(signal: 'traces' | 'logs', record: OutgoingRecord) {
      if (closed) countLate(signal);
      else operator.add(signal, record);
    },
    tenant: (tenantId) => tenants.intake(tenantId),
    setOperator(destinations) {
      operator.set(destinations);
      refreshWanted();
    },
    setTenant(tenantId, destinations) {
      tenants.set(tenantId, destinations);
      refreshWanted();
    },
    setTenants(next, force) {
      tenants.replace(next, force);
      refreshWanted();
    },
    refreshTenant: (tenantId) => tenants.refresh(tenantId),
    status: () => ({
      operator: operator.outboxes.map((outbox) => outbox.status()),
      tenants: { count: tenants.count, totals: tenants.totals() },
      memory: {
        operatorMaxBytes:
          operator.outboxes.reduce((sum, outbox) => sum + outbox.lanes().length, 0) * ofOperator.maxBytes,
        tenantsBytes: budget.bytes,
        tenantsMaxBytes: budget.maxBytes,
      },
    }),
    tenantStatus: (tenantId) => tenants.status(tenantId),
    async flush() {
      takeReadings();
      const custom = takeCustomReadings().then(() => operator.flush());
      await Promise.all([operator.flush(), tenants.flush(), custom]);
    },
    close() {
      closed = true;
      operator.close('shutdown');
      tenants.close();
      scheduler.close();
    },
    result() {
      const totals = { operator: operator.totals(), tenants: tenants.totals() };
      const left = [...Object.values(totals.operator), ...Object.values(totals.tenants)];
      return { complete: left.every((ledger) => ledger.buffered === 0), ...totals };
    },
  };
}
