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

/** Without a trace: none. Without a span in this process there is no timing of ours. */
export function responseHeadersOf(
  names: ResponseHeaderNames | undefined,
  { traceId, spanId, traceFlags, isOwn, hostSpan }: ExchangeTrace,
): Readonly<Record<string, string>> {
  if (names === undefined || traceId === '') return NONE;
  const headers: Record<string, string> = {};
  if (names.traceId !== undefined) headers[names.traceId] = traceId;
  if (names.serverTiming && (isOwn || hostSpan !== undefined)) {
    headers[SERVER_TIMING] = `trace;desc=00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }
  return headers;
}

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse;

/**
 * Adds them when the head is written, not before: headers that are set make Node 20's `writeHead` of a list lose repeated
 * ones, such as cookies. Every way to begin a response goes through `writeHead`. A host's header of the same name wins;
 * timings stand side by side.
 */
export function addToResponse(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  if (headers === NONE || response.headersSent) return;
  const own = Object.hasOwn(response, 'writeHead');
  const writeHead = response.writeHead as WriteHead;
  const replaced: WriteHead = function (...args) {
    if (own) response.writeHead = writeHead;
    else delete (response as Partial<Pick<ServerResponse, 'writeHead'>>).writeHead;
    const last = args.length - 1;
    const given: unknown = last > 0 ? args[last] : undefined;
    if (Array.isArray(given)) args[last] = withList(given, headers);
    else if (!this.headersSent) {
      const fields = setEach(this, given, headers);
      if (last > 0) args[last] = fields;
    }
    return writeHead.apply(this, args);
  };
  response.writeHead = replaced;
}

/** A flat list, or a list of pairs. */
function withList(given: readonly unknown[], headers: Readonly<Record<string, string>>): unknown[] {
  const isPairs = Array.isArray(given[0]);
  const names = isPairs
    ? given.map((pair) => (pair as readonly unknown[] | null)?.[0])
    : given.filter((_, index) => index % 2 === 0);
  const taken = new Set(names.map((name) => String(name).toLowerCase()));
  const list = [...given];
  for (const name in headers) {
    if (name !== SERVER_TIMING && taken.has(name.toLowerCase())) continue;
    if (isPairs) list.push([name, headers[name]]);
    else list.push(name, headers[name]);
  }
  return list;
}

/** Gives what `writeHead` is to get instead of `given`, whose headers replace those that are set here. */
function setEach(
  response: ServerResponse,
  given: unknown,
  headers: Readonly<Record<string, string>>,
): unknown {
  const isObject = typeof given === 'object' && given !== null;
  const fields: Record<string, unknown> = isObject ? { ...given } : {};
  for (const name in headers) {
    const value = headers[name] as string;
    if (name !== SERVER_TIMING) {
      if (!response.hasHeader(name)) response.setHeader(name, value);
      continue;
    }
    const key = Object.keys(fields).find((field) => field.toLowerCase() === SERVER_TIMING);
    if (key === undefined) response.setHeader(name, listed(response.getHeader(name), value));
    else fields[key] = listed(fields[key], value);
  }
  return isObject ? fields : given;
}

function listed(before: unknown, value: string): string {
  const text = Array.isArray(before) ? before.join(', ') : before;
  return typeof text === 'string' && text !== '' ? `${text}, ${value}` : value;
}
