/** Headers that a host has asked for by name, as attributes of the operator's spans. */
import type { MutableAttributes } from '../model/attributes.js';
import { cleanName } from '../model/clean-values.js';
import type { ReadableHeaders } from '../model/exchange.js';
import { isListable } from '../model/fields.js';
import { redactText, type FurtherKeys } from '../model/redact-text.js';

const MAX_VALUES = 16;
const MAX_HEADER_LENGTH = 256;
/** Of a value that comes as bytes: no more than is looked through. */
const MAX_READ_BYTES = 4 * MAX_HEADER_LENGTH;

export type HeaderKind = 'request' | 'response';

/** Every value of a header, in all the shapes in which hosts have headers. */
function valuesOf(headers: ReadableHeaders, name: string): unknown[] {
  if (!Array.isArray(headers)) {
    if (typeof (headers as Partial<Headers>).get === 'function') return [(headers as Headers).get(name)];
    const fields = headers as Readonly<Record<string, unknown>>;
    let value = fields[name];
    if (value === undefined) {
      for (const key in fields)
        if (key.length === name.length && key.toLowerCase() === name) value = fields[key];
    }
    return Array.isArray(value) ? value : [value];
  }
  const values: unknown[] = [];
  const isFlat = !Array.isArray(headers[0]);
  for (let index = 0; index < headers.length && values.length < MAX_VALUES; index += isFlat ? 2 : 1) {
    const [key, value] = isFlat
      ? [headers[index] as unknown, headers[index + 1] as unknown]
      : (headers[index] as readonly unknown[]);
    if (textOf(key)?.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** Text, a number as Node takes it, or bytes as undici gives them. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!(value instanceof Uint8Array)) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, MAX_READ_BYTES)).toString();
}

/** What cannot be read was not there. Of each header 16 values of 256 characters, without control characters. */
export function putHeaders(
  attributes: MutableAttributes,
  kind: HeaderKind,
  names: readonly string[],
  headers: ReadableHeaders | undefined,
  further: FurtherKeys,
): void {
  if (!isListable(headers)) return;
  for (const name of names) {
    try {
      const texts: string[] = [];
      for (const value of valuesOf(headers, name)) {
        const given = textOf(value);
        if (given === undefined || texts.length >= MAX_VALUES) continue;
        // Redacted whole and cut then: half of a secret is a secret.
        const text = redactText(cleanName(given, MAX_READ_BYTES) ?? '', further);
        texts.push(cleanName(text, MAX_HEADER_LENGTH) ?? '');
      }
      if (texts.length > 0) attributes[`http.${kind}.header.${name}`] = texts;
    } catch {
      // A getter of the host's that throws must not fail a request.
    }
  }
}
