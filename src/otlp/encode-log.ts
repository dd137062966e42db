import type { HrTime } from '@opentelemetry/api';
import { writeAnyValueField, writeAttributes } from './attributes.js';
import type { ProtoWriter } from './proto-writer.js';
import type { LogRecordData } from '../model/records.js';

/** The field of the attributes, which may come in several places. */
export const LOG_ATTRIBUTES = 6;

/** Writes the contents of one OTLP `LogRecord`, without its tag and length. */
export function encodeLogRecord(w: ProtoWriter, log: LogRecordData): void {
  const context = log.spanContext;
  writeTime(w, 1, log.timeMs, log.hrTime);
  const severityNumber = log.severityNumber ?? 0;
  if (severityNumber > 0) {
    w.tag(2, 0);
    w.varint(severityNumber);
  }
  writeText(w, 3, log.severityText);
  writeAnyValueField(w, 5, log.body);
  writeAttributes(w, LOG_ATTRIBUTES, log.attributes, log.doubleKeys);
  const droppedAttributesCount = log.droppedAttributesCount ?? 0;
  if (droppedAttributesCount > 0) {
    w.tag(7, 0);
    w.varint(droppedAttributesCount);
  }
  const flags = (log.traceFlags ?? context?.traceFlags ?? 0) & 0xff;
  if (flags !== 0) {
    w.tag(8, 5);
    w.fixed32(flags);
  }
  writeId(w, 9, log.traceId ?? context?.traceId);
  writeId(w, 10, log.spanId ?? context?.spanId);
  writeTime(w, 11, log.observedTimeMs, log.hrTimeObserved);
  writeText(w, 12, log.eventName);
}

function writeTime(
  w: ProtoWriter,
  fieldNumber: number,
  timeMs: number | undefined,
  hrTime: HrTime | undefined,
): void {
  if (timeMs !== undefined) {
    w.tag(fieldNumber, 1);
    w.epochMs(timeMs);
  } else if (hrTime !== undefined) {
    w.tag(fieldNumber, 1);
    w.hrTime(hrTime);
  }
}

function writeText(w: ProtoWriter, fieldNumber: number, text: string | undefined): void {
  if (text === undefined || text === '') return;
  w.tag(fieldNumber, 2);
  w.string(text);
}

function writeId(w: ProtoWriter, fieldNumber: number, hexDigits: string | undefined): void {
  if (hexDigits === undefined || hexDigits === '') return;
  w.tag(fieldNumber, 2);
  w.hex(hexDigits);
}
