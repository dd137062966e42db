/** The `gateway-otel/fastify` door: a plugin for Fastify 4 and 5. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { recordBodyErrors } from './body-errors.js';
import { checkTelemetry } from './check-telemetry.js';

export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';

/** The part of Fastify's request that the adapter needs. Over HTTP/2, `raw` is Node's compatibility request. */
export interface FastifyRequestLike {
  readonly raw: object;
  readonly routeOptions?: { readonly url?: string | undefined };
  readonly is404?: boolean;
}

/** The part of Fastify's reply that the adapter needs. */
export interface FastifyReplyLike {
  readonly raw: object;
}

/** The part of a Fastify instance that the plugin needs. */
export interface FastifyLike {
  // What Fastify's own types say about hooks is not said again here.
  addHook(name: string, hook: never): unknown;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, value: never): unknown;
}

/** A plugin as `register` takes it. */
export type FastifyTelemetryPlugin = (instance: FastifyLike, options: unknown, done: () => void) => void;

type Done = (error?: Error) => void;

/** How Fastify knows plugins that work outside of their own scope, and what a plugin is. */
const SKIP_OVERRIDE = Symbol.for('skip-override');
const DISPLAY_NAME = Symbol.for('fastify.display-name');
const PLUGIN_META = Symbol.for('plugin-meta');
const NAME = 'gateway-otel';
const DECORATION = 'exchange';

/**
 * A plugin that puts an application under telemetry: one exchange per request, ended when the response really is. Register
 * it first, and on the outermost instance, so that what refuses, limits or does not find a request is recorded too.
 * Handlers reach the exchange as `request.exchange`, or by `telemetry.current()` and `telemetry.of(request)`. `http.route` is
 * the URL of the matched route. Options are read once, here; a wrong one throws a sentence that names it.
 *
 * @example
 * app.register(fastifyTelemetry(telemetry, { tenant: (request: FastifyRequest) => request.tenantId }));
 */
export function fastifyTelemetry<Request extends FastifyRequestLike = FastifyRequestLike>(
  telemetry: GatewayTelemetry,
  options?: AdapterOptions<Request>,
): FastifyTelemetryPlugin {
  checkTelemetry('fastifyTelemetry', telemetry);
  const serve = telemetry.instrument<Request>(options, { httpRoute: routeOf });

  const begin = (request: Request, reply: FastifyReplyLike, next: Done): void => {
    const raw = request.raw as IncomingMessage & { readonly upgrade?: boolean };
    // Plugins for WebSockets route an upgrade with a response of their own making, which never ends when it is taken.
    if (raw.upgrade === true) serve.upgrade(request, raw, raw.socket, () => next());
    else serve(request, raw, reply.raw as ServerResponse, () => next());
  };
  const explain = (request: Request, _reply: FastifyReplyLike, error: Error, next: Done): void => {
    telemetry.of(request).recordError(error);
    next();
  };
  const watch = (request: Request, _reply: FastifyReplyLike, body: unknown, next: Done): void => {
    // A text, as most are, needs no exchange.
    if (typeof body === 'object' && body !== null) recordBodyErrors(body, telemetry.of(request));
    next();
  };
  const plugin: FastifyTelemetryPlugin = (instance, _, done) => {
    // The first of two instances of telemetry keeps the name.
    if (!instance.hasRequestDecorator(DECORATION)) {
      const decoration = {
        getter(this: object): Exchange {
          return telemetry.of(this);
        },
      };
      instance.decorateRequest(DECORATION, decoration as never);
    }
    instance.addHook('onRequest', begin as never);
    instance.addHook('onError', explain as never);
    instance.addHook('onSend', watch as never);
    done();
  };
  return Object.assign(plugin, {
    [SKIP_OVERRIDE]: true,
    [DISPLAY_NAME]: NAME,
    [PLUGIN_META]: { name: NAME, fastify: '>=4' },
  });
}

/** Fastify 4 names the route of its 404 handler, too. */
function routeOf(request: FastifyRequestLike): string | undefined {
  return request.is404 === true ? undefined : request.routeOptions?.url;
}
