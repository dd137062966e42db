/** Headers in all the shapes in which hosts have them. */
import type { ReadableHeaders } from '../model/exchange.js';
import { isListable } from '../model/fields.js';

/** One header of Node's header object, of pairs, of a flat list, or of `Headers`; repeats: the first. */
export function headerOf(headers: ReadableHeaders, name: string): string | undefined {
  if (Array.isArray(headers)) {
    const flat = typeof headers[0] === 'string';
    for (let index = 0; index < headers.length; index += flat ? 2 : 1) {
      const item: unknown = headers[index];
      const key: unknown = flat ? item : (item as readonly unknown[] | null)?.[0];
      if (typeof key !== 'string' || key.toLowerCase() !== name) continue;
      const value: unknown = flat ? headers[index + 1] : (item as readonly unknown[])[1];
      return typeof value === 'string' ? value : undefined;
    }
    return undefined;
  }
  if (typeof (headers as Partial<Headers>).get === 'function') {
    return (headers as Headers).get(name) ?? undefined;
  }
  const value = fieldOf(headers as Readonly<Record<string, unknown>>, name);
  return typeof value === 'string' ? value : undefined;
}

function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  let value = fields[name];
  if (value === undefined && isListable(fields)) {
    // Node gives lower-case names; a host's own object may spell them as it likes.
    for (const key in fields) {
      if (key.length === name.length && key.toLowerCase() === name) value = fields[key];
    }
  }
  return value;
}

/** All of a header's values, as Node joins them: where a list is read from its end, the last line counts most. */
export function headersOf(headers: ReadableHeaders, name: string): string | undefined {
  if (Array.isArray(headers)) {
    const values: string[] = [];
    const flat = typeof headers[0] === 'string';
    for (let index = 0; index < headers.length; index += flat ? 2 : 1) {
      const [key, value] = flat
        ? [headers[index], headers[index + 1] as unknown]
        : ((headers[index] as readonly unknown[] | null) ?? []);
      if (typeof key === 'string' && typeof value === 'string' && key.toLowerCase() === name)
        values.push(value);
    }
    return values.length === 0 ? undefined : values.join(', ');
  }
  if (typeof (headers as Partial<Headers>).get === 'function') return headerOf(headers, name);
  const value = fieldOf(headers as Readonly<Record<string, unknown>>, name);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : undefined;
}
