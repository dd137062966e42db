/** What the caller is told of the trace, where the option `responseHeaders` asks for it. */
import type { ServerResponse } from 'node:http';
import type { ExchangeTrace } from './exchange-trace.js';

/** The option, checked. */
export interface ResponseHeaderNames {
  readonly traceId: string | undefined;
  readonly serverTiming: boolean;
}

const SERVER_TIMING = 'server-timing';
const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** Without a trace: none. Without a span of ours there is no timing of ours. */
export function responseHeadersOf(
  names: ResponseHeaderNames | undefined,
  { traceId, spanId, traceFlags, isOwn }: ExchangeTrace,
): Readonly<Record<string, string>> {
  if (names === undefined || traceId === '') return NONE;
  const headers: Record<string, string> = {};
  if (names.traceId !== undefined) headers[names.traceId] = traceId;
  if (names.serverTiming && isOwn) {
    headers[SERVER_TIMING] = `trace;desc=00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }
  return headers;
}

/** Sets them on a response that has not begun; timings of the host's stay. */
export function setResponseHeaders(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): void {
  for (const name in headers) {
    const value = headers[name] as string;
    const before = name === SERVER_TIMING ? response.getHeader(name) : undefined;
    const text = Array.isArray(before) ? before.join(', ') : before;
    response.setHeader(name, text === undefined ? value : `${text}, ${value}`);
  }
}
