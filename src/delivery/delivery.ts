/** The delivery stage: where records are handed over, and the live configuration of where they go. */
import type { Intake, OutgoingRecord, Wanted } from '../model/delivery.js';
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { SelfCounts } from '../model/self-counts.js';
import { SIGNALS } from '../model/signal.js';
import type { FlushResult, TelemetryStatus, TenantStatus } from '../model/status.js';
import { MAX_TENANT_REQUESTS, MAX_TICK_MS, TICKS_PER_FLUSH } from './bounds.js';
import { admissionFor, exportsOf, look } from './admission.js';
import { Budget } from './budget.js';
import type { OutboxHome } from './outbox.js';
import { Owner } from './owner.js';
import { memoryShare, OPERATOR_SHARE, Pressure, TENANTS_SHARE } from './pressure.js';
import { createScheduler } from './scheduler.js';
import { selfCounts } from './self-counts.js';
import { Tenants } from './tenants.js';
import { Totals } from './totals.js';

/** What delivery makes for itself. */
type Made = 'scheduler' | 'budget' | 'totals' | 'admission' | 'pressure' | 'onGivenUp';

export interface DeliveryOptions extends Omit<OutboxHome, Made> {
  readonly operator: readonly ResolvedDestination[];
  readonly tenants: ReadonlyMap<string, readonly ResolvedDestination[]>;
  readonly tenantLookup: TenantLookup | undefined;
  readonly tenantTtlMs: number;
  readonly metricIntervalMs: number;
  /** Checks a lookup's answer; the same list again where it says the same. */
  resolveTenant(
    answer: Destinations | undefined,
    before: readonly ResolvedDestination[],
  ): readonly ResolvedDestination[];
  /** Share of the memory limit in use. Default: this process's. */
  readonly memoryShare?: () => number;
}

export interface Delivery extends Intake {
  setOperator(destinations: readonly ResolvedDestination[]): void;
  setTenant(tenantId: string, destinations: readonly ResolvedDestination[]): void;
  setTenants(tenants: ReadonlyMap<string, readonly ResolvedDestination[]>, force: boolean): void;
  refreshTenant(tenantId: string): Promise<void>;
  /** What was last set for a tenant, or looked up. */
  configured(tenantId: string): readonly ResolvedDestination[] | undefined;
  status(): Pick<TelemetryStatus, 'operator' | 'tenants' | 'memory'>;
  tenantStatus(tenantId: string): TenantStatus;
  /** For the operator's metrics about the delivery. */
  selfCounts(): readonly SelfCounts[];
  /** Takes a reading and tries everything once. Never rejects; the caller brings the deadline. */
  flush(): Promise<void>;
  /** The same, the operator first: tenants follow when it is done, or after so long. */
  drain(operatorAloneMs: number): Promise<void>;
  /** Whatever is left is counted and let go. */
  close(): void;
  result(): FlushResult;
}

const NOTHING: Wanted = {
  anything: false,
  operatorTraces: false,
  operatorLogs: false,
  operatorMetrics: false,
  spansByRequest: false,
  unsampledSpans: false,
};

const WHAT_IS_SHED = {
  high: "the operator's queues, and tenants together, have half their room",
  critical: "tenants' records and the operator's, except errors, are dropped",
} as const;

/** What is configured at first is not kept: it may be removed. */
export function createDelivery({
  operator: atFirst,
  tenants: tenantsAtFirst,
  ...options
}: DeliveryOptions): Delivery {
  const { operator: ofOperator, tenants: ofTenants } = options.bounds;
  // A part of what the more impatient of them waits for, so that no record waits for much longer than that.
  const tickMs = Math.min(
    Math.min(ofOperator.flushIntervalMs, ofTenants.flushIntervalMs) / TICKS_PER_FLUSH,
    MAX_TICK_MS,
  );
  const { report } = options;
  const monotonicMs = (): number => options.monotonicMs();
  const scheduler = createScheduler({
    tickMs,
    monotonicMs,
    onTick() {
      pressure.check();
      const isMoreToCome = look(admission);
      return tenants.askForWaiting() || isMoreToCome || pressure.level !== 'none';
    },
    onError: () => report({ code: 'internal_error', message: 'Work of the delivery failed' }),
  });
  const budget = new Budget(options.bounds.maxBytesOfAllTenants);
  const pressure: Pressure = new Pressure({
    read: options.memoryShare ?? memoryShare,
    monotonicMs,
    onChange: (level) => {
      operator.limitQueues(OPERATOR_SHARE[level], 'memory_pressure');
      budget.limit(TENANTS_SHARE[level], 'memory_pressure');
      if (level === 'none') return;
      report({ code: 'memory_pressure', message: `Memory is short: ${WHAT_IS_SHED[level]}` });
    },
  });
  const totals = new Totals();
  const admission = admissionFor(options.bounds.cpuShareOfTenants, monotonicMs, scheduler.tick);
  const home: OutboxHome = {
    ...options,
    scheduler,
    budget,
    totals,
    admission,
    pressure,
    onGivenUp: () => refreshWanted(),
  };
  const operator = new Owner(home, undefined);
  const tenants: Tenants = new Tenants({
    home,
    lookup: options.tenantLookup,
    ttlMs: options.tenantTtlMs,
    resolve: (answer, before) => options.resolveTenant(answer, before),
  });
  let wanted = NOTHING;
  let closed = false;

  const refreshWanted = (): void => {
    wanted = {
      // What only drains a former place wants nothing any more.
      anything: tenants.any || SIGNALS.some((signal) => operator.wants(signal)),
      operatorTraces: operator.wants('traces'),
      operatorLogs: operator.wants('logs'),
      operatorMetrics: operator.wants('metrics'),
      spansByRequest: operator.choosesSpans('choosesByRequest'),
      unsampledSpans: operator.choosesSpans('keepsUnsampled'),
    };
  };

  let taking: Promise<void> | undefined;
  /** In slices; who asks while one is under way gets that one. */
  const takeReadings = (): Promise<void> => {
    taking ??= scheduler
      .inSlices(options.metrics.sweep())
      .then(() => scheduler.inSlices(operator.takeReadings()))
      .then(() => scheduler.inSlices(tenants.takeReadings()))
      .finally(() => (taking = undefined));
    return taking;
  };
  /** Apart, because a host's observable callback may take its time. */
  const takeCustomReadings = async (): Promise<void> => {
    if (!operator.wants('metrics')) return;
    const isThere = await options.customMetrics.collect();
    if (!isThere || closed) return;
    for (const outbox of operator.outboxes) outbox.takeCustomReading();
  };

  const setOperator = (destinations: readonly ResolvedDestination[]): void => {
    operator.open();
    operator.set({ destinations, byHand: true });
    refreshWanted();
  };

  setOperator(atFirst);
  for (const [id, destinations] of tenantsAtFirst) tenants.set(id, destinations);
  refreshWanted();
  scheduler.every(options.metricIntervalMs, () => {
    void takeReadings();
    void takeCustomReadings();
  });

  const isShed = (record: OutgoingRecord): boolean => pressure.level === 'critical' && !record.isError;

  const memory = (): TelemetryStatus['memory'] => {
    const lanes = operator.lanes();
    const operatorMaxBytes = lanes.length * ofOperator.maxBytes;
    const sendingMaxBytes =
      lanes.length * ofOperator.maxInFlight * ofOperator.maxBatchBytes +
      (tenants.any ? MAX_TENANT_REQUESTS * Math.min(ofTenants.maxBatchBytes, ofTenants.maxBytes) : 0);
    const tenantsMaxBytes = tenants.any ? budget.maxBytes : 0;
    return {
      operatorBytes: lanes.reduce((sum, lane) => sum + lane.queue.bytes, 0),
      operatorMaxBytes,
      tenantsBytes: budget.bytes,
      tenantsMaxBytes,
      sendingMaxBytes,
      maxBytes: operatorMaxBytes + tenantsMaxBytes + sendingMaxBytes,
    };
  };

  return {
    get wanted() {
      return wanted;
    },
    operator(signal: 'traces' | 'logs', record: OutgoingRecord, request?: FinishedRequest) {
      if (closed) operator.retired.of(signal).refuse('shutdown', 1);
      else if (isShed(record)) operator.refuse(signal, 'memory_pressure', record, request);
      else operator.add(signal, record, request);
    },
    refuseOperator(signal, reason, record, request) {
      if (closed) operator.retired.of(signal).refuse('shutdown', 1);
      else operator.refuse(signal, reason, record, request);
    },
    keeps: (request) => operator.takesUnsampled(request),
    late: (record, request, refusal) =>
      operator.addUnsampled(record, request, refusal ?? (isShed(record) ? 'memory_pressure' : undefined)),
    tenant: (tenantId) => tenants.intake(tenantId),
    setOperator,
    setTenant(tenantId, destinations) {
      tenants.set(tenantId, destinations);
      refreshWanted();
    },
    setTenants(next, force) {
      tenants.replace(next, force);
      refreshWanted();
    },
    refreshTenant: (tenantId) => tenants.refresh(tenantId),
    configured: (tenantId) => tenants.configured(tenantId),
    status: () => ({
      operator: operator.outboxes.map((outbox) => outbox.status()),
      tenants: { count: tenants.count, totals: totals.ledgers(), exports: exportsOf(admission) },
      memory: memory(),
    }),
    tenantStatus: (tenantId) => tenants.status(tenantId),
    selfCounts: () =>
      selfCounts(operator, totals, {
        ofTenants: tenants.count * ofTenants.maxItems,
        ofDestination: ofOperator.maxItems,
      }),
    async flush() {
      // One that is under way has passed by some already.
      await taking;
      await takeReadings();
      const custom = takeCustomReadings().then(() => operator.flush());
      await Promise.all([operator.flush(), tenants.flush(), custom]);
    },
    async drain(operatorAloneMs) {
      const own = scheduler.inSlices(operator.takeReadings()).then(() => operator.flush());
      const custom = takeCustomReadings().then(() => operator.flush());
      const ofOperator = Promise.all([own, custom]);
      let timer: NodeJS.Timeout | undefined;
      const alone = new Promise<void>((resolve) => {
        timer = scheduler.outside(() => setTimeout(resolve, operatorAloneMs));
      });
      await Promise.race([ofOperator, alone]);
      clearTimeout(timer);
      await scheduler.inSlices(tenants.takeReadings());
      await Promise.all([ofOperator, tenants.flush()]);
    },
    close() {
      closed = true;
      operator.close('shutdown');
      tenants.close();
      scheduler.close();
    },
    result() {
      const ofOwners = { operator: operator.totals(), tenants: totals.ledgers() };
      const left = [...Object.values(ofOwners.operator), ...Object.values(ofOwners.tenants)];
      return { complete: left.every((ledger) => ledger.buffered === 0), ...ofOwners };
    },
  };
}
