/**
 * What the SDK's transport sends its requests with: Node's module, with a deadline for every request and with bounds for the pauses
 * that a server asks for, neither of which the SDK has.
 */
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** For the whole exchange with Sentry: its own client has none, and 64 requests without an answer would stop it for ever. */
const DEADLINE_MS = 10_000;
/** A pause of years is a mistake of somebody's; an hour is as long as Sentry's own quotas ask for. */
export const MAX_PAUSE_SECONDS = 3_600;
const MAX_LIMITS = 32;

export interface CarefulHttp {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
  /** Breaks off what is under way. */
  abort(): void;
}

export function createCarefulHttp(isHttps: boolean): CarefulHttp {
  const open = new Set<ClientRequest>();
  const send = isHttps ? httpsRequest : httpRequest;
  return {
    request(options, onResponse) {
      const request = send(options, (response) => {
        boundPauses(response);
        // An answer that breaks off has been one all the same.
        response.on('error', () => undefined);
        onResponse(response);
      });
      open.add(request);
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), DEADLINE_MS);
      // What is under way does not keep a process alive that has nothing else to do.
      timer.unref();
      request.once('close', () => {
        clearTimeout(timer);
        open.delete(request);
      });
      return request;
    },
    abort() {
      for (const request of open) request.destroy(new Error('broken off'));
    },
  };
}

function boundPauses({ headers }: IncomingMessage): void {
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined) headers['retry-after'] = String(boundedPause(retryAfter));
  const limits = headers['x-sentry-rate-limits'];
  if (limits === undefined) return;
  headers['x-sentry-rate-limits'] = String(limits)
    .split(',', MAX_LIMITS)
    .map((limit) => {
      const [seconds = '', ...rest] = limit.trim().split(':');
      return [boundedPause(seconds), ...rest].join(':');
    })
    .join(',');
}

/** Seconds, or a date. What is neither is a minute, as the SDK has it. */
function boundedPause(text: string): number {
  const seconds = /^\s*-?\d/.test(text) && !/[a-z]/i.test(text) ? Number.parseInt(text, 10) : untilDate(text);
  return Math.min(Math.max(Number.isNaN(seconds) ? 60 : seconds, 0), MAX_PAUSE_SECONDS);
}

function untilDate(text: string): number {
  return Math.ceil((Date.parse(text) - Date.now()) / 1_000);
}
