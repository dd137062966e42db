/**
 * What has fields that may be listed. A text, a `Buffer` or a typed array has one for each character or byte: 10 MB of them take
 * seconds, while a request waits. An object's own names cannot be listed piece by piece; a million of them take about a second.
 */

/** Fields, or a list of them: the shapes in which hosts have headers. Whatever it is, the question throws nothing. */
export function isListable(value: unknown): value is object {
  try {
    return (
      typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof String)
    );
  } catch {
    // A proxy that refuses to tell.
    return false;
  }
}

/** An object with names for what it holds. */
export function hasFields(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return isListable(value) && !Array.isArray(value);
  } catch {
    // A revoked proxy.
    return false;
  }
}
