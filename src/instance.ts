/** One instance as its host holds it: checks what it is told, and passes it on to the stages. */
import { ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { DEFAULTS } from './config/defaults.js';
import { asObject, asOneOf, checkFields } from './config/checks.js';
import { resolveDestination } from './config/destination.js';
import { effectiveOperator } from './config/operator.js';
import type { Reporter } from './config/reporter.js';
import { resolveOperator, type Settings } from './config/resolve.js';
import type { Delivery } from './delivery/delivery.js';
import type { DestinationTests } from './delivery/destination-test.js';
import { fault } from './model/configuration-error.js';
import type { DestinationTestOptions, DestinationTestResult } from './model/destination-test.js';
import type { Destination, Destinations, TenantRecord } from './model/destination.js';
import type { EgressPolicy } from './model/egress.js';
import type { Audience } from './model/resolved-destination.js';
import type {
  DestinationStateListener,
  FlushOptions,
  FlushResult,
  TelemetryStatus,
  TenantStatus,
} from './model/status.js';
import type { ServerErrorListener } from './model/server-error.js';
import type { ServiceIdentity } from './model/service-identity.js';
import type { GatewayTelemetry } from './model/telemetry.js';
import { isTenantId } from './model/tenant-id.js';
import type { EventStage } from './request/event-stage.js';
import type { ExchangeHome } from './request/exchange-home.js';
import type { RequestStage } from './request/request-stage.js';
import type { GuardedSpanProcessors } from './request/span-processors.js';
import type { CustomSignals } from './signals/custom.js';

/** The part of a shutdown's time that the operator has before the tenants' turn comes in any case. */
const OPERATOR_ALONE = 0.5;
/** The part of a flush's or shutdown's time that resource detectors may take: what waits for them has to be sent as well. */
const DETECTION_SHARE = 0.5;
/** The part of a shutdown's time that answers may take which have passed and are still being decoded; mostly it is milliseconds. */
const DECODING_SHARE = 0.1;

/** Without the tenants of the beginning, which may be gone. */
export type KeptSettings = Omit<Settings, 'tenants'>;

/** What the composition root has built. */
export interface Parts {
  readonly settings: KeptSettings;
  readonly reporter: Reporter;
  readonly delivery: Delivery;
  onDestinationState(listener: DestinationStateListener): () => void;
  readonly destinationTests: DestinationTests;
  readonly stage: RequestStage;
  readonly events: EventStage;
  readonly custom: CustomSignals;
  readonly home: ExchangeHome;
  readonly processors: GuardedSpanProcessors;
  /** Somebody is shown the spans of finished requests: the console, or `onRequestSpans`. */
  readonly showsSpans: boolean;
  /** Ready-made exporters that are being shut down. */
  readonly closingExporters: ReadonlySet<Promise<void>>;
  /** The first exports wait for the resource detectors: for at most so long from now on. */
  endDetectionWithin(timeoutMs: number): void;
  onShutdown(): void;
  /** Everything is over. */
  onClosed(): void;
}

/**
 * Private fields, so that neither inspection nor serialisation shows what it holds; functions instead of methods, because
 * hosts pass them on alone, as in `process.once('SIGTERM', telemetry.shutdown)`.
 */
export class Instance implements GatewayTelemetry {
  readonly #parts: Parts;
  readonly begin: GatewayTelemetry['begin'];
  readonly instrument: GatewayTelemetry['instrument'];
  readonly current: GatewayTelemetry['current'];
  readonly of: GatewayTelemetry['of'];
  readonly webhook: GatewayTelemetry['webhook'];
  readonly genAi: GatewayTelemetry['genAi'];
  readonly securityEvent: GatewayTelemetry['securityEvent'];
  #ending: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.begin = parts.stage.begin;
    this.instrument = parts.stage.instrument;
    this.current = parts.stage.current;
    this.of = parts.stage.of;
    this.webhook = parts.events.webhook;
    this.genAi = parts.events.genAi;
    this.securityEvent = parts.events.securityEvent;
  }

  get tracer(): GatewayTelemetry['tracer'] {
    return this.#parts.custom.tracer;
  }

  get logger(): GatewayTelemetry['logger'] {
    return this.#parts.custom.logger;
  }

  get meter(): GatewayTelemetry['meter'] {
    return this.#parts.custom.meter;
  }

  readonly setOperator = (destinations: Destinations): void => {
    const { settings, reporter, delivery } = this.#parts;
    refuseNothing('setOperator', destinations);
    const resolved = resolveOperator(destinations);
    if (!this.#isChangeable()) return;
    const effective = effectiveOperator(resolved, settings.environmentSettings);
    reporter.operatorNotices(effective.notices);
    delivery.setOperator(effective.destinations);
  };

  readonly setTenant = (tenantId: string, destinations: Destinations): void => {
    if (!isTenantId(tenantId))
      throw fault('setTenant', 'needs a tenant id that is a string of 1 to 128 bytes');
    refuseNothing('setTenant', destinations);
    const { settings, delivery } = this.#parts;
    const before = delivery.configured(tenantId);
    const resolved = settings.tenantResolver.resolve(destinations, `tenants.${tenantId}`, before);
    if (this.#isChangeable()) delivery.setTenant(tenantId, resolved);
  };

  readonly setTenants = (tenants: TenantRecord, options?: { readonly force?: boolean }): void => {
    refuseNothing('setTenants', tenants);
    const { settings, delivery } = this.#parts;
    const resolved = settings.tenantResolver.resolveAll(tenants, 'tenants', (id) => delivery.configured(id));
    if (this.#isChangeable()) delivery.setTenants(resolved, options?.force === true);
  };

  readonly refreshTenant = async (tenantId: string): Promise<void> => {
    if (isTenantId(tenantId) && this.#isChangeable()) await this.#parts.delivery.refreshTenant(tenantId);
  };

  /** Rejects with what `setTenant` or `setOperator` would throw, but for what `tenantEgress` refuses: that is `blocked`. */
  readonly testDestination = async (
    destination: Destination,
    options?: DestinationTestOptions,
  ): Promise<DestinationTestResult> => {
    const audience = audienceOf(options);
    const resolved =
      audience === 'operator'
        ? resolveDestination(destination, 'destination', audience)
        : resolveDestination(
            destination,
            'destination',
            audience,
            judgedLater(this.#parts.settings.tenantEgress),
          );
    return this.#parts.destinationTests.run(resolved, audience);
  };

  /** A disabled or ended instance checks what it is told, and stays off. */
  #isChangeable(): boolean {
    return !this.#parts.settings.environmentSettings.sdkDisabled && this.#ending === undefined;
  }

  readonly status = ((tenantId?: string): TelemetryStatus | TenantStatus => {
    const { delivery, home, processors, reporter, showsSpans } = this.#parts;
    if (tenantId !== undefined) return delivery.tenantStatus(tenantId);
    return {
      enabled: this.#isChangeable() && (delivery.wanted.anything || processors.any || showsSpans),
      ...delivery.status(),
      openExchanges: home.openExchanges.size,
      notices: reporter.notices(),
    };
  }) as GatewayTelemetry['status'];

  readonly onDestinationState = (listener: DestinationStateListener): (() => void) => {
    if (typeof listener !== 'function') throw fault('onDestinationState', 'must be a function');
    return this.#parts.onDestinationState(listener);
  };

  readonly onServerError = (listener: ServerErrorListener): (() => void) => {
    if (typeof listener !== 'function') throw fault('onServerError', 'must be a function');
    return this.#parts.home.serverErrors.add(listener);
  };

  get service(): ServiceIdentity {
    const { serviceName: name, resourceAttributes, environment } = this.#parts.settings;
    const version = resourceAttributes[ATTR_SERVICE_VERSION];
    return { name, version: typeof version === 'string' ? version : undefined, environment };
  }

  readonly flush = async (options?: FlushOptions): Promise<FlushResult> => {
    const { delivery, processors } = this.#parts;
    const timeoutMs = timeoutOf(options);
    this.#endClosingCalls();
    this.#parts.endDetectionWithin(timeoutMs * DETECTION_SHARE);
    const work = this.#ending ?? Promise.all([delivery.flush(), processors.forceFlush()]);
    await withinTime(timeoutMs, work);
    return delivery.result();
  };

  /** A later call joins the end under way, within its own time. */
  readonly shutdown = async (options?: FlushOptions): Promise<FlushResult> => {
    const timeoutMs = timeoutOf(options);
    await withinTime(timeoutMs, (this.#ending ??= this.#beginToEnd(timeoutMs)));
    return this.#parts.delivery.result();
  };

  /** Known as the end before the host's own parts are told of it: one of them may call `shutdown` in its turn. */
  #beginToEnd(timeoutMs: number): Promise<void> {
    let ended = (): void => undefined;
    this.#ending = new Promise<void>((resolve) => (ended = resolve));
    void this.#shutdown(timeoutMs).then(ended, ended);
    return this.#ending;
  }

  #endClosingCalls(): void {
    const { closingCalls } = this.#parts.home;
    for (const calls of closingCalls) calls.endOpen();
    closingCalls.clear();
  }

  async #shutdown(timeoutMs: number): Promise<void> {
    const { delivery, processors, closingExporters, onShutdown, onClosed } = this.#parts;
    const endMs = performance.now() + timeoutMs;
    const decoded = this.#parts.home.decodings.idle();
    if (decoded !== undefined) await withinTime(timeoutMs * DECODING_SHARE, decoded);
    onShutdown();
    this.#parts.endDetectionWithin(timeoutMs * DETECTION_SHARE);
    this.#parts.home.openExchanges.endAll();
    this.#endClosingCalls();
    const drained = delivery.drain(timeoutMs * OPERATOR_ALONE);
    await withinTime(timeoutMs, Promise.all([drained, processors.flushAndShutdown()]));
    delivery.close();
    processors.shutdownRest();
    await withinTime(Math.max(0, endMs - performance.now()), Promise.all(closingExporters));
    onClosed();
  }
}

/** `undefined` is a mistyped name more often than it is meant, and would switch everything off. */
function refuseNothing(call: string, value: unknown): void {
  if (value === undefined) throw fault(call, 'needs destinations, or null for none');
}

function audienceOf(options: DestinationTestOptions | undefined): Audience {
  if (options === undefined) return 'tenant';
  const given = asObject(options, 'testDestination options');
  checkFields(given, 'testDestination options', ['as']);
  const { as = 'tenant' } = given;
  return asOneOf<Audience>(as, 'testDestination options.as', ['tenant', 'operator']);
}

/** What the policy refuses is an answer to whoever asks for a test, and no fault of the code. */
function judgedLater(egress: EgressPolicy): EgressPolicy {
  return { ...egress, refusalOf: () => undefined };
}

function timeoutOf(options: FlushOptions | undefined): number {
  const given = options?.timeoutMs;
  // Node fires timers beyond 2^31 - 1 ms at once.
  return typeof given === 'number' && given >= 0 ? Math.min(given, 2_147_483_647) : DEFAULTS.flushTimeoutMs;
}

/** Resolves with the work or with the deadline, whichever is first; never rejects. The timer keeps the process alive. */
async function withinTime(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), deadline]);
  clearTimeout(timer);
}
