/** The path of the route that answered, as Hono's router knows it: `/orgs/:org/users/:id`, sub-applications included. */

/** An entry of what the router found for a request, in the order in which it is called. */
interface MatchedEntry {
  readonly path?: unknown;
  readonly method?: unknown;
  readonly handler?: unknown;
}

export interface RoutedHonoRequest {
  readonly routeIndex?: number;
  readonly matchedRoutes?: readonly MatchedEntry[];
}

/** How Hono keeps the handler of a sub-application that has an error handler of its own. */
const COMPOSED = '__COMPOSED_HANDLER';

/** `undefined` where only middleware matched, whose paths (`/*`) are no routes. */
export function honoRouteOf(request: RoutedHonoRequest): string | undefined {
  const { matchedRoutes: entries, routeIndex: answered = 0 } = request;
  if (entries === undefined) return undefined;
  // A middleware that refused stands before the route that the request was for.
  for (let index = answered; index < entries.length; index++) {
    const entry = entries[index];
    if (entry !== undefined && isRoute(entry)) return entry.path as string;
  }
  // A route that called `next` stands before a middleware that was declared after it.
  for (let index = answered - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry !== undefined && isRoute(entry)) return entry.path as string;
  }
  return undefined;
}

/** `use` registers for all methods, as `all` does: Hono itself tells the two by the number of parameters. */
function isRoute({ path, method, handler }: MatchedEntry): boolean {
  if (typeof path !== 'string') return false;
  return method !== 'ALL' || parametersOf(handler) < 2;
}

function parametersOf(handler: unknown): number {
  let inner = handler;
  while (typeof inner === 'function' && COMPOSED in inner) inner = inner[COMPOSED];
  return typeof inner === 'function' ? inner.length : 0;
}
