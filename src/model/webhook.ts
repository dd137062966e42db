/** The public face of webhook deliveries: calls that the gateway makes by itself, often long after the request. */
import type { Span } from '@opentelemetry/api';
import type { Attributes } from './attributes.js';
import type { Exchange, WritableHeaders } from './exchange.js';

/** A place in a trace that was stored with the job, as `exchange.traceparent` gives it. */
export interface StoredParent {
  /** W3C `traceparent`. */
  readonly traceparent: string;
  /** W3C `tracestate` that was stored with it. One that the standard does not allow is left out. */
  readonly tracestate?: string | undefined;
  /**
   * `parent` (default): the delivery is part of that trace, and as sampled as it was. `link`: it begins a trace of its own,
   * which the instance's sampler decides on, and its span links to the stored one; for retries hours later, which would keep
   * that trace open for ever.
   */
  readonly as?: 'parent' | 'link' | undefined;
}

/** One attempt at one delivery. Nothing of it throws, and what cannot be used is reported (`argument_invalid`) and left out. */
export interface WebhookOptions {
  /** Whose webhook it is. `null`: nobody's. Default: the tenant of the exchange, as far as `setTenant` has said it. */
  readonly tenant?: string | null | undefined;
  /** What happened, such as `order.created`: `{ns}.webhook.event_type`. Cut to 256 characters. */
  readonly eventType: string;
  /**
   * Where it goes: `server.address` of both records; `url.full`, with its secrets redacted, of the operator's span. A path is
   * recorded as it is: where it is the secret itself, give the URL without it.
   */
  readonly url: string | URL;
  /** Default `POST`. */
  readonly method?: string | undefined;
  /**
   * Where in a trace it belongs when it is not made inside an exchange, or not on its behalf: wins over any exchange. A text
   * that is no `traceparent` is reported, and counts as not given.
   */
  readonly parent?: string | StoredParent | undefined;
  /** The exchange that it belongs to, for listeners outside of its context. Default: the running one. */
  readonly exchange?: Exchange | undefined;
  /** Epoch milliseconds when the attempt began, a day back at most. Default: now. */
  readonly startTimeMs?: number | undefined;
  /** Of the operator's span and log record only. */
  readonly attributes?: Attributes | undefined;
  /** `{ns}.request_id` of the operator's span and log record. Default: the exchange's. */
  readonly requestId?: string | undefined;
}

/** How an attempt ended. */
export interface WebhookEnd {
  /** What the receiver answered. Success is 2xx alone: a redirect that was not followed has delivered nothing. */
  readonly statusCode?: number | undefined;
  /** Why there was no answer, or none that could be read: an error, or a short stable name. Wins over the status. */
  readonly error?: unknown;
  /** How many attempts at this delivery went before: `{ns}.webhook.retry_count`. Default 0. */
  readonly retryCount?: number | undefined;
}

/** An attempt under way. No method throws. One that is never ended leaves no record, and nothing keeps it in memory. */
export interface WebhookDelivery {
  /** 32 lower hex digits. Where nothing is traced: the parent's, or empty. */
  readonly traceId: string;
  /** 16 lower hex digits of the CLIENT span. Where nothing is traced: the parent's, or empty. */
  readonly spanId: string;
  /** The CLIENT span, for the OpenTelemetry API. What is set on it goes to the operator only. */
  readonly span: Span;
  /** Writes the trace context into the delivery's headers: clears what is configured to be cleared, then injects. */
  inject(headers: WritableHeaders): void;
  /** Ends and records it. Only the first end counts; after `shutdown` nothing is recorded any more. */
  end(end?: WebhookEnd): void;
}
