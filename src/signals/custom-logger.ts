/** `telemetry.logger`: the SDK's, with the running exchange's trace, to the operator. */
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Logger, LogRecord } from '../model/telemetry.js';
import type { CustomSignalsOptions } from './custom.js';
import type { CustomScopes } from './custom-scopes.js';
import { loadLogsSdk } from './load-sdk.cjs';
import { OutgoingLog } from './outgoing.js';
import { severityText } from './severity-text.js';

type SdkLogger = ReturnType<LoggerProvider['getLogger']>;

export function createCustomLogger(options: CustomSignalsOptions, scopes: CustomScopes): Logger {
  const { intake, encoders } = options;
  const { own } = scopes;
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
            intake.operator('logs', new OutgoingLog(record, own, encoders, options.resourceObject)),
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    return (logger = provider.getLogger(own.name, own.version));
  };
  return {
    emit(record: LogRecord) {
      if (options.isDisabled() || !intake.wanted.operatorLogs) return;
      try {
        const { severityNumber, context } = record;
        sdkLogger().emit({
          ...record,
          context: context ?? options.activeContext(),
          ...(severityNumber !== undefined && {
            severityText: record.severityText ?? severityText(severityNumber),
          }),
        } as Parameters<SdkLogger['emit']>[0]);
      } catch {
        // Attributes with throwing getters are the host's affair; logging must not fail a request.
        options.report({ code: 'callback_failed', message: 'A runtime log record could not be read' });
      }
    },
  };
}
