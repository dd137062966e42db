/** From one finished request to its records: span, log record, metrics; each made once, for whoever wants it. */
import type { DestinationResource, Intake, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedRequest, RequestSink } from '../model/finished-request.js';
import type { SpanRecord } from '../model/records.js';
import { exceptionLog } from './exception-log.js';
import { ExtendedLog, OutgoingLog, OutgoingSpan } from './outgoing.js';
import { operatorDoubleKeys, requestLogs, type RequestLogOptions } from './request-log.js';
import type { GatewayMetrics } from './gateway-metrics.js';

export interface RequestSignalsOptions extends RequestLogOptions {
  readonly intake: Intake;
  readonly metrics: Pick<GatewayMetrics, 'record'>;
  readonly encoders: Encoders;
  readonly scope: Scope;
  resourceObject(resource: DestinationResource): object;
}

export function createRequestSignals(options: RequestSignalsOptions): RequestSink {
  const { intake, metrics, encoders, scope, resourceObject } = options;
  const spanFinished = (span: SpanRecord, request?: FinishedRequest): void => {
    if (intake.wanted.operatorTraces) {
      intake.operator('traces', new OutgoingSpan(span, scope, encoders, resourceObject), request);
    }
  };
  return {
    get choosesByRequest() {
      return intake.wanted.spansByRequest;
    },
    get keepsUnsampled() {
      return intake.wanted.unsampledSpans;
    },
    keeps: (request) => intake.keeps(request),
    spanKept: (span, request) =>
      intake.late(new OutgoingSpan(span, scope, encoders, resourceObject), request),
    upstreamCallFinished: spanFinished,
    wantsExceptions: () => intake.wanted.operatorLogs,
    exceptionCaught(caught, request) {
      if (!intake.wanted.operatorLogs) return;
      const log = exceptionLog(caught, options.names, options.eventNameAttribute);
      intake.operator('logs', new OutgoingLog(log, scope, encoders, resourceObject), request);
    },
    requestFinished(request: FinishedRequest): void {
      const { wanted } = intake;
      // Before the metrics: a lookup that begins here opens its reading first, and so counts this very request.
      const { tenantId, isOwnExport } = request;
      const tenant = tenantId === undefined || isOwnExport ? undefined : intake.tenant(tenantId);
      // A tenant's series are the operator's too, so what the tenant is not to see has none of its own.
      const counted = isOwnExport ? { ...request, tenantId: undefined } : request;
      if (wanted.operatorMetrics || tenant !== undefined) metrics.record(counted, wanted.operatorMetrics);
      if (tenant !== undefined || wanted.operatorLogs) {
        const { forTenant, forOperator, operatorFacts } = requestLogs(request, options);
        const shared = new OutgoingLog(forTenant, scope, encoders, resourceObject);
        tenant?.log(shared, request);
        if (wanted.operatorLogs) {
          const own =
            forOperator === forTenant
              ? shared
              : new OutgoingLog(forOperator, scope, encoders, resourceObject);
          intake.operator(
            'logs',
            operatorFacts === undefined
              ? own
              : new ExtendedLog(own, operatorFacts, operatorDoubleKeys(request, options), encoders),
            request,
          );
        }
      }
      // Last, because hosts can put things on a span that cannot be encoded, and the rest must not be lost with it.
      if (request.span !== undefined) spanFinished(request.span, request);
    },
  };
}
