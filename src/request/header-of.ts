/** Headers in all the shapes in which hosts have them. */
import type { ReadableHeaders } from '../model/exchange.js';

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
  const fields = headers as Readonly<Record<string, unknown>>;
  let value = fields[name];
  if (value === undefined) {
    // Node gives lower-case names; a host's own object may spell them as it likes.
    for (const key in fields) {
      if (key.length === name.length && key.toLowerCase() === name) value = fields[key];
    }
  }
  return typeof value === 'string' ? value : undefined;
}
