/** What the request stage hands over of a security event: immutable, the source of its records. */
import type { Attributes } from './attributes.js';
import type { SpanRecord } from './records.js';
import type { SecurityOutcome } from './security-event.js';

export interface FinishedSecurityEvent {
  /** Epoch milliseconds, with a fraction. */
  readonly timeMs: number;
  /** `auth.failed`, checked. */
  readonly name: string;
  /** `{ns}.security.auth.failed`. */
  readonly eventName: string;
  readonly outcome: SecurityOutcome;
  readonly severityNumber: number;
  readonly tenantId: string | undefined;
  /** The operator's affair alone: the host's attributes, the reason, whose request it was and where it came from. */
  readonly operatorAttributes: Attributes | undefined;
  readonly droppedAttributes: number;
  /** Empty where there are none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** Its span, if one is to be exported. */
  readonly span: SpanRecord | undefined;
}

/** Takes security events. Called synchronously, once per event; must not throw. */
export interface SecurityEventSink {
  securityEventFinished(event: FinishedSecurityEvent): void;
}
