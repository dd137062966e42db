/** Trace headers on an undici request, which takes them in four shapes. What the host gave is never written to. */
import type { HeaderValue, UpstreamCall, WritableHeaders } from '../model/exchange.js';

/** An object, a flat list of names and values, anything that gives pairs (`Headers`, a `Map`), or nothing. */
export type UndiciHeaders = object | null | undefined;

/** The headers with the trace; `undefined` for what undici is going to refuse. */
export function withTrace(headers: UndiciHeaders, call: UpstreamCall): object | undefined {
  if (headers === undefined || headers === null) return injected({}, call);
  if (Array.isArray(headers)) return flatWithTrace(headers, call);
  if (typeof headers !== 'object') return undefined;
  if (Symbol.iterator in headers) {
    const pairs = [...(headers as Iterable<unknown>)];
    const fields = fieldsOf(pairs);
    // Some can be read only once, and undici is to see what it refuses.
    return fields === undefined ? new Set(pairs) : injected(fields, call);
  }
  return injected({ ...headers }, call);
}

function injected(headers: object, call: UpstreamCall): object {
  call.inject(headers as WritableHeaders);
  return headers;
}

function flatWithTrace(flat: readonly unknown[], call: UpstreamCall): object | undefined {
  if (flat.length % 2 !== 0) return undefined;
  const pairs: [string, string][] = [];
  for (let index = 0; index < flat.length; index += 2) {
    // As undici does, values stay what they are: text, bytes or lists.
    pairs.push([String(flat[index]), flat[index + 1] as string]);
  }
  return injected(pairs, call) && pairs.flat(1);
}

/** Repeated names become lists. Clients may send names that objects inherit, such as `constructor` and `__proto__`. */
function fieldsOf(pairs: readonly unknown[]): Record<string, HeaderValue> | undefined {
  const fields = Object.create(null) as Record<string, HeaderValue>;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [name, value] = pair as [string, string];
    const before = fields[name];
    fields[name] = before === undefined ? value : ([before, value].flat() as string[]);
  }
  return fields;
}
