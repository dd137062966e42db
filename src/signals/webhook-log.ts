/** The log record of a webhook's attempt, as its tenant may have it: exactly what the seed lists, and how it came out. */
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedWebhook } from '../model/finished-webhook.js';
import type { Names } from '../model/names.js';
import type { LogRecordData } from '../model/records.js';
import { severityText } from './severity-text.js';

/** `POST hooks.example.com order.created 200 12ms`. Never a path: those of webhooks are secrets often enough. */
function lineOf({ method, serverAddress, eventType, statusCode, durationMs }: FinishedWebhook): string {
  return `${method} ${serverAddress ?? '-'} ${eventType ?? '-'} ${statusCode ?? '-'} ${Math.round(durationMs)}ms`;
}

export function webhookLog(webhook: FinishedWebhook, names: Names): LogRecordData {
  const { severityNumber, endMs, traceId, spanId, traceFlags } = webhook;
  const attributes: MutableAttributes = {
    [ATTR_HTTP_REQUEST_METHOD]: webhook.method,
    [names.webhookSuccess]: webhook.isSuccess,
    [names.webhookRetryCount]: webhook.retryCount,
  };
  if (webhook.statusCode !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = webhook.statusCode;
  if (webhook.serverAddress !== undefined) attributes[ATTR_SERVER_ADDRESS] = webhook.serverAddress;
  if (webhook.eventType !== undefined) attributes[names.webhookEventType] = webhook.eventType;
  if (webhook.tenantId !== undefined) attributes[names.tenantId] = webhook.tenantId;
  if (webhook.errorType !== undefined) attributes[ATTR_ERROR_TYPE] = webhook.errorType;
  return {
    timeMs: endMs,
    observedTimeMs: endMs,
    severityNumber,
    severityText: severityText(severityNumber),
    body: lineOf(webhook),
    eventName: names.webhookEvent,
    attributes,
    traceId,
    spanId,
    traceFlags,
  };
}
