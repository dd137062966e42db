/** What the request stage hands over when an attempt at a webhook has ended: immutable, the source of its records. */
import type { Attributes } from './attributes.js';
import type { SpanRecord } from './records.js';

export interface FinishedWebhook {
  /** Epoch milliseconds, with a fraction. */
  readonly endMs: number;
  readonly durationMs: number;
  /** A known method, or `_OTHER`. */
  readonly method: string;
  readonly eventType: string | undefined;
  readonly serverAddress: string | undefined;
  /** `undefined` where no answer came. */
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  readonly isSuccess: boolean;
  readonly retryCount: number;
  readonly severityNumber: number;
  readonly tenantId: string | undefined;
  /** The operator's affair alone, as are the attributes. */
  readonly requestId: string | undefined;
  readonly operatorAttributes: Attributes | undefined;
  readonly droppedAttributes: number;
  /** Empty where there are none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** The finished CLIENT span, if one is to be exported. */
  readonly span: SpanRecord | undefined;
}

/** Takes finished attempts. Called synchronously, once per attempt; must not throw. */
export interface WebhookSink {
  webhookFinished(webhook: FinishedWebhook): void;
}
