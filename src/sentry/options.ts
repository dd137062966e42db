/** The public types of this door. Read and copied once, never written to. */
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';
import type { SentryEvent } from './event.js';
import type { SentryClient } from './sdk.js';

/** What the host's `redact` may say. */
export type RedactEvent = (event: SentryEvent) => SentryEvent | null;

/** The options of `sentryErrors`. */
export interface SentryErrorsOptions {
  /**
   * Of the server's project: `https://<key>@o0.ingest.sentry.io/0`. `SENTRY_DSN_BACKEND` wins; `SENTRY_DSN`, which is the
   * browser's, is never read. The first DSN loads `@sentry/node`, which takes close to a second: without one nothing is loaded.
   * Throws where the package is not installed. Default: none, nothing is reported.
   */
  readonly dsn?: string;
  /**
   * A client of the host's, in place of a private one: its DSN, its transport, its `beforeSend` and sampling. What leaves is
   * built by the same list; it is never closed. Not beside `dsn`, and no variable changes it. Default: none.
   */
  readonly client?: SentryClient;
  /** Default: `SENTRY_RELEASE`, else the telemetry's `serviceVersion`. */
  readonly release?: string;
  /** `SENTRY_ENVIRONMENT` wins. Default: the environment of the request, else of the telemetry. */
  readonly environment?: string;
  /**
   * `exceptions` (default): server errors with an exception behind them. `all`: also a 5xx that the gateway made without one, as a
   * message. A 5xx that the upstream gave, and that nothing else went wrong with, is not the gateway's error, and is never
   * reported.
   */
  readonly report?: 'exceptions' | 'all';
  /** 1 to 6,000; ten may come at once. What is over it is counted as `rate_limited`. Default 60: Sentry counts by event too. */
  readonly maxReportsPerMinute?: number;
  /**
   * `true`: also what ends the process, an uncaught exception or an unhandled rejection, through `uncaughtExceptionMonitor` alone,
   * which changes nothing of how Node goes on. The report goes out through a short child process, while the dying one waits, or
   * where the host listens for `uncaughtException` itself, as any other report, for which a listener that exits has to wait with
   * `flush()`. Default `false`: no listener of the process.
   */
  readonly captureProcessErrors?: boolean;
  /** How long a dying process waits for its last report to go out, 100 to 10,000. Default 2,000. */
  readonly processErrorTimeoutMs?: number;
  /**
   * Looks at every event last, may change it, and drops it with `null`. Runs outside of any request, synchronously. Where it throws
   * or gives anything else, the event is not sent: `redaction_failed`. Default: none.
   */
  readonly redact?: RedactEvent;
  /** `server_name` of the events. Default: none, a host's name is nobody's business. */
  readonly serverName?: string;
  /** Replaces `process.env`; `false`: no environment. Default: `process.env`, read once, now. */
  readonly env?: Readonly<Record<string, string | undefined>> | false;
  /** Receives reports about configuration and losses. Default: none; `status()` keeps what matters. */
  readonly onDiagnostic?: DiagnosticListener;
}

/** Why a report was not sent. */
export type SentryLoss =
  /** Over `maxReportsPerMinute`. */
  | 'rate_limited'
  /** 100 were waiting to be built, or 64 to be sent. */
  | 'queue_full'
  /** `redact` gave `null`. */
  | 'redacted'
  /** `redact` threw, or gave something else. */
  | 'redaction_failed'
  /** Sentry has answered 429, or asked for a pause before. */
  | 'backoff'
  /** Sentry has refused it. */
  | 'refused'
  /** No answer: no connection, a broken one, or none within 10 s. */
  | 'network'
  /** The host's client has not sent it: its sampling, `beforeSend`, an event processor, or its own limits. */
  | 'host_client'
  /** It waited when the DSN was changed or taken away, and the old project did not take it in time. */
  | 'dsn_changed'
  /** It waited when `close` was out of time. */
  | 'closed'
  /** A fault of this library; please report it. */
  | 'internal_error';

/** Where error reports stand: `reported` = `sent` + all of `dropped` + `waiting`. */
export interface SentryStatus {
  /** Whether a report would go anywhere now. */
  readonly enabled: boolean;
  /** Errors that were to be reported. */
  readonly reported: number;
  /** Sentry has said yes. */
  readonly sent: number;
  /** By reason; one that is not there has not occurred. */
  readonly dropped: Readonly<Partial<Record<SentryLoss, number>>>;
  /** Not yet sent, and not lost. */
  readonly waiting: number;
  /** What is wrong with the configuration, the environment or the package. */
  readonly notices: readonly Diagnostic[];
}

/** How long to wait. */
export interface SentryTimeout {
  /** 0 or more. Default 2,000. */
  readonly timeoutMs?: number;
}

/** Error reports of one instance. */
export interface SentryErrors {
  /**
   * Where reports go from now on; `null`: nowhere. What waits for the old project has 2 s to get there. The same one again changes
   * nothing. Throws one sentence on a bad DSN, and beside `client`; without effect while `SENTRY_DSN_BACKEND` is set. A missing package
   * is reported, not thrown.
   */
  setDsn(dsn: string | null): void;
  /** What became of all reports, and what is wrong with the configuration. */
  status(): SentryStatus;
  /** Resolves when nothing waits, with `true`, or after the time, with `false`. Never rejects. */
  flush(options?: SentryTimeout): Promise<boolean>;
  /** Reports nothing from now on, removes every listener, and gives what waits its time. Idempotent. Never rejects. */
  close(options?: SentryTimeout): Promise<boolean>;
}
