import { writeAttributes } from './attributes.js';
import type { ProtoWriter } from './proto-writer.js';
import type {
  SpanContextData,
  SpanEventData,
  SpanLinkData,
  SpanRecord,
  SpanStatusData,
} from '../model/records.js';

/** Span and link flags: whether the context is remote is known, and it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** Writes the contents of one OTLP `Span`, without its tag and length. */
export function encodeSpan(w: ProtoWriter, span: SpanRecord): void {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  writeContext(w, context);
  if (parent !== undefined && parent.spanId !== '') {
    w.tag(4, 2);
    w.hex(parent.spanId);
  }
  w.tag(5, 2);
  w.string(span.name);
  w.tag(6, 0);
  w.varint(span.kind >= 0 ? span.kind + 1 : 0);
  w.tag(7, 1);
  const startTimeMs = span.startTimeMs;
  if (startTimeMs === undefined) w.hrTime(span.startTime);
  else w.epochMs(startTimeMs);
  w.tag(8, 1);
  const endTimeMs = span.endTimeMs;
  if (endTimeMs === undefined) w.hrTime(span.endTime);
  else w.epochMs(endTimeMs);
  writeAttributes(w, 9, span.attributes, span.doubleKeys);
  if (span.endAttributes !== undefined) writeAttributes(w, 9, span.endAttributes, span.doubleKeys);
  writeCount(w, 10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(w, event, span.doubleKeys);
  writeCount(w, 12, span.droppedEventsCount);
  for (const link of span.links) writeLink(w, link);
  writeCount(w, 14, span.droppedLinksCount);
  writeStatus(w, span.status);
  w.tag(16, 5);
  w.fixed32(contextFlags(context.traceFlags, parent?.isRemote));
}

/** Trace id, span id and trace state are fields 1 to 3 of both Span and Link. */
function writeContext(w: ProtoWriter, context: SpanContextData): void {
  if (context.traceId !== '') {
    w.tag(1, 2);
    w.hex(context.traceId);
  }
  if (context.spanId !== '') {
    w.tag(2, 2);
    w.hex(context.spanId);
  }
  const traceState = context.traceState?.serialize();
  if (traceState !== undefined && traceState !== '') {
    w.tag(3, 2);
    w.string(traceState);
  }
}

function writeCount(w: ProtoWriter, fieldNumber: number, count: number | undefined): void {
  if (count === undefined || count <= 0) return;
  w.tag(fieldNumber, 0);
  w.varint(count);
}

function writeEvent(w: ProtoWriter, event: SpanEventData, doubleKeys: readonly string[] | undefined): void {
  w.tag(11, 2);
  const mark = w.begin();
  w.tag(1, 1);
  w.hrTime(event.time);
  w.tag(2, 2);
  w.string(event.name);
  if (event.attributes !== undefined) writeAttributes(w, 3, event.attributes, doubleKeys);
  writeCount(w, 4, event.droppedAttributesCount);
  w.end(mark);
}

function writeLink(w: ProtoWriter, link: SpanLinkData): void {
  w.tag(13, 2);
  const mark = w.begin();
  writeContext(w, link.context);
  if (link.attributes !== undefined) writeAttributes(w, 4, link.attributes);
  writeCount(w, 5, link.droppedAttributesCount);
  w.tag(6, 5);
  w.fixed32(contextFlags(link.context.traceFlags, link.context.isRemote));
  w.end(mark);
}

/** Written even when unset, as an empty message, because the official exporter does so too. */
function writeStatus(w: ProtoWriter, status: SpanStatusData): void {
  w.tag(15, 2);
  const mark = w.begin();
  const message = status.message;
  if (message !== undefined && message !== '') {
    w.tag(2, 2);
    w.string(message);
  }
  if (status.code > 0) {
    w.tag(3, 0);
    w.varint(status.code);
  }
  w.end(mark);
}

/** For a span the remote bit speaks of its parent; without a parent it is clear and still known. */
function contextFlags(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote === true ? IS_REMOTE : 0);
}
