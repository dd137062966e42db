/** The path of the route that a router of Koa matched, below where the router is mounted. */
import type { IncomingMessage } from 'node:http';
import { fits, pathOf } from './route-template.js';

interface RoutedContext {
  readonly req: IncomingMessage;
  /** Before anybody rewrote it. */
  readonly originalUrl?: string;
  /** Written by `@koa/router` and `koa-router`, prefixes included. A regular expression is no template. */
  readonly _matchedRoute?: unknown;
  /** Written by `koa-mount`: a literal prefix. It stays when the request has left the mount. */
  readonly mountPath?: unknown;
}

/** `undefined` where no route has matched, or its template is not certain. */
export function koaRouteOf(context: object): string | undefined {
  const { req, originalUrl = req.url, _matchedRoute: route, mountPath } = context as RoutedContext;
  if (typeof route !== 'string' || typeof mountPath !== 'string') {
    return typeof route === 'string' ? route : undefined;
  }
  const path = pathOf(originalUrl ?? '');
  const mounted = mountPath.replace(/\/+$/, '') + (route === '/' ? '' : route);
  // Of mounts in mounts only the innermost is known: then neither fits.
  return [mounted, route].find((template) => fits(template, path));
}
