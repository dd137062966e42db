/** Runtime logs: what a gateway has to say beside its requests. */
import type { Context } from '@opentelemetry/api';

/** Attributes of a runtime log record; may hold nested values. Read during the call, never kept or changed. */
export type LogAttributes = Readonly<Record<string, unknown>>;

/** A runtime log record, as `telemetry.logger.emit` takes it: a structural twin of the OpenTelemetry Logs API's. */
export interface LogRecord {
  /** 1 to 24; 9 INFO, 13 WARN, 17 ERROR. Without it, or with 0, no minimum severity holds the record back. */
  readonly severityNumber?: number;
  /** Default: the name of the number's range, such as `INFO`. */
  readonly severityText?: string;
  readonly body?: unknown;
  readonly eventName?: string;
  /** May hold nested values. An attribute whose value cannot be read is left out. */
  readonly attributes?: LogAttributes;
  /** Whatever was thrown: `exception.type`, `.message` and `.stacktrace`, bounded and redacted. Attributes of these names win. */
  readonly exception?: unknown;
  /** Epoch milliseconds or a date. Default: now. */
  readonly timestamp?: number | Date;
  /** Default: the running exchange's. */
  readonly context?: Context;
}

/**
 * Writes one record. `message` is its body. An error in place of the message or of the attributes is the record's
 * `exception`; attributes may follow it. Never throws.
 */
export type LogMethod = (message: unknown, details?: unknown, attributes?: LogAttributes) => void;

/**
 * Writes runtime logs, in a scope of their own (`gateway-otel/runtime`), to the operator alone. Inside an exchange they carry its
 * trace and `{ns}.request_id`. Records below `runtimeLogs.minSeverity` are not written. No method throws, and each may be
 * passed on alone.
 */
export interface Logger {
  readonly emit: (record: LogRecord) => void;
  /** Whether a record of this severity would be written now; of none, where it is left out. */
  readonly enabled: (severityNumber?: number) => boolean;
  /** 1, TRACE. */
  readonly trace: LogMethod;
  /** 5, DEBUG. */
  readonly debug: LogMethod;
  /** 9, INFO. */
  readonly info: LogMethod;
  /** 10, NOTICE. */
  readonly notice: LogMethod;
  /** 13, WARN. */
  readonly warn: LogMethod;
  /** 17, ERROR. */
  readonly error: LogMethod;
  /** 18, CRIT. */
  readonly crit: LogMethod;
  /** 18, CRITICAL. */
  readonly critical: LogMethod;
  /** 19, ALERT. */
  readonly alert: LogMethod;
  /** 21, FATAL. */
  readonly fatal: LogMethod;
  /** 21, EMERG. */
  readonly emerg: LogMethod;
  /** 21, EMERGENCY. */
  readonly emergency: LogMethod;
}
