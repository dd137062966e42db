import { anyValueOf, attributesOf } from './attribute-values.js';
import type { ReceivedAttributes } from './attribute-values.js';
import type { DecodedMessage } from './decode-request.js';
import { bigintOf, childOf, childrenOf, hexOf, numberOf, textOf } from './decoded-tree.js';
import { scopeGroupsOf } from './record-origin.js';
import type { ReceivedHeaders, ReceivedOrigin } from './record-origin.js';

/** A log record as it arrived. What was not sent is 0, 0n or the empty string, as in protobuf. */
export interface ReceivedLog extends ReceivedOrigin {
  /** Nanoseconds since the epoch; 0n when the time is unknown. */
  readonly timeUnixNano: bigint;
  /** Nanoseconds since the epoch. */
  readonly observedTimeUnixNano: bigint;
  /** 1 to 24 (9 is INFO, 17 is ERROR); 0 when not sent. */
  readonly severityNumber: number;
  readonly severityText: string;
  /** Undefined when no body was sent, null when an empty one was; else like an attribute's value. */
  readonly body: unknown;
  readonly attributes: ReceivedAttributes;
  readonly eventName: string;
  /** Lower-case hex; empty when the record belongs to no trace. */
  readonly traceId: string;
  /** Lower-case hex; empty when the record belongs to no span. */
  readonly spanId: string;
  /** Bits 0-7 are the W3C trace flags. */
  readonly flags: number;
  readonly droppedAttributesCount: number;
}

/** The records of a decoded log request in the order in which they were sent. */
export function logsOf(request: DecodedMessage, headers: ReceivedHeaders): ReceivedLog[] {
  const fields = { resources: 'resourceLogs', scopes: 'scopeLogs' };
  return scopeGroupsOf(request, fields, headers).flatMap(({ group, origin }) =>
    childrenOf(group, 'logRecords').map((record) => logOf(record, origin)),
  );
}

function logOf(record: DecodedMessage, origin: ReceivedOrigin): ReceivedLog {
  const body = childOf(record, 'body');
  return {
    timeUnixNano: bigintOf(record, 'timeUnixNano'),
    observedTimeUnixNano: bigintOf(record, 'observedTimeUnixNano'),
    severityNumber: numberOf(record, 'severityNumber'),
    severityText: textOf(record, 'severityText'),
    body: body === undefined ? undefined : anyValueOf(body),
    attributes: attributesOf(record),
    eventName: textOf(record, 'eventName'),
    traceId: hexOf(record, 'traceId'),
    spanId: hexOf(record, 'spanId'),
    flags: numberOf(record, 'flags'),
    droppedAttributesCount: numberOf(record, 'droppedAttributesCount'),
    ...origin,
  };
}
