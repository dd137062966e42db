/**
 * The status that went out. `statusCode` is what would be sent now: frameworks and proxies set it to 500 when something breaks
 * after the head, which nobody gets any more.
 */
import type { ServerResponse } from 'node:http';

/** Where the status stands in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9;
const STATUS_END = 12;

/** Of a response over HTTP/1.1 whose head has been made. The line as it was written is all that Node keeps of it. */
export function sentStatus(response: ServerResponse): number {
  const { _header: head } = response as { readonly _header?: unknown };
  const status = typeof head === 'string' ? Number(head.slice(STATUS_AT, STATUS_END)) : NaN;
  return status >= 100 ? status : response.statusCode;
}

/** Of a response over HTTP/2. */
export function sentHttp2Status(
  response: ServerResponse,
  stream: { readonly sentHeaders?: unknown },
): number {
  const { ':status': status } = (stream.sentHeaders ?? {}) as { readonly ':status'?: unknown };
  return typeof status === 'number' ? status : response.statusCode;
}
