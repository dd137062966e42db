import { attributesOf } from './attribute-values.js';
import type { ReceivedAttributes } from './attribute-values.js';
import type { DecodedMessage } from './decode-request.js';
import { bigintOf, childOf, childrenOf, hexOf, numberOf, textOf } from './decoded-tree.js';
import { scopeGroupsOf } from './record-origin.js';
import type { ReceivedHeaders, ReceivedOrigin } from './record-origin.js';

/** An event on a received span. */
export interface ReceivedSpanEvent {
  readonly name: string;
  /** Nanoseconds since the epoch. */
  readonly timeUnixNano: bigint;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributesCount: number;
}

/** A link on a received span. Ids are lower-case hex. */
export interface ReceivedSpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly flags: number;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributesCount: number;
}

/** A span as it arrived. Numbers that were not sent are 0, as in protobuf; optional texts are missing. */
export interface ReceivedSpan extends ReceivedOrigin {
  /** 32 lower-case hex digits from a correct sender; whatever came otherwise. */
  readonly traceId: string;
  /** 16 lower-case hex digits from a correct sender. */
  readonly spanId: string;
  /** Missing on a root span. */
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  /**
   * The OTLP number: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer (the API's kind
   * plus 1).
   */
  readonly kind: number;
  /** Nanoseconds since the epoch. */
  readonly startTimeUnixNano: bigint;
  /** Nanoseconds since the epoch. */
  readonly endTimeUnixNano: bigint;
  /** Bits 0-7 are the W3C trace flags, bits 8 and 9 say whether the parent is remote. */
  readonly flags: number;
  /** The code is 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: ReceivedAttributes;
  readonly events: readonly ReceivedSpanEvent[];
  readonly links: readonly ReceivedSpanLink[];
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** The spans of a decoded trace request in the order in which they were sent. */
export function spansOf(request: DecodedMessage, headers: ReceivedHeaders): ReceivedSpan[] {
  const fields = { resources: 'resourceSpans', scopes: 'scopeSpans' };
  return scopeGroupsOf(request, fields, headers).flatMap(({ group, origin }) =>
    childrenOf(group, 'spans').map((span) => spanOf(span, origin)),
  );
}

function spanOf(span: DecodedMessage, origin: ReceivedOrigin): ReceivedSpan {
  const parentSpanId = hexOf(span, 'parentSpanId');
  const traceState = textOf(span, 'traceState');
  const status = childOf(span, 'status');
  const statusMessage = textOf(status, 'message');
  return {
    traceId: hexOf(span, 'traceId'),
    spanId: hexOf(span, 'spanId'),
    ...(parentSpanId !== '' && { parentSpanId }),
    ...(traceState !== '' && { traceState }),
    name: textOf(span, 'name'),
    kind: numberOf(span, 'kind'),
    startTimeUnixNano: bigintOf(span, 'startTimeUnixNano'),
    endTimeUnixNano: bigintOf(span, 'endTimeUnixNano'),
    flags: numberOf(span, 'flags'),
    status: { code: numberOf(status, 'code'), ...(statusMessage !== '' && { message: statusMessage }) },
    attributes: attributesOf(span),
    events: childrenOf(span, 'events').map(eventOf),
    links: childrenOf(span, 'links').map(linkOf),
    droppedAttributesCount: numberOf(span, 'droppedAttributesCount'),
    droppedEventsCount: numberOf(span, 'droppedEventsCount'),
    droppedLinksCount: numberOf(span, 'droppedLinksCount'),
    ...origin,
  };
}

function eventOf(event: DecodedMessage): ReceivedSpanEvent {
  return {
    name: textOf(event, 'name'),
    timeUnixNano: bigintOf(event, 'timeUnixNano'),
    attributes: attributesOf(event),
    droppedAttributesCount: numberOf(event, 'droppedAttributesCount'),
  };
}

function linkOf(link: DecodedMessage): ReceivedSpanLink {
  const traceState = textOf(link, 'traceState');
  return {
    traceId: hexOf(link, 'traceId'),
    spanId: hexOf(link, 'spanId'),
    ...(traceState !== '' && { traceState }),
    flags: numberOf(link, 'flags'),
    attributes: attributesOf(link),
    droppedAttributesCount: numberOf(link, 'droppedAttributesCount'),
  };
}
