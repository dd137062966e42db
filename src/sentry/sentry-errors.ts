/** Error reports: listens to one instance of telemetry, and sends what it is told to Sentry. */
import { randomUUID } from 'node:crypto';
import { fault } from '../model/configuration-error.js';
import type { ServerError } from '../model/server-error.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import { Account, type Outcome } from './account.js';
import { sendSynchronously } from './crash-sender.js';
import { DebugIds } from './debug-ids.js';
import { parseDsn, type Dsn } from './dsn.js';
import { eventOfCrash, eventOfError, type SentryEvent } from './event.js';
import { createHostTarget } from './host-target.js';
import { loadSentry } from './load-sentry.cjs';
import type { SentryErrors, SentryErrorsOptions, SentryTimeout } from './options.js';
import { createPrivateTarget } from './private-target.js';
import { createProblems, type Problems } from './problems.js';
import { watchProcess } from './process-errors.js';
import { Rate } from './rate.js';
import { redactedEvent } from './redact.js';
import { ReportQueue } from './report-queue.js';
import type { SentrySdk } from './sdk.js';
import { OVERRIDDEN, resolveSettings, type SentrySettings } from './settings.js';
import { inTime, type Target } from './target.js';

/** As Sentry's own default for the end of a process. */
const DEFAULT_TIMEOUT_MS = 2_000;
/** What the old project has to take what waits for it. */
const DRAIN_MS = 2_000;

const UNAVAILABLE =
  'needs the package @sentry/node, version 8 to 11, which is not installed or cannot be loaded; no error report is sent';

/**
 * Reports the server errors of an instance of telemetry to Sentry, with OTLP export on or off. Makes a private client, without
 * `Sentry.init`: a Sentry of the host's is neither used nor changed, and no handler of the process and no header is touched. Throws a
 * `ConfigurationError` on a faulty option, and where a DSN was given and `@sentry/node` is not installed; faults of the environment
 * are reported instead.
 */
export function sentryErrors(telemetry: GatewayTelemetry, options?: SentryErrorsOptions): SentryErrors {
  if (typeof (telemetry as Partial<GatewayTelemetry> | undefined)?.onServerError !== 'function')
    throw fault('telemetry', 'must be what createGatewayTelemetry gave');
  const settings = resolveSettings(options, telemetry.service);
  const reports = new Reports(settings);
  reports.begin(telemetry);
  return {
    setDsn: (dsn) => reports.setDsn(dsn),
    status: () => reports.status(),
    flush: (given) => reports.flush(timeoutOf(given)),
    close: (given) => reports.close(timeoutOf(given)),
  };
}

class Reports {
  readonly #settings: SentrySettings;
  readonly #problems: Problems;
  readonly #account: Account;
  readonly #rate: Rate;
  readonly #debugIds = new DebugIds();
  readonly #queue = new ReportQueue((error, target) => this.#send(error, target));
  readonly #settled = (outcome: Outcome): void => this.#account.settle(outcome);
  /** Old ones that are being drained. */
  readonly #draining = new Set<Promise<unknown>>();
  #dsn: Dsn | undefined;
  #target: Target | undefined;
  #stops: (() => void)[] = [];
  #closing: Promise<boolean> | undefined;

  constructor(settings: SentrySettings) {
    this.#settings = settings;
    this.#problems = createProblems(settings.onDiagnostic);
    this.#account = new Account((reason) => this.#problems.lost(reason));
    this.#rate = new Rate(settings.maxReportsPerMinute, performance.now());
    const { client, dsn, isDsnOfEnvironment } = settings;
    if (client !== undefined) this.#target = createHostTarget(client, this.#settled);
    else if (dsn !== undefined) {
      this.#open(dsn);
      if (this.#target === undefined && !isDsnOfEnvironment) throw fault('dsn', UNAVAILABLE);
    }
    for (const notice of settings.notices) this.#problems.notice(notice);
  }

  begin(telemetry: GatewayTelemetry): void {
    this.#stops.push(telemetry.onServerError((error) => this.#caught(error)));
    if (this.#settings.capturesProcessErrors)
      this.#stops.push(watchProcess((thrown, origin, lives) => this.#crashed(thrown, origin, lives)));
  }

  /** On the way of a request's end: no more than this. */
  #caught(error: ServerError): void {
    const target = this.#target;
    if (target === undefined || !this.#isReported(error)) return;
    this.#account.reported++;
    if (!this.#rate.take(performance.now())) this.#account.drop('rate_limited');
    else if (!this.#queue.add(error, target)) this.#account.drop('queue_full');
  }

  #isReported({ error, responseSource }: ServerError): boolean {
    return error !== undefined || (this.#settings.reportsAll && responseSource !== 'upstream');
  }

  #send(error: ServerError, target: Target): void {
    this.#sendEvent(target, () => eventOfError(error, this.#settings.facts, target.parse));
  }

  #sendEvent(target: Target, make: () => SentryEvent): void {
    const event = this.#built(make, target);
    if (typeof event === 'string') this.#account.drop(event);
    else target.send(event);
  }

  #built(make: () => SentryEvent, target: Target): ReturnType<typeof redactedEvent> {
    try {
      const event = make();
      const images = this.#debugIds.imagesOf(event.exception?.values ?? [], target.parse);
      if (images.length > 0) event.debug_meta = { images };
      return redactedEvent(event, this.#settings.redact);
    } catch {
      return 'internal_error';
    }
  }

  #crashed(thrown: unknown, origin: string, lives: boolean): void {
    const target = this.#target;
    if (target === undefined) return;
    const { facts, processErrorTimeoutMs } = this.#settings;
    const errorId = randomUUID().replaceAll('-', '');
    const make = (): SentryEvent => eventOfCrash(thrown, origin, errorId, Date.now(), facts, target.parse);
    this.#account.reported++;
    if (lives) {
      if (this.#rate.take(performance.now())) this.#sendEvent(target, make);
      else this.#account.drop('rate_limited');
      return;
    }
    const event = this.#built(make, target);
    if (typeof event === 'string') return this.#account.drop(event);
    const { dsn } = target;
    const isSent = dsn !== undefined && sendSynchronously(dsn, event, processErrorTimeoutMs);
    this.#account.settle(isSent ? 'sent' : 'network');
  }

  setDsn(value: string | null): void {
    if (this.#settings.client !== undefined)
      throw fault('setDsn', 'has no DSN to change: reports go through the client that was given');
    const dsn = value === null ? undefined : parseDsn(value, 'setDsn');
    if (this.#closing !== undefined) return;
    if (this.#settings.isDsnOfEnvironment) {
      if (dsn?.text !== this.#settings.dsn?.text) this.#problems.notice(OVERRIDDEN);
      return;
    }
    if (dsn?.text === this.#dsn?.text && (dsn === undefined) === (this.#target === undefined)) return;
    this.#drain(this.#target);
    this.#target = undefined;
    this.#dsn = undefined;
    if (dsn !== undefined) this.#open(dsn);
  }

  #open(dsn: Dsn): void {
    let sdk: SentrySdk;
    try {
      sdk = asSdk(loadSentry());
      this.#target = createPrivateTarget(sdk, dsn, this.#settled);
      this.#dsn = dsn;
    } catch {
      this.#problems.notice({ code: 'sentry_unavailable', message: `gateway-otel/sentry ${UNAVAILABLE}` });
    }
  }

  #drain(target: Target | undefined): void {
    if (target === undefined) return;
    const draining = this.#queue.idle().then(() => target.close(DRAIN_MS, 'dsn_changed'));
    this.#draining.add(draining);
    void draining.finally(() => this.#draining.delete(draining));
  }

  status(): ReturnType<SentryErrors['status']> {
    const { reported, sent, dropped, waiting } = this.#account;
    const enabled = this.#target !== undefined && this.#closing === undefined;
    return { enabled, reported, sent, dropped, waiting, notices: this.#problems.notices() };
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    const leftMs = (): number => Math.max(0, endMs - performance.now());
    await inTime(leftMs(), this.#queue.idle(), undefined);
    const isFlushed = (await this.#target?.flush(leftMs())) ?? true;
    await inTime(leftMs(), Promise.all(this.#draining), undefined);
    return isFlushed && this.#account.waiting === 0;
  }

  close(timeoutMs: number): Promise<boolean> {
    return (this.#closing ??= this.#close(timeoutMs));
  }

  async #close(timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    for (const stop of this.#stops) stop();
    this.#stops = [];
    const target = this.#target;
    await inTime(timeoutMs, this.#queue.idle(), undefined);
    const isAll = (await target?.close(Math.max(0, endMs - performance.now()), 'closed')) ?? true;
    await inTime(Math.max(0, endMs - performance.now()), Promise.all(this.#draining), undefined);
    this.#target = undefined;
    return isAll && this.#account.waiting === 0;
  }
}

/** Of versions 8 to 11. */
function asSdk(loaded: Readonly<Record<string, unknown>>): SentrySdk {
  for (const name of ['NodeClient', 'defaultStackParser', 'makeNodeTransport'])
    if (typeof loaded[name] !== 'function') throw new TypeError(`@sentry/node has no ${name}`);
  return loaded as unknown as SentrySdk;
}

function timeoutOf(options: SentryTimeout | undefined): number {
  const given = options?.timeoutMs;
  // Node fires timers beyond 2^31 - 1 ms at once.
  return typeof given === 'number' && given >= 0 ? Math.min(given, 2_147_483_647) : DEFAULT_TIMEOUT_MS;
}
