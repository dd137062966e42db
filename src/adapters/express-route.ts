/**
 * The template of the route that Express matched, such as `/orgs/:org/users/:id`. It is looked up in the application's
 * routers: `request.baseUrl` holds what the client sent, and is empty again when an error handler answers.
 */
import type { IncomingMessage } from 'node:http';
import { layersOf, mountsOf, templatesOf, type ExpressApplication, type Layer } from './express-layers.js';
import { fits, pathOf } from './route-template.js';

export interface RoutedRequest extends IncomingMessage {
  readonly app?: ExpressApplication;
  readonly route?: { readonly path?: unknown };
  readonly originalUrl?: string;
}

type Route = object;

interface Found {
  readonly templates: readonly string[];
  /** The URL must say which one it is, or whether it is this one at all. */
  readonly ambiguous: boolean;
}

/** Routers may contain themselves. */
const MAX_DEPTH = 32;
const MAX_TEMPLATES = 64;

export interface ExpressRoutes {
  /** Where the routers begin: a mounted application takes the request over. */
  remember(request: RoutedRequest): void;
  /** `undefined` where no route has matched, or its template is not certain. */
  templateOf(request: RoutedRequest): string | undefined;
}

export function createExpressRoutes(): ExpressRoutes {
  const roots = new WeakMap<object, ExpressApplication>();
  const known = new WeakMap<Route, Found>();
  /** Per route, the application in which it was not to be found: looking again costs a walk. */
  const missed = new WeakMap<Route, ExpressApplication>();

  const look = (route: Route, app: ExpressApplication, root: ExpressApplication): Found | undefined => {
    const found = known.get(route);
    if (found !== undefined || missed.get(route) === app) return found;
    const templates = findIn(app, route, prefixesOf(app, root));
    if (templates.length === 0) {
      missed.set(route, app);
      return undefined;
    }
    // An application that is mounted twice knows only one of its places.
    const fresh = { templates, ambiguous: templates.length > 1 || app !== root };
    known.set(route, fresh);
    return fresh;
  };

  return {
    remember(request) {
      if (request.app !== undefined) roots.set(request, outermost(request.app));
    },
    templateOf(request) {
      const { route, app } = request;
      const root = roots.get(request);
      if (route === undefined || app === undefined || root === undefined) return undefined;
      const found = look(route, app, root);
      if (found === undefined) return undefined;
      if (!found.ambiguous) return found.templates[0];
      const path = pathOf(request.originalUrl ?? request.url ?? '');
      return found.templates.find((template) => fits(template, path));
    },
  };
}

function outermost(app: ExpressApplication): ExpressApplication {
  let root = app;
  for (let depth = 0; root.parent !== undefined && depth < MAX_DEPTH; depth++) root = root.parent;
  return root;
}

/** Where a mounted application begins; none where that is not certain. */
function prefixesOf(app: ExpressApplication, root: ExpressApplication, depth = 0): readonly string[] {
  if (app === root) return [''];
  if (depth > MAX_DEPTH) return [];
  // Mounted in a router, it is a layer like any other and has no parent.
  if (app.parent === undefined) return findIn(root, app, ['']);
  return joined(prefixesOf(app.parent, root, depth + 1), templatesOf(app.mountpath) ?? []);
}

/** All places of a route, or of a mounted application, below an application. */
function findIn(app: ExpressApplication, target: object, prefixes: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const walk = (layers: readonly Layer[], before: readonly string[], depth: number): void => {
    if (before.length === 0 || depth > MAX_DEPTH) return;
    for (const layer of layers) {
      if (layer.route !== undefined) {
        if (layer.route !== target) continue;
        for (const template of joined(before, templatesOf(layer.route.path) ?? [])) found.add(template);
      } else if (layer.handle === target) {
        for (const template of joined(before, mountsOf(layer) ?? [])) found.add(template);
      } else {
        const inner = layersOf(layer.handle);
        if (inner !== undefined) walk(inner, joined(before, mountsOf(layer) ?? []), depth + 1);
      }
    }
  };
  walk(layersOf(app) ?? [], prefixes, 0);
  return [...found].map((template) => (template === '' && isRoute(target) ? '/' : template));
}

function isRoute(target: object): boolean {
  return 'path' in target && typeof target !== 'function';
}

function joined(prefixes: readonly string[], paths: readonly string[]): readonly string[] {
  const all: string[] = [];
  for (const prefix of prefixes) {
    for (const path of paths) {
      if (all.length < MAX_TEMPLATES) all.push(prefix + path.replace(/\/+$/, ''));
    }
  }
  return all;
}
