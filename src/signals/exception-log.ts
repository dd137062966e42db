/** The log events of failed requests and of failed calls at their upstreams, to the operator only. */
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { RequestException } from '../model/finished-request.js';
import {
  ATTR_EVENT_NAME,
  EVENT_CLIENT_EXCEPTION,
  EVENT_SERVER_EXCEPTION,
  type Names,
} from '../model/names.js';
import type { LogRecordData } from '../model/records.js';
import { putException } from './put-exception.js';
import { severityText } from './severity-text.js';

/** What ended a request is an error; what ended one attempt at an upstream, the gateway may have dealt with. */
const SERVER_SEVERITY = 17;
const CLIENT_SEVERITY = 13;

/** Whatever failed: a request, a call at its upstream, a call to a model. */
export type CaughtException = Omit<RequestException, 'side' | 'requestId'> & {
  readonly requestId: string | undefined;
};

export function exceptionLog(
  caught: RequestException,
  names: Names,
  eventNameAttribute: boolean,
): LogRecordData {
  return caught.side === 'server'
    ? logOf(caught, EVENT_SERVER_EXCEPTION, SERVER_SEVERITY, names, eventNameAttribute)
    : clientExceptionLog(caught, EVENT_CLIENT_EXCEPTION, names, eventNameAttribute);
}

export function clientExceptionLog(
  caught: CaughtException,
  eventName: string,
  names: Names,
  eventNameAttribute: boolean,
): LogRecordData {
  return logOf(caught, eventName, CLIENT_SEVERITY, names, eventNameAttribute);
}

function logOf(
  caught: CaughtException,
  eventName: string,
  severityNumber: number,
  names: Names,
  eventNameAttribute: boolean,
): LogRecordData {
  const { type, message } = caught.exception;
  const attributes: MutableAttributes = {};
  if (caught.requestId !== undefined) attributes[names.requestId] = caught.requestId;
  if (caught.tenantId !== undefined) attributes[names.tenantId] = caught.tenantId;
  if (caught.routeName !== undefined) attributes[names.routeName] = caught.routeName;
  if (caught.errorType !== undefined) attributes[ATTR_ERROR_TYPE] = caught.errorType;
  putException(attributes, caught.exception);
  if (eventNameAttribute) attributes[ATTR_EVENT_NAME] = eventName;
  return {
    timeMs: caught.timeMs,
    observedTimeMs: caught.timeMs,
    severityNumber,
    severityText: severityText(severityNumber),
    body: [type, message].filter((text) => text !== undefined).join(': '),
    eventName,
    attributes,
    traceId: caught.traceId,
    spanId: caught.spanId,
    traceFlags: caught.traceFlags,
  };
}
