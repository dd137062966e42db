/** One exchange from begin to end: gathers facts while the request runs, hands over one finished request. */
import { trace as apiTrace } from '@opentelemetry/api';
import type {
  Attributes as ApiAttributes,
  AttributeValue as ApiAttributeValue,
  Context,
  Span,
} from '@opentelemetry/api';
import type { AttributeValue } from '../model/attributes.js';
import type {
  EmitterLike,
  EndOptions,
  Exchange,
  ReadableHeaders,
  UpstreamCall,
  UpstreamCallOptions,
  UpstreamFacts,
  WritableHeaders,
} from '../model/exchange.js';
import type { GovernanceNames } from '../model/governance-names.js';
import type { MetricFacts } from '../model/metric-facts.js';
import type { Arrival } from './arrival.js';
import { bindEmitter } from './bind-emitter.js';
import type { BodyCount } from './body-sizes.js';
import { NO_RESPONSE, SHUTDOWN } from './error-type.js';
import { ExchangeFacts } from './exchange-facts.js';
import type { ExchangeHome } from './exchange-home.js';
import { cleanStatus } from './limits.js';
import { ExchangeSpan, KIND_SERVER } from './exchange-span.js';
import { linksOf, traceparentOf, type ExchangeTrace } from './exchange-trace.js';
import { tellHostSpan } from './finish-span.js';
import type { FactEvent } from './governance.js';
import { handOver, type HandedOver } from './hand-over.js';
import { removeLoopHeader } from './loop-header.js';
import { spanMethod } from './methods.js';
import type { ObservedEnding, WatchedResponse } from './observed-ending.js';
import type { OpenExchange } from './open-exchanges.js';
import { outcomeOf, sourceOf } from './outcome.js';
import { responseHeadersOf } from './response-headers.js';
import { isServerError } from './server-errors.js';
import { arrivalAttributes } from './span-attributes.js';
import { ageAt } from './start-time.js';
import { injectFor } from './upstream-call.js';
import { UpstreamCalls } from './upstream-calls.js';

export class LiveExchange extends ExchangeFacts implements Exchange, OpenExchange {
  readonly span: Span;
  readonly requestId: string;
  /** Fills what is still unset from the adapter's options, just before the end, whoever ends it. */
  completer: ((exchange: LiveExchange, part?: 'tenant') => void) | undefined;
  /** What an adapter watches for the end. */
  watched: WatchedResponse | undefined;
  bodies: BodyCount | undefined;
  previousOpen: OpenExchange | undefined;
  nextOpen: OpenExchange | undefined;
  #context: Context | undefined;
  readonly #home: ExchangeHome;
  readonly #arrival: Arrival;
  readonly #serverSpan: ExchangeSpan | undefined;
  readonly #trace: ExchangeTrace;
  #calls: UpstreamCalls | undefined;
  readonly #startMonotonicMs: number;
  #headMonotonicMs: number | undefined;
  readonly #startMs: number;

  constructor(
    home: ExchangeHome,
    arrival: Arrival,
    trace: ExchangeTrace,
    recording: boolean,
    requestId: string,
    startTimeMs: number | undefined,
  ) {
    super(recording, home.report, home.limits.log);
    this.#home = home;
    this.#arrival = arrival;
    this.#trace = trace;
    this.requestId = requestId;
    const now = home.clock.monotonicMs();
    const nowMs = home.clock.epochMs(now);
    const age = ageAt(nowMs, startTimeMs);
    this.#startMonotonicMs = now - age;
    this.#startMs = nowMs - age;
    if (trace.hostSpan !== undefined) {
      this.span = trace.hostSpan.span;
    } else if (trace.isOwn && (trace.sampled === true || home.sink.keepsUnsampled)) {
      this.#serverSpan = this.#startSpan();
      this.span = this.#serverSpan;
    } else {
      this.span = apiTrace.wrapSpanContext(trace.spanContext);
    }
    if (recording) home.openExchanges.add(this);
  }

  #startSpan(): ExchangeSpan {
    const home = this.#home;
    const { spanContext, parent, carried } = this.#trace;
    const name = spanMethod(this.#arrival.method);
    const span = new ExchangeSpan(home, KIND_SERVER, name, spanContext, parent, this.#startMs);
    if (carried !== undefined && carried.links.length > 0) span.addLinks(linksOf(this.#trace));
    // A processor is promised nothing that it would not see the end of.
    if (home.processors.any && span.isSampled) {
      span.complete(arrivalAttributes(this.#arrival));
      home.processors.onStart(span, home.contexts.active());
    }
    return span;
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  get spanId(): string {
    return this.#trace.spanId;
  }

  get traceparent(): string {
    return traceparentOf(this.#trace);
  }

  /** For what belongs to the request's trace and is not part of the request. */
  get trace(): ExchangeTrace {
    return this.#trace;
  }

  get clientAddress(): string | undefined {
    return this.#arrival.forwardedAddress ?? this.#arrival.peerAddress;
  }

  isOf(home: ExchangeHome): boolean {
    return home === this.#home;
  }

  get isOver(): boolean {
    return this.ended;
  }

  /** As far as it can be known now: what the adapter's option says before the end is not yet the exchange's own. */
  get tenantSoFar(): string | undefined {
    if (this.ended || this.tenantIsSet || this.tenantId !== undefined) return this.tenantId;
    this.completer?.(this, 'tenant');
    const { tenantId } = this;
    // The callback itself may have set it.
    if (!this.tenantIsSet) this.tenantId = undefined;
    return tenantId;
  }

  protected override onCustomAttribute(key: string, value: AttributeValue): void {
    this.#serverSpan?.setAttribute(key, value as ApiAttributeValue);
    this.#trace.hostSpan?.setAttribute(key, value);
  }

  protected override onFact(event: FactEvent): void {
    const span = this.#serverSpan;
    if (event !== undefined) {
      span?.addEvent(event.name, event.attributes as ApiAttributes);
      this.#trace.hostSpan?.addEvent(event.name, event.attributes);
    } else if (span !== undefined) {
      span.droppedEventsCount++;
    }
  }

  protected override get governanceNames(): GovernanceNames {
    return this.#home.names.governance;
  }

  inject(headers: WritableHeaders): void {
    if (this.#arrival.loopToken !== undefined && !this.#home.isSilent) removeLoopHeader(headers);
    injectFor(this.#home, this.#trace, this.#trace.spanId, headers);
  }

  startUpstreamCall(options?: UpstreamCallOptions): UpstreamCall {
    return this.calls.start(options, this.ended || !this.recording);
  }

  /** Also of calls to models, whose spans go where those of attempts at upstreams go. */
  get calls(): UpstreamCalls {
    return (this.#calls ??= new UpstreamCalls({
      home: this.#home,
      trace: this.#trace,
      arrival: this.#arrival,
      requestId: this.requestId,
      span: this.span,
      mayBeKept: this.#serverSpan !== undefined,
    }));
  }

  responseHeaders(): Readonly<Record<string, string>> {
    return responseHeadersOf(this.#home.responseHeaders, this.#trace);
  }

  traceIds(): Readonly<Record<string, string>> {
    return this.#home.propagation.traceIds(this.#trace.traceId, this.#trace.carried);
  }

  run<T>(fn: () => T): T {
    const { contexts } = this.#home;
    this.#context ??= contexts.of(this, this.#home.isSilent ? undefined : this.span);
    return contexts.with(this.#context, fn);
  }

  bind<T extends EmitterLike>(emitter: T): T {
    return bindEmitter(emitter, this, this.#home.boundEmitters);
  }

  end(options?: EndOptions): void {
    if (this.ended) return;
    let statusCode: number | undefined;
    let headers: ReadableHeaders | undefined;
    let failed = false;
    try {
      statusCode = cleanStatus(options?.statusCode);
      const error = options?.error;
      headers = options?.headers;
      failed = error !== undefined && error !== null;
      if (failed && this.recordedError === undefined) this.recordError(error);
    } catch {
      this.unreadable('end');
    }
    // An error beside a 4xx or 5xx explains that status; beside anything else it broke the answer.
    const complete = statusCode !== undefined && (!failed || statusCode >= 400);
    this.finish({ statusCode, complete, brokenBy: NO_RESPONSE, headers });
  }

  headSent(): void {
    if (this.#home.timesHeads) this.#headMonotonicMs ??= this.#home.clock.monotonicMs();
  }

  endForShutdown(): void {
    this.#calls?.release();
    this.finish({ statusCode: this.watched?.statusSent(), complete: false, brokenBy: SHUTDOWN });
  }

  /** Nobody can watch for its end: nothing is recorded of it. */
  discard(): void {
    if (this.recording && !this.ended) this.#home.openExchanges.remove(this);
    this.close();
    this.recording = false;
  }

  /** Ends it as observed. Only the first end counts. Never throws. */
  finish(ending: ObservedEnding): void {
    if (this.ended) return;
    if (this.#calls?.holds(this, ending) === true) return;
    const { completer } = this;
    this.completer = undefined;
    completer?.(this);
    // A callback may have ended it itself.
    if (this.ended) return;
    this.close();
    const { watched } = this;
    this.watched = undefined;
    if (!this.recording) return;
    this.#home.openExchanges.remove(this);
    this.#calls?.close();
    try {
      this.#handOver(ending, this.#headersOf(ending, watched));
    } catch {
      // Called from the response's own events: an error here would bring the process down.
      this.#home.report({ code: 'internal_error', message: 'A finished request could not be recorded' });
    }
    this.forgetThrown();
    this.#calls?.forgetThrown();
  }

  /** What the host says beats what its calls show. */
  #upstreamFacts(): UpstreamFacts | undefined {
    const facts = this.#calls?.facts;
    return facts === undefined ? this.upstream : { ...facts, ...this.upstream };
  }

  #metricFacts(upstream: UpstreamFacts | undefined): MetricFacts {
    const { scheme, protocolVersion } = this.#arrival;
    return { scheme, protocolVersion, httpRoute: this.httpRoute, upstreamLatencyMs: upstream?.latencyMs };
  }

  /** `undefined` where nobody wants any. */
  #headersOf(ending: ObservedEnding, watched: WatchedResponse | undefined): ReadableHeaders | undefined {
    const wanted = this.#home.arrivals.spanAttributes?.response;
    if (wanted === undefined || wanted.length === 0 || this.#serverSpan === undefined) return undefined;
    return ending.headers ?? (ending.statusCode === undefined ? undefined : watched?.headersSent?.());
  }

  #handOver(ending: ObservedEnding, headers: ReadableHeaders | undefined): void {
    const home = this.#home;
    const { endMonotonicMs = home.clock.monotonicMs() } = ending;
    const durationMs = Math.max(0, endMonotonicMs - this.#startMonotonicMs);
    const endMs = this.#startMs + durationMs;
    const headMs = this.#headMonotonicMs;
    // The head of an answer that waits in a pipeline is written, but has not left.
    const timeToFirstByteMs =
      headMs === undefined || ending.statusCode === undefined ? undefined : headMs - this.#startMonotonicMs;
    const upstream = this.#upstreamFacts();
    const outcome = home.severityOf(
      outcomeOf(
        {
          statusCode: ending.statusCode,
          complete: ending.complete,
          brokenBy: ending.brokenBy,
          recordedError: this.recordedError ?? this.#calls?.errorType,
          lostUpstreamBy: this.#calls?.lostBy,
          upstreamStatusCode: upstream?.statusCode,
        },
        home.clientDisconnect,
      ),
    );
    // Only to whom it is told: nobody else has a use for an id that nobody knows.
    const isTold = home.serverErrors.any && isServerError(outcome);
    const { tenantId, requestId } = this;
    const arrival = this.#arrival;
    const span = this.#serverSpan;
    const routeName = this.routeName ?? this.httpRoute;
    const { loopToken } = arrival;
    const finished: HandedOver = {
      startMs: this.#startMs,
      endMs,
      latencyMs: home.longLived === 'headers' ? (timeToFirstByteMs ?? durationMs) : durationMs,
      timeToFirstByteMs,
      bodySizes: this.bodies?.(),
      method: arrival.method,
      path: arrival.target.path,
      outcome,
      responseSource: sourceOf(outcome.statusCode, upstream?.statusCode),
      requestId,
      tenantId,
      errorId: isTold ? this.errorId : this.knownErrorId,
      isOwnExport: loopToken !== undefined && tenantId !== undefined && home.isOwnExport(tenantId, loopToken),
      routeName,
      environment: this.environment ?? home.environment,
      serverAddress: upstream?.address ?? arrival.host?.address,
      traceId: this.#trace.traceId,
      spanId: this.#trace.spanId,
      traceFlags: this.#trace.traceFlags,
      isIdChosen: this.#trace.isIdChosen,
      operatorAttributes: this.custom?.operatorOnly,
      tenantAttributes: this.custom?.shared,
      droppedAttributes: this.custom?.dropped ?? 0,
      droppedTenantAttributes: this.custom?.droppedShared ?? 0,
      governance: this.governance,
      isKeptLate: false,
      metricFacts: home.tellsMetricFacts ? this.#metricFacts(upstream) : undefined,
      span: span?.isSampled === true ? span : undefined,
    };
    this.bodies = undefined;
    handOver(home, finished, {
      arrival,
      trace: this.#trace,
      span,
      calls: this.#calls,
      thrown: this.thrown,
      userId: this.userId,
      isTold,
      httpRoute: this.httpRoute,
      upstream,
      headers,
    });
  }

  /** What it counts by while it is open. */
  get method(): string {
    return this.#arrival.method;
  }

  get scheme(): string {
    return this.#arrival.scheme;
  }

  /** Whether its SERVER span is another instrumentation's, which ends it. */
  get hasHostSpan(): boolean {
    return this.#trace.hostSpan !== undefined;
  }

  /** The host's span is about to end, perhaps before the exchange: what is known goes on it now. */
  completeHostSpan(): void {
    const { hostSpan } = this.#trace;
    if (hostSpan === undefined || this.ended || !this.recording) return;
    const { completer } = this;
    this.completer = undefined;
    completer?.(this);
    const { requestId, tenantId, routeName = this.httpRoute, environment = this.#home.environment } = this;
    const facts = { requestId, tenantId, routeName, environment };
    tellHostSpan(this.#home, this.#arrival, hostSpan, facts, this.httpRoute, this.#upstreamFacts());
  }
}
