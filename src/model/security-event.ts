/** The public face of security events: what the gateway's own code has decided or noticed. */
import type { Attributes } from './attributes.js';
import type { Exchange } from './exchange.js';

/** `failure`: it was tried and did not succeed. `denied`: the gateway forbade it. */
export type SecurityOutcome = 'success' | 'failure' | 'denied' | 'unknown';

export type SecuritySeverity = 'info' | 'warn' | 'error' | 'fatal';

/** One event. Nothing of it throws, and what cannot be used is reported (`argument_invalid`) and left out. */
export interface SecurityEvent {
  /**
   * Chosen by code, never made of a client's text: lower-case letters, digits, underscores and dots, beginning with a letter, up
   * to 64, such as `auth.token_expired`. EventName and span name are `{ns}.security.{name}`. Any other is reported and
   * recorded as `{ns}.security.invalid_name`; beyond 200 names of one instance, as `{ns}.security.too_many_names`.
   */
  readonly name: string;
  /** `{ns}.security.outcome`. */
  readonly outcome: SecurityOutcome;
  /** INFO 9, WARN 13, ERROR 17, FATAL 21. Default: `warn` for `failure` and `denied`, else `info`. */
  readonly severity?: SecuritySeverity | undefined;
  /** Whom it concerns. `null`: nobody. Default: the tenant of the exchange, as far as `setTenant` has said it. */
  readonly tenant?: string | null | undefined;
  /** `{ns}.security.reason` of the operator's span and log record: why, in a few words of the gateway's. Cut to 256 characters. */
  readonly reason?: string | undefined;
  /** How long it took until now, a day at most: the length of its span. Default 0. */
  readonly durationMs?: number | undefined;
  /** Of the operator's span and log record only. */
  readonly attributes?: Attributes | undefined;
  /** The exchange that it belongs to, for listeners outside of its context. Default: the running one. */
  readonly exchange?: Exchange | undefined;
}
