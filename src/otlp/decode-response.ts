import { Buffer } from 'node:buffer';
import { FieldCursor } from './field-cursor.js';

const MAX_MESSAGE_CHARS = 200;

/** Only so much of a message is decoded, whatever its length. */
const MAX_MESSAGE_BYTES = 4096;

/** C0 and C1 controls, and the two Unicode line breaks: none may reach a log line. */
const CONTROL_CHARS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export interface PartialSuccess {
  /** How many spans, log records or data points the receiver refused. */
  readonly rejected: number;
  /** At most 200 characters, without control characters; may be empty. */
  readonly message: string;
}

/**
 * Reads an Export*ServiceResponse. Undefined means full success or bytes that are no such message: a
 * partial success that rejects nothing and says nothing is full success by the protocol. Never throws.
 * With `isCut` the bytes are the beginning of a longer answer: the count stands before a long message.
 */
export function decodePartialSuccess(bytes: Uint8Array, isCut = false): PartialSuccess | undefined {
  let rejected = 0;
  let message = '';
  const outer = new FieldCursor(bytes, isCut);
  while (outer.next()) {
    if (outer.fieldNumber !== 1 || outer.wireType !== 2) continue;
    const inner = new FieldCursor(outer.content(), isCut);
    while (inner.next()) {
      if (inner.fieldNumber === 1 && inner.wireType === 0) rejected = inner.value;
      if (inner.fieldNumber === 2 && inner.wireType === 2) message = cleanText(inner.content());
    }
    if (inner.malformed) return undefined;
  }
  if (outer.malformed || (rejected === 0 && message === '')) return undefined;
  return { rejected, message };
}

/** Are these bytes an Export*ServiceResponse, whatever it says? Of a cut one, the beginning. Never throws. */
export function isExportResponse(bytes: Uint8Array, isCut = false): boolean {
  const outer = new FieldCursor(bytes, isCut);
  while (outer.next()) {
    if (outer.fieldNumber !== 1) continue;
    if (outer.wireType !== 2) return false;
    const inner = new FieldCursor(outer.content(), isCut);
    while (inner.next());
    if (inner.malformed) return false;
  }
  return !outer.malformed;
}

function cleanText(bytes: Uint8Array): string {
  const size = Math.min(bytes.length, MAX_MESSAGE_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, size).toString('utf8');
  // The last step removes the half of a surrogate pair that the cut may leave.
  return text
    .replace(CONTROL_CHARS, '')
    .slice(0, MAX_MESSAGE_CHARS)
    .replace(/[\ud800-\udbff]$/, '');
}
