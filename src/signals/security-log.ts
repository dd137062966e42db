/** The log record of a security event, as its tenant may have it. */
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedSecurityEvent } from '../model/finished-security-event.js';
import type { Names } from '../model/names.js';
import type { LogRecordData } from '../model/records.js';
import { severityText } from './severity-text.js';

export function securityLog(event: FinishedSecurityEvent, names: Names): LogRecordData {
  const { timeMs, eventName, severityNumber, traceId, spanId, traceFlags } = event;
  const attributes: MutableAttributes = { [names.securityOutcome]: event.outcome };
  if (event.tenantId !== undefined) attributes[names.tenantId] = event.tenantId;
  return {
    timeMs,
    observedTimeMs: timeMs,
    severityNumber,
    severityText: severityText(severityNumber),
    // The reason is the operator's affair, and may hold what a tenant is not to know.
    body: `${event.name} ${event.outcome}`,
    eventName,
    attributes,
    traceId,
    spanId,
    traceFlags,
  };
}
