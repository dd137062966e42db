/** The seams between the stages that make records and those that carry them. */
import type { Attributes } from './attributes.js';
import type { FinishedRequest } from './finished-request.js';
import type { DropReason, Ledgers } from './ledger.js';
import type { Target } from './resolved-destination.js';
import type { RequestSubject } from './selection.js';
import type { Signal } from './signal.js';

/** An instrumentation scope with its OTLP bytes. Records are grouped by identity, so there is one object per scope. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** A resource in both forms. */
export interface DestinationResource {
  readonly attributes: Attributes;
  /** Contents of the OTLP `Resource` message. */
  readonly bytes: Uint8Array;
  /** Until then it may still come to say more: it is read when it is sent. `undefined`: it is as it stays. */
  readonly pending?: Promise<void> | undefined;
}

/** One record on its way, handed over synchronously. */
export interface OutgoingRecord {
  readonly scope: Scope;
  /** OTLP contents without envelope, made on first use. Valid only during the call: whoever keeps it copies it. */
  bytes(): Uint8Array;
  /** Severity ERROR or worse, or a failed span: what is kept longest when memory runs out. */
  readonly isError: boolean;
  /** Of a log record; `undefined`: it has none. */
  readonly severityNumber?: number | undefined;
  /** 32 hex digits; `undefined` or empty: it belongs to no trace. */
  readonly traceId?: string | undefined;
  /** The record as the SDK's exporters read it. May be kept. */
  readable(resource: DestinationResource): object;
}

/** What is wanted at this moment; replaced as a whole when the configuration changes. */
export interface Wanted {
  /** Anything at all is configured. */
  readonly anything: boolean;
  readonly operatorTraces: boolean;
  readonly operatorLogs: boolean;
  readonly operatorMetrics: boolean;
  /** A destination of the operator's chooses spans by the request that they belong to. */
  readonly spansByRequest: boolean;
  /** One may keep spans of requests that were not sampled. */
  readonly unsampledSpans: boolean;
}

/** One tenant that has, or may turn out to have, destinations. */
export interface TenantIntake {
  /** `request`: that the record is of, for destinations that choose by it. */
  log(record: OutgoingRecord, request?: RequestSubject): void;
  /** A log record that it is not to have. */
  refuse(reason: DropReason, record: OutgoingRecord, request?: RequestSubject): void;
}

/** Where records are handed over. Nothing here throws, waits or does I/O. */
export interface Intake {
  readonly wanted: Wanted;
  /** `request`: that the record is of, for destinations that choose by it. */
  operator(signal: 'traces' | 'logs', record: OutgoingRecord, request?: FinishedRequest): void;
  /** A record that the operator is not to have, counted at each destination that would have had it. */
  refuseOperator(
    signal: 'traces' | 'logs',
    reason: DropReason,
    record: OutgoingRecord,
    request?: FinishedRequest,
  ): void;
  /** Whether a destination of the operator's keeps this request, which was not sampled. */
  keeps(request: FinishedRequest): boolean;
  /** A span of a request that was not sampled, for those that keep it; `refusal`: they are not to have it. */
  late(record: OutgoingRecord, request: FinishedRequest, refusal?: DropReason): void;
  /** The tenant's intake; `undefined` when it is known to have none. May start a lookup. */
  tenant(tenantId: string): TenantIntake | undefined;
}

/** Metrics as one destination sees them: what it has not been told yet. */
export interface MetricReading {
  /** Anything new since what was accepted? */
  hasNews(): boolean;
  /**
   * The present state in parts, each encoded when it is asked for: a large one is taken over several turns of the event
   * loop. At most one take is open: every part of it is settled before the next.
   */
  take(nowMs: number): Iterable<TakenReading>;
  /** The destination goes; nothing more is read. */
  close(): void;
}

/**
 * What became of a part. `accepted`: the destination has it, or refused it for good, and a delta baseline moves. `lost`: it
 * does not. `partly`: it was split on its way, and both happened.
 */
export type ReadingResult = 'accepted' | 'lost' | 'partly';

/** One part of a reading. */
export interface TakenReading {
  readonly scope: Scope;
  /** Data points in it. */
  readonly points: number;
  /** OTLP `Metric` messages, each framed as field 2 of `ScopeMetrics`. Owned by the taker. */
  readonly bytes: Uint8Array;
  /** The SDK's `ScopeMetrics`, for ready-made exporters. */
  readable(): object;
  /** Called once. */
  settle(result: ReadingResult): void;
}

/** A moment in a tenant's metrics from which a reading can begin later: lookups take a while, and nothing may be missed. */
export interface MetricMark {
  /** Not needed any more. */
  release(): void;
}

/** Makes readings of the request metrics. */
export interface MetricSource {
  /** The state of a tenant's metrics now. */
  mark(tenantId: string): MetricMark;
  /**
   * A reading whose baseline and start time are now, or those of the mark. `undefined`: the operator's, over all tenants.
   */
  openReading(
    tenantId: string | undefined,
    temporality: 'cumulative' | 'delta',
    mark?: MetricMark,
  ): MetricReading;
  /** Forgets series that have not changed for a while and that everyone has, a step at a time. */
  sweep(): Iterator<void>;
}

/** A destination that may be told of the delivery itself. */
export interface OwnReadingRequest {
  /** `undefined`: the operator's. */
  readonly tenantId: string | undefined;
  readonly temporality: 'cumulative' | 'delta';
  /** Its account. */
  ledgers(): Ledgers;
  /** When that began. */
  readonly sinceMs: number;
}

/** Custom instruments, read for the operator. */
export interface CustomMetricSource {
  /** Asks the instruments what they have: readings take that. `false`: nothing. Never rejects. */
  collect(): Promise<boolean>;
  /** Of one destination, wherever that is: it is not closed when the place changes. */
  openReading(temporality: 'cumulative' | 'delta'): MetricReading;
}

/** A batch ready to be sent. */
export interface OutgoingBatch {
  readonly signal: Signal;
  /** The same for each attempt, so that a receiver can tell a repeat. */
  readonly id: string;
  /** Spans, log records or data points in it. */
  readonly items: number;
  /** The whole OTLP request, for senders that speak it. */
  request(): Uint8Array;
  /** The SDK objects, for ready-made exporters: spans, log records, or `ScopeMetrics`. */
  readables(): { readonly resource: DestinationResource; readonly records: readonly object[] };
}

/** What became of one attempt to send. */
export type SendResult =
  | {
      readonly kind: 'delivered';
      readonly rejected: number;
      readonly message?: string;
      /** It said yes, and not as an OTLP endpoint does. */
      readonly warning?: 'not_otlp';
    }
  /** May work later. */
  | {
      readonly kind: 'retry';
      readonly errorClass: string;
      /** The destination's own wish. */
      readonly retryAfterMs?: number;
      /** It asked for less, which concerns all signals. */
      readonly isThrottled?: true;
      /** The gateway itself had no room for the attempt, which says nothing of the destination. */
      readonly isOurs?: true;
    }
  /** Will never work. */
  | {
      readonly kind: 'refused';
      readonly errorClass: string;
      readonly reason: 'rejected' | 'unauthorized' | 'too_large' | 'refused' | 'exporter_failed';
    };

/** Sends batches of one signal to one place. */
export interface Sender {
  /** The next request will open a connection with TLS, as far as can be known. */
  readonly needsHandshake?: boolean;
  /** New credentials for the same place; they serve from the next attempt. */
  update(target: Target): void;
  /** Resolves within the sender's own deadline; never rejects. Aborting resolves it at once. */
  send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendResult>;
  /** Closes sockets and lets go of everything. */
  close(): void;
}

/** Opens a sender; the transport stage's one function. With a tenant's id, its requests carry that tenant's loop token. */
export type SenderFactory = (target: Target, tenantId?: string) => Sender;
