/**
 * The status and the headers that went out. `statusCode` is what would be sent now: frameworks and proxies set it to 500 when something breaks
 * after the head, which nobody gets any more.
 */
import type { ServerResponse } from 'node:http';
import type { ReadableHeaders } from '../model/exchange.js';

/** Where the status stands in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9;
const STATUS_END = 12;

/** Of a response over HTTP/1.1 whose head has been made. The line as it was written is all that Node keeps of it. */
export function sentStatus(response: ServerResponse): number {
  const { _header: head } = response as { readonly _header?: unknown };
  const status = typeof head === 'string' ? Number(head.slice(STATUS_AT, STATUS_END)) : NaN;
  return status >= 100 ? status : response.statusCode;
}

/** As they were written, also those that `writeHead` was given and Node has not kept. */
export function sentHeaders(response: ServerResponse): ReadableHeaders {
  const { _header: head } = response as { readonly _header?: unknown };
  if (typeof head !== 'string') return response.getHeaders();
  const pairs: [string, string][] = [];
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) pairs.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return pairs;
}

/** Of a response over HTTP/2. */
export function sentHttp2Status(
  response: ServerResponse,
  stream: { readonly sentHeaders?: unknown },
): number {
  const { ':status': status } = (stream.sentHeaders ?? {}) as { readonly ':status'?: unknown };
  return typeof status === 'number' ? status : response.statusCode;
}
