/** The request's log record: one per finished request, shared by all its destinations. */
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';
import type { Attributes, MutableAttributes } from '../model/attributes.js';
import type { FinishedRequest } from '../model/finished-request.js';
import {
  ATTR_EVENT_NAME,
  ATTR_HTTP_REQUEST_BODY_SIZE,
  ATTR_HTTP_RESPONSE_BODY_SIZE,
  type Names,
} from '../model/names.js';
import type { LogRecordData } from '../model/records.js';
import { toMicrosecond } from '../model/to-microsecond.js';
import { severityText } from './severity-text.js';

export interface RequestLogOptions {
  readonly names: Names;
  /** Also as attribute `event.name`. */
  readonly eventNameAttribute: boolean;
}

/** A line for a person: `GET /v1/orders 200 12ms`, with `-` where no status was sent. Never a query. */
function lineOf(request: FinishedRequest): string {
  return `${request.method} ${request.path} ${request.outcome.statusCode ?? '-'} ${Math.round(request.latencyMs)}ms`;
}

/** The envelope only: never bodies, never headers, never the query. */
function envelope(
  request: FinishedRequest,
  { names, eventNameAttribute }: RequestLogOptions,
): MutableAttributes {
  const { outcome } = request;
  const attributes: MutableAttributes = {
    [ATTR_HTTP_REQUEST_METHOD]: request.method,
    [ATTR_URL_PATH]: request.path,
    [names.requestId]: request.requestId,
    [names.latencyMs]: toMicrosecond(request.latencyMs),
  };
  if (outcome.statusCode !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = outcome.statusCode;
  if (request.serverAddress !== undefined) attributes[ATTR_SERVER_ADDRESS] = request.serverAddress;
  if (request.tenantId !== undefined) attributes[names.tenantId] = request.tenantId;
  if (request.routeName !== undefined) attributes[names.routeName] = request.routeName;
  if (outcome.errorType !== undefined) attributes[ATTR_ERROR_TYPE] = outcome.errorType;
  if (eventNameAttribute) attributes[ATTR_EVENT_NAME] = names.requestEvent;
  return attributes;
}

/** What only the operator is told of the exchange itself; `undefined`: nothing. */
function factsOf(request: FinishedRequest, { names }: RequestLogOptions): Attributes | undefined {
  const { responseSource, timeToFirstByteMs, bodySizes, governance, errorId } = request;
  if (
    responseSource === undefined &&
    timeToFirstByteMs === undefined &&
    bodySizes === undefined &&
    errorId === undefined &&
    governance === undefined
  )
    return undefined;
  const facts: MutableAttributes = {};
  if (responseSource !== undefined) facts[names.responseSource] = responseSource;
  if (errorId !== undefined) facts[names.errorId] = errorId;
  if (timeToFirstByteMs !== undefined) facts[names.timeToFirstByteMs] = toMicrosecond(timeToFirstByteMs);
  if (bodySizes !== undefined) {
    facts[ATTR_HTTP_REQUEST_BODY_SIZE] = bodySizes.request;
    facts[ATTR_HTTP_RESPONSE_BODY_SIZE] = bodySizes.response;
  }
  return governance === undefined ? facts : Object.assign(facts, governance.attributes);
}

/** Of the operator's record, which may hold more of the kind. */
export function operatorDoubleKeys(
  request: FinishedRequest,
  { names }: RequestLogOptions,
): readonly string[] {
  return request.governance === undefined ? names.doubleKeys : names.governance.doubleKeys;
}

/** Custom attributes never replace those of the envelope: a tenant's own `url.path` would be a lie. */
function withCustom(own: Attributes, shared: Attributes | undefined): Attributes {
  return shared === undefined ? own : { ...shared, ...own };
}

/** The tenant's record, and the operator's, which is the same unless there are operator-only attributes of the host's. */
export interface RequestLogs {
  readonly forTenant: LogRecordData;
  readonly forOperator: LogRecordData;
  /** To be added to the operator's. */
  readonly operatorFacts: Attributes | undefined;
}

export function requestLogs(request: FinishedRequest, options: RequestLogOptions): RequestLogs {
  const own = envelope(request, options);
  const record: LogRecordData = {
    timeMs: request.endMs,
    observedTimeMs: request.endMs,
    severityNumber: request.outcome.severityNumber,
    severityText: severityText(request.outcome.severityNumber),
    body: lineOf(request),
    eventName: options.names.requestEvent,
    attributes: withCustom(own, request.tenantAttributes),
    droppedAttributesCount: request.droppedTenantAttributes,
    doubleKeys: options.names.doubleKeys,
    traceId: request.traceId,
    spanId: request.spanId,
    traceFlags: request.traceFlags,
  };
  const { operatorAttributes, tenantAttributes, droppedAttributes } = request;
  const facts = factsOf(request, options);
  if (operatorAttributes === undefined && droppedAttributes === request.droppedTenantAttributes) {
    // What is added later must have names that the record does not have.
    if (facts === undefined || tenantAttributes === undefined)
      return { forTenant: record, forOperator: record, operatorFacts: facts };
  }
  const forOperator = {
    ...record,
    attributes: { ...tenantAttributes, ...operatorAttributes, ...own, ...facts },
    droppedAttributesCount: droppedAttributes,
    doubleKeys: operatorDoubleKeys(request, options),
  };
  return { forTenant: record, forOperator, operatorFacts: undefined };
}
