import { AsyncResource } from 'node:async_hooks';

/**
 * The context of everything that is not part of a request: no request's context lives on in a socket or timer, and Sentry finds
 * no scope of a request there. Made when the module is loaded, because a host may make an instance in its first request.
 */
const root = new AsyncResource('gateway-otel/sentry');

export function outside<T>(work: () => T): T {
  return root.runInAsyncScope(work);
}
