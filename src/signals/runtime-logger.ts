/** `telemetry.logger`: the SDK's, with the running exchange's ids, to the operator. */
import { types } from 'node:util';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Scope } from '../model/delivery.js';
import { readException } from '../model/exception.js';
import { hasFields } from '../model/fields.js';
import { LOG_LEVELS, type LogLevel } from '../model/log-level.js';
import type { LogAttributes, Logger, LogMethod, LogRecord } from '../model/logger.js';
import type { CustomSignalsOptions } from './custom.js';
import { loadLogsSdk } from './load-sdk.cjs';
import { OutgoingLog } from './outgoing.js';
import { putException } from './put-exception.js';
import { severityText } from './severity-text.js';

type SdkLogger = ReturnType<LoggerProvider['getLogger']>;

export function createRuntimeLogger(options: CustomSignalsOptions, scope: Scope): Logger {
  const { intake, encoders, minSeverity } = options;
  let logger: SdkLogger | undefined;
  const sdkLogger = (): SdkLogger => {
    if (logger !== undefined) return logger;
    const { LoggerProvider: Provider } = loadLogsSdk();
    const { maxAttributes, maxValueLength } = options.limits.log;
    const provider = new Provider({
      resource: options.sdkResource(),
      logRecordLimits: { attributeCountLimit: maxAttributes, attributeValueLengthLimit: maxValueLength },
      processors: [
        {
          onEmit: (record) =>
            intake.operator('logs', new OutgoingLog(record, scope, encoders, options.resourceObject)),
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    return (logger = provider.getLogger(scope.name, scope.version));
  };

  const enabled = (severityNumber?: number): boolean =>
    !options.isDisabled() &&
    intake.wanted.operatorLogs &&
    // Where nothing is said of it, nobody can say that it matters too little.
    !(typeof severityNumber === 'number' && severityNumber > 0 && severityNumber < minSeverity);

  const emit = (record: LogRecord): void => {
    try {
      if (!enabled(record?.severityNumber)) return;
      const { severityNumber, severityText: text, body, eventName, timestamp } = record;
      const context = record.context ?? options.activeContext();
      sdkLogger().emit({
        severityNumber,
        severityText:
          text ??
          (severityNumber === undefined || severityNumber < 1 ? undefined : severityText(severityNumber)),
        body,
        eventName,
        timestamp,
        context,
        attributes: attributesOf(record, options.requestIdOf(context), options),
      } as Parameters<SdkLogger['emit']>[0]);
    } catch {
      // What cannot be read is the host's affair; logging must not fail a request.
      options.report({ code: 'callback_failed', message: 'A runtime log record could not be read' });
    }
  };

  const write = (level: LogLevel): LogMethod => {
    const severityNumber = LOG_LEVELS[level];
    const text = level.toUpperCase();
    return (message, details, attributes) => {
      if (!enabled(severityNumber)) return;
      const isAttributes = details !== undefined && !isError(details);
      emit({
        severityNumber,
        severityText: text,
        body: bodyOf(message),
        exception: isError(details) ? details : isError(message) ? message : undefined,
        attributes: (isAttributes ? fieldsOf(details) : undefined) ?? fieldsOf(attributes) ?? {},
      });
    };
  };
  return Object.freeze({
    emit,
    enabled,
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    notice: write('notice'),
    warn: write('warn'),
    error: write('error'),
    crit: write('crit'),
    critical: write('critical'),
    alert: write('alert'),
    fatal: write('fatal'),
    emerg: write('emerg'),
    emergency: write('emergency'),
  });
}

/** Also one of another realm, such as a test runner's. */
function isError(value: unknown): boolean {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    // A proxy that refuses to tell.
    return false;
  }
}

/** Anything but fields has no names for what it holds. */
function fieldsOf(value: unknown): LogAttributes | undefined {
  return hasFields(value) ? value : undefined;
}

function bodyOf(message: unknown): unknown {
  if (!isError(message)) return message;
  return readException(message, false)?.message;
}

function attributesOf(
  record: LogRecord,
  requestId: string | undefined,
  { names, exceptions }: CustomSignalsOptions,
): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  const { exception } = record;
  if (exception !== undefined && exception !== null) {
    const facts = readException(exception, exceptions.stackTraces);
    if (facts !== undefined) putException(attributes, facts);
  }
  if (requestId !== undefined && requestId !== '') attributes[names.requestId] = requestId;
  const given = fieldsOf(record.attributes);
  if (given === undefined) return attributes;
  for (const key of Object.keys(given)) {
    if (key === '__proto__') continue;
    try {
      const value = given[key];
      // The SDK leaves out what it has no type for.
      attributes[key] = typeof value === 'bigint' ? String(value) : value;
    } catch {
      // A getter that throws costs its own attribute.
    }
  }
  return attributes;
}
