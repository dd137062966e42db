import { AsyncResource } from 'node:async_hooks';

/**
 * The context of everything that is not part of a request. Made when the module is loaded and not with the instance: a host may
 * make that in its first request, whose context would live on in every socket and timer.
 */
const root = new AsyncResource('gateway-otel');

/** Runs outside any request, so that no socket or timer keeps a request's context alive. */
export function outside<T>(work: () => T): T {
  return root.runInAsyncScope(work);
}
