/** What Express keeps in its routers, of version 4 and of version 5, as far as route templates need it. */
import type { IncomingMessage } from 'node:http';

/** A middleware that Express calls with errors. */
export type ExpressErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: unknown,
  next: (error: unknown) => void,
) => void;

export interface ExpressApplication {
  use?(handler: ExpressErrorHandler): unknown;
  readonly parent?: ExpressApplication;
  readonly mountpath?: unknown;
  /** Version 4 only. */
  readonly lazyrouter?: unknown;
  readonly _router?: { readonly stack?: unknown };
  /** Version 5. In version 4 it throws when it is read. */
  readonly router?: { readonly stack?: unknown };
}

export interface Layer {
  readonly route?: { readonly path?: unknown };
  readonly handle?: unknown;
  /** Of the router's version 2.3 and later: the path as it was given. */
  readonly rawPath?: unknown;
  /** Mounted at `/`. */
  readonly slash?: boolean;
  /** Version 4, which keeps no path. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

/** The layers of a router or an application; of anything else none. */
export function layersOf(handle: unknown): readonly Layer[] | undefined {
  if (typeof handle !== 'function') return undefined;
  const { stack } = handle as { stack?: unknown };
  if (Array.isArray(stack)) return stack as readonly Layer[];
  const app = handle as ExpressApplication;
  const router = app._router ?? (app.lazyrouter === undefined ? app.router : undefined);
  const layers = router?.stack;
  return Array.isArray(layers) ? (layers as readonly Layer[]) : undefined;
}

/** A path, or several. `undefined` where one of them is no text, because then none of the others is certain. */
export function templatesOf(path: unknown): readonly string[] | undefined {
  const paths: readonly unknown[] = Array.isArray(path) ? (path as unknown[]).flat(Infinity) : [path];
  return paths.every((each) => typeof each === 'string') ? paths : undefined;
}

/** Where a layer is mounted; `undefined` where that has no template. */
export function mountsOf(layer: Layer): readonly string[] | undefined {
  if (layer.slash === true || layer.regexp?.fast_slash === true) return [''];
  if (layer.rawPath !== undefined) return templatesOf(layer.rawPath);
  return layer.regexp === undefined ? undefined : templatesOfPattern(layer.regexp.source, layer.keys ?? []);
}

/** How version 4 ends the pattern of a mount. */
const END_OF_MOUNT = String.raw`\/?(?=\/|$)`;
/** A named parameter without a pattern of its own, as the versions of path-to-regexp 0.1 write it. */
const PARAMETER = /(?:\\\/\(\?:\(\[\^\\?\/\]\+\?\)\)|\(\?:\\\/\(\[\^\\?\/\]\+\?\)\))(\??)/g;
/** Nothing is left that could match more than itself. */
const PLAIN = /^(?::\w+\??|\\[^A-Za-z0-9]|[A-Za-z0-9_~!@%&=,;'/-])*$/;

/** Puts the names back into the pattern of a mount, or of an array of them. */
function templatesOfPattern(
  source: string,
  keys: readonly { readonly name: string | number }[],
): readonly string[] | undefined {
  const templates: string[] = [];
  let key = 0;
  for (const alternative of source.split('|^')) {
    const begin = alternative.startsWith('^') ? 1 : 0;
    if (!alternative.endsWith(END_OF_MOUNT)) return undefined;
    const pattern = alternative
      .slice(begin, -END_OF_MOUNT.length)
      .replace(PARAMETER, (_, optional: string) => `/:${String(keys[key++]?.name)}${optional}`);
    if (!PLAIN.test(pattern)) return undefined;
    templates.push(pattern.replace(/\\(.)/g, '$1'));
  }
  return key === keys.length ? templates : undefined;
}
