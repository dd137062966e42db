/** Exact accounts: for each destination and signal, `accepted = delivered + rejected + Σ dropped + buffered`. */
import type { Signal } from './signal.js';

/** Every way in which telemetry can be lost. A closed list. */
export type DropReason =
  /** A bound of the queue was reached; the oldest waiting batch went. */
  | 'queue_full'
  /** All tenants together reached their bound; this one held most, and its oldest went. */
  | 'budget_full'
  /** Waited longer than the age limit. */
  | 'expired'
  /** The destination refused the credentials (401, 403). */
  | 'unauthorized'
  /** Too large even alone: the destination said so (413), it is over `maxRequestBytes`, or the record is over 256 KiB. */
  | 'too_large'
  /** Any other answer that forbids a retry: a redirect, 404, 500 … */
  | 'refused'
  /** A ready-made exporter reported failure, threw, or did not answer in time. */
  | 'exporter_failed'
  /** The destination was removed or points elsewhere now. */
  | 'destination_changed'
  /** `shutdown` reached its deadline first, or the record came after it. */
  | 'shutdown'
  /** The tenant turned out to have no destination. */
  | 'unrouted'
  /** The host's `redact` said that it is not to be sent. */
  | 'redacted'
  /** The host's `redact` threw, or gave what says nothing; it is not sent unredacted. */
  | 'redaction_failed'
  /** The destination was switched off, by configuration or after five days of failure. */
  | 'disabled'
  /** The process came close to its memory limit. */
  | 'memory_pressure';

/** One account. Numbers are spans, log records, or metric data points. */
export interface Ledger {
  /** Everything that was handed over. A record for a tenant that is still unknown counts once, whatever comes of it. */
  readonly accepted: number;
  /** Taken by the destination; with a ready-made exporter: reported as success. */
  readonly delivered: number;
  /** Taken off by the destination itself: partial success, or 400. */
  readonly rejected: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Waiting or in flight. */
  readonly buffered: number;
}

/** Ledgers of the signals that there is anything to tell of. */
export type Ledgers = Readonly<Partial<Record<Signal, Ledger>>>;
