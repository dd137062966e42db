/** Texts and values from clients and hosts, made harmless and cut before they become part of a record. */
import type { AttributeValue } from './attributes.js';

/** A string value; longer ones are cut. The specification has no default limit, which is a way to be flooded. */
export const MAX_VALUE_LENGTH = 4096;
/** Elements of an array value. */
export const MAX_ARRAY_LENGTH = 128;
export const MAX_KEY_LENGTH = 256;
/** Names: routes, environments, error types. */
export const MAX_NAME_LENGTH = 256;

/** Cuts without leaving half a surrogate pair behind. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}

/** A name from the host's code: control characters go, and it is cut. Empty or not a string: `undefined`. */
export function cleanName(value: unknown, maxLength = MAX_NAME_LENGTH): string | undefined {
  if (typeof value !== 'string' || value.length === 0) return undefined;
  const cut = cutText(value, maxLength);
  for (let index = 0; index < cut.length; index++) {
    const code = cut.charCodeAt(index);
    // Control characters of ASCII and Latin-1.
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
      return cut.replace(/[\u0000-\u001f\u007f-\u009f]/g, '') || undefined;
  }
  return cut;
}

/** A value that OpenTelemetry knows, cut to the limits; `undefined` for anything else. Never keeps the argument. */
export function cleanValue(value: unknown, maxLength = MAX_VALUE_LENGTH): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return cutText(value, maxLength);
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return readArray(value, maxLength);
    default:
      return undefined;
  }
}

/** A proxy or a getter of the host's that throws is no value. */
function readArray(value: object | null, maxLength: number): AttributeValue | undefined {
  try {
    return Array.isArray(value) ? cleanArray(value, maxLength) : undefined;
  } catch {
    return undefined;
  }
}

function cleanArray(value: readonly unknown[], maxLength: number): AttributeValue | undefined {
  const cleaned: (string | number | boolean | null)[] = [];
  let kind: string | undefined;
  for (let index = 0; index < value.length && index < MAX_ARRAY_LENGTH; index++) {
    const item = value[index];
    if (item === null || item === undefined) {
      cleaned.push(null);
      continue;
    }
    kind ??= typeof item;
    if (typeof item !== kind || (kind !== 'string' && kind !== 'number' && kind !== 'boolean'))
      return undefined;
    cleaned.push(typeof item === 'string' ? cutText(item, maxLength) : (item as number | boolean));
  }
  return cleaned as AttributeValue;
}

/** A key that can be set on a plain object without harm. */
export function isUsableKey(key: unknown): key is string {
  return typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_LENGTH && key !== '__proto__';
}
