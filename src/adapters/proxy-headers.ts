/** Trace headers on their way through a proxy that copies the headers of the request it was given. */
import type { IncomingMessage } from 'node:http';
import type { HeaderValue, UpstreamCall } from '../model/exchange.js';

/** The part of Node's outgoing request that is written to. */
export interface OutgoingHeaders {
  readonly headersSent: boolean;
  getHeaders(): Readonly<Record<string, HeaderValue>>;
  setHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
}

/**
 * Lets the proxy, which copies them before it gives up its turn, see headers with the trace in them. Right after it the
 * request has its own again: they are what the client sent, and hosts log them. Written before there is an outgoing request,
 * because that may be too late: an agent without a free socket, or `Expect: 100-continue`, has the head sent at once.
 */
export function showTrace(request: IncomingMessage, call: UpstreamCall): void {
  const own = Object.getOwnPropertyDescriptor(request, 'headers');
  const shown: Record<string, HeaderValue> = { ...request.headers };
  call.inject(shown);
  const value = { configurable: true, enumerable: true, writable: true, value: shown };
  Object.defineProperty(request, 'headers', value);
  const restore = (): void => {
    if (Object.getOwnPropertyDescriptor(request, 'headers')?.value !== shown) return;
    if (own !== undefined) Object.defineProperty(request, 'headers', own);
    else delete (request as Partial<IncomingMessage>).headers;
  };
  // Whichever comes first: that depends on whether the proxy was called from a promise.
  process.nextTick(restore);
  queueMicrotask(restore);
}

/** Writes the trace on a request that is about to go out, touching nothing else on it. */
export function writeTrace(outgoing: OutgoingHeaders, call: UpstreamCall): void {
  if (outgoing.headersSent) return;
  const before = outgoing.getHeaders();
  const after: Record<string, HeaderValue> = { ...before };
  call.inject(after);
  for (const name of Object.keys(before)) {
    if (!(name in after)) outgoing.removeHeader(name);
  }
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && value !== before[name]) outgoing.setHeader(name, value as string);
  }
}
