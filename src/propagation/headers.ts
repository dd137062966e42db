/** Reading and writing headers in all the shapes that hosts have them. Nothing here throws. */
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';

/**
 * The value of a header by its lower-case name; repeats are joined with `, ` in order, as Node does.
 * `undefined` when there is none.
 */
export function readHeader(headers: ReadableHeaders, name: string): string | undefined {
  if (Array.isArray(headers)) return readList(headers as readonly unknown[], name);
  if (isFetchHeaders(headers)) return headers.get(name) ?? undefined;
  const value = (headers as Readonly<Record<string, unknown>>)[name];
  if (typeof value === 'string') return value;
  return value === undefined
    ? readOtherCase(headers as Readonly<Record<string, unknown>>, name)
    : textOf(value);
}

/** Node gives lower-case names; a host's own object may spell them as it likes. */
function readOtherCase(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return textOf(headers[key]);
  }
  return undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').join(', ') : undefined;
}

/** `[name, value]` pairs, or the flat list of `rawHeaders`. */
function readList(list: readonly unknown[], name: string): string | undefined {
  let found: string | undefined;
  const flat = typeof list[0] === 'string';
  for (let index = 0; index < list.length; index += flat ? 2 : 1) {
    const pair = flat ? undefined : (list[index] as readonly unknown[] | null);
    const key = flat ? list[index] : pair?.[0];
    if (typeof key !== 'string' || key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = textOf(flat ? list[index + 1] : pair?.[1]);
    if (value !== undefined) found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

function isFetchHeaders(headers: ReadableHeaders | WritableHeaders): headers is Headers {
  return (
    typeof (headers as Partial<Headers>).get === 'function' &&
    typeof (headers as Partial<Headers>).set === 'function'
  );
}

/** Removes a header in whatever spelling. */
export function removeHeader(headers: WritableHeaders, name: string): void {
  if (Array.isArray(headers)) {
    for (let index = headers.length - 1; index >= 0; index--) {
      if (String(headers[index]?.[0]).toLowerCase() === name) headers.splice(index, 1);
    }
    return;
  }
  if (isFetchHeaders(headers)) {
    headers.delete(name);
    return;
  }
  for (const key in headers) {
    if (key.length === name.length && (key === name || key.toLowerCase() === name)) delete headers[key];
  }
}

/** Sets a header under its lower-case name, replacing every other spelling. */
export function writeHeader(headers: WritableHeaders, name: string, value: string): void {
  if (Array.isArray(headers)) {
    removeHeader(headers, name);
    headers.push([name, value]);
    return;
  }
  if (isFetchHeaders(headers)) {
    headers.set(name, value);
    return;
  }
  for (const key in headers) {
    if (key.length === name.length && key !== name && key.toLowerCase() === name) delete headers[key];
  }
  headers[name] = value;
}
