/** One attempt at an upstream: what is injected, and its CLIENT span. */
import { isIP } from 'node:net';
import { SpanStatusCode, trace as apiTrace } from '@opentelemetry/api';
import type { Span, SpanContext } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import { hrTimeOf } from '../model/hr-time.js';
import type {
  EndOptions,
  ReadableHeaders,
  UpstreamCall,
  UpstreamCallOptions,
  UpstreamConnection,
  UpstreamFacts,
  WritableHeaders,
} from '../model/exchange.js';
import { toMicrosecond } from '../model/to-microsecond.js';
import { ABORTED } from './aborted.js';
import type { Arrival } from './arrival.js';
import { putConnection, putOutgoing, putScheme, putTarget, type CallTarget } from './call-attributes.js';
import { errorTypeOf } from './error-type.js';
import type { CallExceptions } from './exceptions.js';
import type { ExchangeHome } from './exchange-home.js';
import { ExchangeSpan, KIND_CLIENT, SPAN_ERROR } from './exchange-span.js';
import { putHeaders } from './header-attributes.js';
import { injectTrace, type ExchangeTrace } from './exchange-trace.js';
import { cleanStatus, cutText } from './limits.js';
import { isMethod, MAX_METHOD_LENGTH, spanMethod } from './methods.js';
import { removeLoopHeader } from './loop-header.js';
import { parseHost } from './request-target.js';
import { addressOf, parseUrl, portOf } from './upstream-url.js';

/** What an attempt needs from its exchange. */
export interface Caller {
  readonly home: ExchangeHome;
  readonly trace: ExchangeTrace;
  readonly arrival: Arrival;
  readonly requestId: string;
  /** The SERVER span. */
  readonly span: Span;
  /** There may be spans to keep although they are not sampled. */
  readonly mayBeKept: boolean;
}

/** What an attempt tells the others of its exchange. */
export interface Attempts {
  /** Made when the first one fails. */
  readonly exceptions: CallExceptions;
  /** Where it goes is known now. */
  located(call: LiveUpstreamCall): void;
  responded(facts: UpstreamFacts): void;
  ended(call: LiveUpstreamCall, facts: UpstreamFacts, errorType: string | undefined, error: unknown): void;
  /** Its span is complete. */
  spanFinished(span: ExchangeSpan): void;
}

/** A host name or address, without port and whatever else may stand beside it. */
function hostOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  return isIP(text) === 0 ? parseHost(text, 'http')?.address : text;
}

interface CallFacts extends CallTarget {
  readonly method: string | undefined;
  readonly resendCount: number;
}

const NO_FACTS: CallFacts = {
  method: undefined,
  url: undefined,
  address: undefined,
  port: undefined,
  resendCount: 0,
};

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** Whatever a host passes while a request waits: what cannot be read was not said. */
export function readOptions(options: UpstreamCallOptions | undefined): CallFacts {
  if (typeof options !== 'object' || options === null) return NO_FACTS;
  try {
    const { method, port, resendCount } = options;
    const url = options.url === undefined ? undefined : parseUrl(options.url);
    return {
      method: isMethod(method) ? method : undefined,
      url,
      address: url === undefined ? hostOf(options.address) : addressOf(url),
      port: url === undefined ? (isWhole(port, 1, 65_535) ? port : undefined) : portOf(url),
      resendCount: isWhole(resendCount, 1, Number.MAX_SAFE_INTEGER) ? resendCount : 0,
    };
  } catch {
    return NO_FACTS;
  }
}

/** Writes the trace; headers that cannot be written to are reported and fail nothing. */
export function injectFor(
  home: ExchangeHome,
  trace: ExchangeTrace,
  spanId: string,
  headers: WritableHeaders,
): void {
  if (injectTrace(home.propagation, trace, spanId, headers)) return;
  home.report({ code: 'callback_failed', message: 'inject() could not write to the given headers' });
}

export class LiveUpstreamCall implements UpstreamCall {
  readonly spanId: string;
  readonly span: Span;
  readonly #caller: Caller;
  #facts: CallFacts;
  /** Absent for a call that began after the exchange's end. */
  readonly #calls: Attempts | undefined;
  readonly #clientSpan: ExchangeSpan | undefined;
  readonly #startMonotonicMs: number;
  /** What is told on the way. */
  #told: MutableAttributes | undefined;
  #statusCode: number | undefined;
  #respondedAfterMs: number | undefined;
  #ended = false;

  constructor(caller: Caller, facts: CallFacts, calls: Attempts | undefined) {
    const { home, trace } = caller;
    this.#caller = caller;
    this.#facts = facts;
    this.#calls = calls;
    this.#startMonotonicMs = home.clock.monotonicMs();
    if (!home.clientSpans || !trace.isOwn) {
      this.spanId = trace.spanId;
      this.span = caller.span;
      return;
    }
    // Unsampled attempts have ids of their own too: the upstream must not take two calls for one.
    this.spanId = home.ids.spanId();
    const context: SpanContext = { ...trace.spanContext, spanId: this.spanId };
    if (calls === undefined || (trace.sampled !== true && !caller.mayBeKept)) {
      this.span = apiTrace.wrapSpanContext(context);
      return;
    }
    const method = caller.arrival.knownMethod(facts.method ?? caller.arrival.methodAsSent);
    const startMs = home.clock.epochMs(this.#startMonotonicMs);
    const span = new ExchangeSpan(home, KIND_CLIENT, spanMethod(method), context, trace.spanContext, startMs);
    this.#clientSpan = span;
    this.span = span;
    if (!this.#isSeen(span)) return;
    span.complete(startAttributes(facts, caller.arrival));
    home.processors.onStart(span, apiTrace.setSpan(home.contexts.active(), caller.span));
  }

  /** By the host's span processors, which have its attributes from the beginning. */
  #isSeen(span: ExchangeSpan): boolean {
    return this.#caller.home.processors.any && span.isSampled;
  }

  get target(): UpstreamFacts {
    const { address } = this.#facts;
    return address === undefined ? {} : { address };
  }

  get records(): boolean {
    return this.#clientSpan !== undefined;
  }

  inject(headers: WritableHeaders): void {
    const { home, trace, arrival } = this.#caller;
    if (arrival.loopToken !== undefined && !home.isSilent) removeLoopHeader(headers);
    injectFor(home, trace, this.spanId, headers);
    const { callAttributes } = home;
    if (callAttributes === undefined || this.#clientSpan === undefined || this.#ended) return;
    this.#tell((told) => putOutgoing(told, headers, callAttributes, arrival.secretKeys));
  }

  /** A getter of the host's that throws must not fail a request. */
  #tell(put: (told: MutableAttributes) => void): void {
    try {
      put((this.#told ??= {}));
    } catch {
      // What was read before stays.
    }
  }

  setConnection(connection: UpstreamConnection, protocol?: string): void {
    if (this.#clientSpan === undefined || this.#ended) return;
    this.#tell((told) => putConnection(told, connection, protocol, this.#caller.home.callAttributes));
  }

  setUrl(given: string | URL): void {
    const url = parseUrl(given);
    if (url === undefined || this.#ended) return;
    this.#facts = { ...this.#facts, url, address: addressOf(url), port: portOf(url) };
    this.#calls?.located(this);
    const span = this.#clientSpan;
    // Without processors the attributes are made at the end.
    if (span !== undefined && this.#isSeen(span))
      putTarget(span.attributes, this.#facts, this.#caller.arrival.secretKeys);
  }

  responded(statusCode: number, headers?: ReadableHeaders): void {
    if (this.#ended || this.#respondedAfterMs !== undefined) return;
    this.#readHeaders(headers);
    this.#statusCode = cleanStatus(statusCode);
    this.#respondedAfterMs = this.#elapsedMs(this.#caller.home.clock.monotonicMs());
    this.#calls?.responded(this.#answer(this.#respondedAfterMs));
  }

  #readHeaders(headers: ReadableHeaders | undefined): void {
    const { callAttributes } = this.#caller.home;
    if (callAttributes === undefined || headers === undefined || this.#clientSpan === undefined) return;
    const { secretKeys } = this.#caller.arrival;
    this.#tell((told) => putHeaders(told, 'response', callAttributes.response, headers, secretKeys));
  }

  #elapsedMs(monotonicMs: number): number {
    return Math.max(0, monotonicMs - this.#startMonotonicMs);
  }

  #answer(latencyMs: number): UpstreamFacts {
    const statusCode = this.#statusCode;
    return { ...this.target, ...(statusCode !== undefined && { statusCode }), latencyMs };
  }

  end(options?: EndOptions): void {
    this.endAt(this.#caller.home.clock.monotonicMs(), options);
  }

  endAt(monotonicMs: number, options: EndOptions | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    let errorType: string | undefined;
    let error: unknown;
    try {
      this.#statusCode = cleanStatus(options?.statusCode) ?? this.#statusCode;
      error = options?.error;
      this.#readHeaders(options?.headers);
      if (error !== undefined && error !== null) errorType = errorTypeOf(error);
    } catch {
      // A getter of the host's that throws must not fail a request.
    }
    const latencyMs = this.#elapsedMs(monotonicMs);
    this.#calls?.ended(this, this.#answer(this.#respondedAfterMs ?? latencyMs), errorType, error);
    if (errorType !== undefined) this.#tellException(error, errorType, monotonicMs);
    if (this.#clientSpan === undefined) return;
    this.#finish(
      this.#clientSpan,
      this.#statusCode,
      ABORTED.has(errorType) ? undefined : errorType,
      latencyMs,
    );
  }

  #tellException(error: unknown, errorType: string, monotonicMs: number): void {
    const { home, trace, requestId } = this.#caller;
    const { logs, stackTraces } = home.exceptions;
    const isLogged = logs && home.sink.wantsExceptions();
    // The SERVER span may need it too.
    const spanEvents = home.exceptions.spanEvents && this.#caller.span.isRecording();
    const exception =
      isLogged || spanEvents ? this.#calls?.exceptions.read(error, errorType, stackTraces) : undefined;
    if (exception === undefined) return;
    const timeMs = home.clock.epochMs(monotonicMs);
    if (spanEvents && this.#clientSpan?.hasException(error) === false)
      this.#clientSpan.addException(exception, hrTimeOf(timeMs));
    if (!isLogged) return;
    const { traceId, traceFlags } = trace;
    home.sink.exceptionCaught({
      side: 'client',
      timeMs,
      requestId,
      tenantId: undefined,
      routeName: undefined,
      errorType,
      exception,
      traceId,
      spanId: this.spanId,
      traceFlags,
    });
  }

  #finish(
    span: ExchangeSpan,
    statusCode: number | undefined,
    error: string | undefined,
    latencyMs: number,
  ): void {
    const { home, arrival } = this.#caller;
    try {
      const isSeen = this.#isSeen(span);
      const own = isSeen ? span.attributes : startAttributes(this.#facts, arrival);
      if (home.callAttributes?.network === true) putScheme(own, this.#facts.url);
      if (this.#told !== undefined) Object.assign(own, this.#told);
      if (!isSeen) span.complete(own);
      // For a client a 4xx is an error too, as the conventions say.
      const errorType =
        error ?? (statusCode !== undefined && statusCode >= 400 ? String(statusCode) : undefined);
      if (statusCode !== undefined) span.attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = statusCode;
      if (this.#respondedAfterMs !== undefined) {
        span.attributes[home.names.timeToFirstByteMs] = toMicrosecond(this.#respondedAfterMs);
      }
      if (errorType !== undefined) {
        span.attributes[ATTR_ERROR_TYPE] = errorType;
        if (span.status.code === SpanStatusCode.UNSET) span.status = SPAN_ERROR;
      }
      span.finish(span.name, span.startTimeMs + latencyMs);
      if (isSeen) home.processors.onEnd(span);
      this.#calls?.spanFinished(span);
    } catch {
      home.report({ code: 'internal_error', message: 'A finished upstream call could not be recorded' });
    }
  }
}

function startAttributes(facts: CallFacts, arrival: Arrival): MutableAttributes {
  const { method, resendCount } = facts;
  const attributes: MutableAttributes = {};
  const asSent = cutText(method ?? arrival.methodAsSent, MAX_METHOD_LENGTH);
  const known = arrival.knownMethod(asSent);
  attributes[ATTR_HTTP_REQUEST_METHOD] = known;
  if (known !== asSent) attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = asSent;
  putTarget(attributes, facts, arrival.secretKeys);
  if (resendCount > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = resendCount;
  return attributes;
}
