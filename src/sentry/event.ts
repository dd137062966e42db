/** The event that leaves for Sentry. Built field by field: what is not written here does not leave. */
import type { ServerError } from '../model/server-error.js';
import type { SentryImage } from './debug-ids.js';
import { exceptionValues, type SentryException, type SentryMechanism } from './exception-values.js';
import { reportText } from './personal-data.js';
import type { StackParser } from './sdk.js';

/** A report on its way, as the host's `redact` sees it. */
export interface SentryEvent {
  /** The exchange's `errorId`. Changes of it are without effect. */
  event_id: string;
  /** Epoch seconds. */
  timestamp: number;
  platform: 'node';
  level: 'error' | 'fatal';
  release?: string;
  environment?: string;
  server_name?: string;
  /** The method and the route. */
  transaction?: string;
  message?: string;
  exception?: { values: SentryException[] };
  /** Where bundlers have left ids of source maps. */
  debug_meta?: { images: SentryImage[] };
  tags: Record<string, string>;
  /** A UUID and nothing else. */
  user?: { id: string };
  /** The path without its query. */
  request?: { method: string; url: string };
}

/** What all events of an instance say. */
export interface EventFacts {
  readonly release: string | undefined;
  /** Of the configuration: over that of the request. */
  readonly environment: string | undefined;
  /** Where neither says any. */
  readonly defaultEnvironment: string | undefined;
  readonly serverName: string | undefined;
}

const MAX_TAG_LENGTH = 200;
const MAX_PATH_LENGTH = 2_048;

/** What Sentry takes. */
export function isEnvironmentName(text: string): boolean {
  return /^[^\s/]{1,64}$/.test(text) && text.toLowerCase() !== 'none';
}

export function isReleaseName(text: string): boolean {
  return /^[^\r\n\t/\\]{1,200}$/.test(text) && !/^(?:\.|\.\.| )$/.test(text);
}

export function eventOfError(error: ServerError, facts: EventFacts, parse: StackParser): SentryEvent {
  const { method, path, statusCode, routeName, userId, environment } = error;
  const route = routeName === undefined ? undefined : reportText(routeName, MAX_TAG_LENGTH);
  const mechanism: SentryMechanism = { type: 'gateway-otel', handled: true };
  return {
    ...eventOf(error.errorId, error.timeMs, 'error', {
      ...facts,
      environment: facts.environment ?? environment,
    }),
    ...(error.error === undefined
      ? { message: messageOf(error, route) }
      : { exception: { values: exceptionValues(error.error, mechanism, parse) } }),
    transaction: route === undefined ? method : `${method} ${route}`,
    tags: tagsOf({
      errorId: error.errorId,
      tenant_id: error.tenantId,
      request_id: error.requestId,
      route: routeName,
      'http.response.status_code': statusCode === undefined ? undefined : String(statusCode),
      'error.type': error.errorType,
    }),
    ...(userId !== undefined && { user: { id: userId } }),
    request: { method, url: reportText(path, MAX_PATH_LENGTH) },
  };
}

/** Of what ends the process; `origin`: Node's word for it. */
export function eventOfCrash(
  thrown: unknown,
  origin: string,
  errorId: string,
  timeMs: number,
  facts: EventFacts,
  parse: StackParser,
): SentryEvent {
  const type = origin === 'unhandledRejection' ? 'onunhandledrejection' : 'onuncaughtexception';
  return {
    ...eventOf(errorId, timeMs, 'fatal', facts),
    exception: { values: exceptionValues(thrown, { type, handled: false }, parse) },
    tags: tagsOf({ errorId }),
  };
}

function eventOf(
  errorId: string,
  timeMs: number,
  level: SentryEvent['level'],
  facts: EventFacts,
): SentryEvent {
  const { release, serverName } = facts;
  const environment = [facts.environment, facts.defaultEnvironment].find(
    (name) => name !== undefined && isEnvironmentName(name),
  );
  return {
    event_id: errorId,
    timestamp: timeMs / 1_000,
    platform: 'node',
    level,
    ...(release !== undefined && { release }),
    ...(environment !== undefined && { environment }),
    ...(serverName !== undefined && { server_name: serverName }),
    tags: {},
  };
}

/** Without anything of the one request, so that Sentry sees like ones as one. */
function messageOf({ method, statusCode, errorType }: ServerError, route: string | undefined): string {
  return [method, route, statusCode ?? 'no answer', errorType].filter((text) => text !== undefined).join(' ');
}

function tagsOf(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    // Sentry refuses tags with line ends.
    if (value !== undefined && value !== '')
      tags[name] = reportText(value.replace(/\s+/g, ' '), MAX_TAG_LENGTH);
  }
  return tags;
}
