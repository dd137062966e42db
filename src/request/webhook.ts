/** One attempt at a webhook: what is injected into it, its CLIENT span, and what is handed over when it has ended. */
import { trace as apiTrace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { WritableHeaders } from '../model/exchange.js';
import type { WebhookSink } from '../model/finished-webhook.js';
import type { WebhookDelivery, WebhookEnd } from '../model/webhook.js';
import { putTarget } from './call-attributes.js';
import type { ExchangeHome } from './exchange-home.js';
import { ExchangeSpan, KIND_CLIENT, SPAN_ERROR } from './exchange-span.js';
import { linksOf, type ExchangeTrace } from './exchange-trace.js';
import { Given } from './given.js';
import { knownMethod, spanMethod } from './methods.js';
import { parentContext } from './related-trace.js';
import { ageAt } from './start-time.js';
import { injectFor } from './upstream-call.js';
import { addressOf, portOf } from './upstream-url.js';
import { readWebhookEnd, type WebhookFacts, type WebhookOutcome } from './webhook-options.js';

/** What an attempt needs from its instance. */
export interface WebhookHome {
  readonly home: ExchangeHome;
  readonly sink: WebhookSink;
  /** After `shutdown`, too: whoever still waits for an answer then has nobody to tell. */
  isDisabled(): boolean;
}

/** No list of open ones is kept: what a host forgets is gone. */
export class LiveWebhook implements WebhookDelivery {
  readonly span: Span;
  readonly #webhooks: WebhookHome;
  readonly #facts: WebhookFacts;
  readonly #trace: ExchangeTrace;
  readonly #method: string;
  readonly #clientSpan: ExchangeSpan | undefined;
  readonly #startMonotonicMs: number;
  readonly #startMs: number;
  #ended: boolean;

  constructor(webhooks: WebhookHome, facts: WebhookFacts, trace: ExchangeTrace, recording: boolean) {
    const { home } = webhooks;
    this.#webhooks = webhooks;
    this.#facts = facts;
    this.#trace = trace;
    this.#ended = !recording;
    this.#method = knownMethod(facts.methodAsSent, home.arrivals.knownMethods);
    const now = home.clock.monotonicMs();
    const nowMs = home.clock.epochMs(now);
    const age = ageAt(nowMs, facts.startTimeMs);
    this.#startMonotonicMs = now - age;
    this.#startMs = nowMs - age;
    const isSpan = recording && trace.isOwn && trace.sampled === true;
    this.#clientSpan = isSpan ? this.#startSpan(home) : undefined;
    this.span = this.#clientSpan ?? apiTrace.wrapSpanContext(trace.spanContext);
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  get spanId(): string {
    return this.#trace.spanId;
  }

  #startSpan(home: ExchangeHome): ExchangeSpan {
    const { spanContext, parent } = this.#trace;
    const span = new ExchangeSpan(
      home,
      KIND_CLIENT,
      spanMethod(this.#method),
      spanContext,
      parent,
      this.#startMs,
    );
    // One that has a parent is below the span that has the links.
    if (parent === undefined) span.addLinks(linksOf(this.#trace));
    span.droppedAttributesCount = this.#facts.attributes.dropped;
    if (home.processors.any) {
      span.complete(this.#startAttributes(home));
      home.processors.onStart(span, parentContext(home, this.#trace));
    }
    return span;
  }

  #startAttributes({ names, arrivals }: ExchangeHome): MutableAttributes {
    const { url, methodAsSent, eventType, tenantId, requestId, attributes } = this.#facts;
    // The host's own first: they never replace those of the library.
    const all: MutableAttributes = { ...attributes.kept } as MutableAttributes;
    all[ATTR_HTTP_REQUEST_METHOD] = this.#method;
    if (this.#method !== methodAsSent) all[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = methodAsSent;
    if (url !== undefined)
      putTarget(all, { url, address: addressOf(url), port: portOf(url) }, arrivals.secretKeys);
    if (eventType !== undefined) all[names.webhookEventType] = eventType;
    if (tenantId !== undefined) all[names.tenantId] = tenantId;
    if (requestId !== undefined) all[names.requestId] = requestId;
    return all;
  }

  inject(headers: WritableHeaders): void {
    injectFor(this.#webhooks.home, this.#trace, this.#trace.spanId, headers);
  }

  end(end?: WebhookEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { home, isDisabled } = this.#webhooks;
    if (isDisabled()) return;
    try {
      this.#handOver(readWebhookEnd(new Given(home, 'end', end ?? {})));
    } catch {
      home.report({ code: 'internal_error', message: 'A finished webhook could not be recorded' });
    }
  }

  #handOver(outcome: WebhookOutcome): void {
    const { home, sink } = this.#webhooks;
    const durationMs = Math.max(0, home.clock.monotonicMs() - this.#startMonotonicMs);
    const endMs = this.#startMs + durationMs;
    const { url, eventType, tenantId, requestId, attributes } = this.#facts;
    const span = this.#clientSpan;
    if (span !== undefined) this.#finishSpan(home, span, endMs, outcome);
    sink.webhookFinished({
      endMs,
      durationMs,
      method: this.#method,
      eventType,
      serverAddress: url === undefined ? undefined : addressOf(url),
      ...outcome,
      tenantId,
      requestId,
      operatorAttributes: attributes.kept,
      droppedAttributes: attributes.dropped,
      traceId: this.#trace.traceId,
      spanId: this.#trace.spanId,
      traceFlags: this.#trace.traceFlags,
      span,
    });
  }

  #finishSpan(home: ExchangeHome, span: ExchangeSpan, endMs: number, outcome: WebhookOutcome): void {
    const { names, processors } = home;
    if (!processors.any) span.complete(this.#startAttributes(home));
    const end: MutableAttributes = {
      [names.webhookSuccess]: outcome.isSuccess,
      [names.webhookRetryCount]: outcome.retryCount,
    };
    if (outcome.statusCode !== undefined) end[ATTR_HTTP_RESPONSE_STATUS_CODE] = outcome.statusCode;
    if (outcome.retryCount > 0) end[ATTR_HTTP_REQUEST_RESEND_COUNT] = outcome.retryCount;
    if (outcome.errorType !== undefined) {
      end[ATTR_ERROR_TYPE] = outcome.errorType;
      span.status = SPAN_ERROR;
    }
    // Whole: a host's attribute of the same name is to be replaced, not repeated.
    span.completeAtEnd(end, true);
    span.finish(span.name, endMs);
    if (processors.any) processors.onEnd(span);
  }
}
