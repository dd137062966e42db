/** From what happens beside requests to its records: a span for the operator, a log record for everyone who is to have it. */
import type { Attributes, MutableAttributes } from '../model/attributes.js';
import type { DestinationResource, Intake, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedGenAi, GenAiSink } from '../model/finished-gen-ai.js';
import type { FinishedSecurityEvent, SecurityEventSink } from '../model/finished-security-event.js';
import type { FinishedWebhook, WebhookSink } from '../model/finished-webhook.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import { ATTR_EVENT_NAME, type Names } from '../model/names.js';
import type { LogRecordData, SpanRecord } from '../model/records.js';
import type { GatewayMetrics } from './gateway-metrics.js';
import { clientExceptionLog } from './exception-log.js';
import { genAiLog, operatorPart, tenantKeys, type GenAiLogOptions } from './gen-ai-log.js';
import { OutgoingLog, OutgoingSpan } from './outgoing.js';
import { securityLog } from './security-log.js';
import { webhookLog } from './webhook-log.js';

export interface EventSignalsOptions {
  readonly names: Names;
  /** Also as attribute `event.name`. */
  readonly eventNameAttribute: boolean;
  /** What tenants are told of. */
  readonly tenantRecords: {
    readonly webhooks: boolean;
    readonly securityEvents: boolean;
    readonly genAi: boolean | 'with_cost';
  };
  readonly genAiNames: GenAiNames;
  /** `genAi.events` */
  readonly logsCalls: boolean;
  readonly intake: Intake;
  readonly metrics: Pick<GatewayMetrics, 'recordCall'>;
  readonly encoders: Encoders;
  readonly scope: Scope;
  resourceObject(resource: DestinationResource): object;
}

/** What the operator's record has beyond the tenant's. */
interface OperatorPart {
  readonly attributes: Attributes | undefined;
  readonly droppedAttributes: number;
}

export function createEventSignals(
  options: EventSignalsOptions,
): WebhookSink & SecurityEventSink & GenAiSink {
  const { names, tenantRecords, intake, encoders, scope, resourceObject } = options;

  const outgoing = (record: LogRecordData): OutgoingLog =>
    new OutgoingLog(record, scope, encoders, resourceObject);

  const log = (base: LogRecordData, tenantId: string | undefined, forOperator: OperatorPart): void => {
    const tenant = tenantId === undefined ? undefined : intake.tenant(tenantId);
    const { operatorLogs } = intake.wanted;
    if (tenant === undefined && !operatorLogs) return;
    const record = options.eventNameAttribute
      ? { ...base, attributes: { ...base.attributes, [ATTR_EVENT_NAME]: base.eventName } }
      : base;
    const shared = outgoing(record);
    tenant?.log(shared);
    if (!operatorLogs) return;
    const { attributes, droppedAttributes } = forOperator;
    const isSame = attributes === undefined && droppedAttributes === 0;
    // A host's attributes never replace the record's own: a `server.address` of its own would be a lie.
    const own = { ...attributes, ...record.attributes };
    intake.operator(
      'logs',
      isSame ? shared : outgoing({ ...record, attributes: own, droppedAttributesCount: droppedAttributes }),
    );
  };

  const calls: GenAiLogOptions = {
    names,
    genAiNames: options.genAiNames,
    doubleKeys: [...names.governance.doubleKeys, ...options.genAiNames.doubleKeys],
    tenantKeys: tenantKeys(options.genAiNames),
  };
  const callException = (call: FinishedGenAi): void => {
    const { exception, endMs } = call;
    if (exception === undefined || !intake.wanted.operatorLogs) return;
    const caught = { ...call, exception, timeMs: endMs, routeName: undefined };
    const { exceptionEvent } = options.genAiNames;
    intake.operator(
      'logs',
      outgoing(clientExceptionLog(caught, exceptionEvent, names, options.eventNameAttribute)),
    );
  };

  const span = (finished: SpanRecord | undefined): void => {
    if (finished !== undefined && intake.wanted.operatorTraces)
      intake.operator('traces', new OutgoingSpan(finished, scope, encoders, resourceObject));
  };

  return {
    webhookFinished(webhook: FinishedWebhook): void {
      const { requestId, operatorAttributes, droppedAttributes } = webhook;
      let attributes = operatorAttributes;
      if (requestId !== undefined) {
        const all: MutableAttributes = { ...operatorAttributes } as MutableAttributes;
        all[names.requestId] = requestId;
        attributes = all;
      }
      log(webhookLog(webhook, names), tenantRecords.webhooks ? webhook.tenantId : undefined, {
        attributes,
        droppedAttributes,
      });
      // Last, because hosts can put things on a span that cannot be encoded, and the rest must not be lost with it.
      span(webhook.span);
    },
    genAiFinished(call: FinishedGenAi): void {
      const { droppedAttributes } = call;
      const tenantId = tenantRecords.genAi === false ? undefined : call.tenantId;
      // First, because a lookup that begins here opens the readings that are to count this very call.
      if (tenantId !== undefined) intake.tenant(tenantId);
      options.metrics.recordCall(call, intake.wanted.operatorMetrics);
      callException(call);
      if (options.logsCalls)
        log(genAiLog(call, calls), tenantId, {
          attributes: operatorPart(call, names),
          droppedAttributes,
        });
    },
    securityEventFinished(event: FinishedSecurityEvent): void {
      const { operatorAttributes, droppedAttributes } = event;
      log(securityLog(event, names), tenantRecords.securityEvents ? event.tenantId : undefined, {
        attributes: operatorAttributes,
        droppedAttributes,
      });
      span(event.span);
    },
  };
}
