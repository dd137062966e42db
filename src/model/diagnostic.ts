/** What the library reports about itself. Never holds a secret, a header value, a body or client text. */

import type { Signal } from './signal.js';

/** The closed list of things that are reported. */
export type DiagnosticCode =
  /** An environment variable could not be used and counts as unset. */
  | 'environment_invalid'
  /** What code says about the operator is kept inactive because the environment defines it. */
  | 'overridden_by_environment'
  /** A tenant lookup threw, was slow or gave an invalid answer; the last good answer stays. */
  | 'tenant_lookup_failed'
  /** A tenant id was not a string of 1 to 128 bytes; its request went to the operator alone. */
  | 'tenant_id_invalid'
  /** A callback of the host (`tenant`, `route`, `severity`, a span processor …) threw or gave a useless value. */
  | 'callback_failed'
  /** A method was given something that it cannot use, and left it out; the sentence says what. */
  | 'argument_invalid'
  /** Certificate files of the operator's changed, and what they hold now cannot be used; the last good ones stay. */
  | 'tls_files_unusable'
  /** A resource detector failed, was late, or its package is not installed; what it would have found is missing. */
  | 'resource_detector_failed'
  /** The egress guard failed its test in this runtime: nothing is sent to tenants. */
  | 'egress_guard_failed'
  /** `gateway-otel/sentry` could not load `@sentry/node`: no error report is sent. */
  | 'sentry_unavailable'
  /** An export failed; its batch waits for another attempt or was dropped. */
  | 'export_failed'
  /** The destination took the request but refused some of its items. */
  | 'partial_success'
  /** The destination said yes, but not as an OTLP endpoint does: probably the wrong address. */
  | 'unexpected_answer'
  /** The process is close to its memory limit, and records are shed. */
  | 'memory_pressure'
  /** Telemetry was lost; the ledger has the number and the reason. */
  | 'dropped'
  /** A fault of this library; please report it. */
  | 'internal_error'
  /** A global of the OpenTelemetry API was asked for but is already taken by somebody else. */
  | 'global_already_registered';

/** One report. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The tenant it concerns, where it concerns one. */
  readonly tenantId?: string;
  /** The destination it concerns, where it concerns one. */
  readonly destination?: string;
  /** The signal it concerns, where it concerns one. */
  readonly signal?: Signal;
}

/**
 * Receives reports, in a microtask of their own: it may call the instance. One a minute for each code, tenant, destination
 * and signal, so a number in a report is what was known at that moment. What it throws is swallowed.
 */
export type DiagnosticListener = (diagnostic: Diagnostic) => void;
