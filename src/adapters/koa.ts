/** The `gateway-otel/koa` door: a middleware for Koa 2 and 3. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { recordBodyErrors } from './body-errors.js';
import { checkTelemetry } from './check-telemetry.js';
import { koaRouteOf } from './koa-route.js';
import { recordingErrors } from './recording-errors.js';

export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';

/** The part of Koa's context that the adapter needs. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly body?: unknown;
}

/** A middleware as Koa takes it. */
export type KoaMiddleware<Context> = (context: Context, next: () => Promise<unknown>) => Promise<void>;

/**
 * Puts an application under telemetry: one exchange per request, ended when the response really is, which is after all
 * middleware. Use it first, so that what refuses, limits or does not find a request is recorded too. Handlers reach the
 * exchange by `telemetry.current()` or `telemetry.of(context)`. `http.route` is the path of the route that `@koa/router` or
 * `koa-router` matched, below the prefix of `koa-mount`. Options are read once, here; a wrong one throws a sentence that names it.
 *
 * @example
 * app.use(koaTelemetry(telemetry, { tenant: (context: Context) => context.get('x-tenant') }));
 */
export function koaTelemetry<Context extends KoaContext = KoaContext>(
  telemetry: GatewayTelemetry,
  options?: AdapterOptions<Context>,
): KoaMiddleware<Context> {
  checkTelemetry('koaTelemetry', telemetry);
  const serve = telemetry.instrument<Context>(options, { httpRoute: koaRouteOf });
  return (context, next) =>
    serve(context, context.req, context.res, (exchange) => answered(context, exchange, next));
}

/** Koa answers what is thrown, and sends the body after the middleware. */
async function answered(
  context: KoaContext,
  exchange: Exchange,
  next: () => Promise<unknown>,
): Promise<void> {
  await recordingErrors(exchange, next);
  recordBodyErrors(context.body, exchange);
}
