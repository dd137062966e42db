/** The `gateway-otel/express` door: a middleware for Express 4 and 5. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';
import { recordUnhandled } from './express-errors.js';
import type { ExpressApplication } from './express-layers.js';
import { createExpressRoutes, type RoutedRequest } from './express-route.js';

export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';

/** A middleware as Express takes it. */
export type ExpressMiddleware<Request> = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Puts an application under telemetry: one exchange per request, ended when the response really is. Use it first, so that
 * what refuses, limits or does not find a request is recorded too. Handlers reach the exchange by `telemetry.current()` or
 * `telemetry.of(request)`. `http.route` is the template of the matched route, mounts included. An error that no handler takes
 * gives Express's own 500 its `error.type`. Options are read once, here; a wrong one throws a sentence that names it.
 *
 * @example
 * app.use(expressTelemetry(telemetry, { tenant: (request) => request.get('x-tenant') }));
 */
export function expressTelemetry<Request extends IncomingMessage = IncomingMessage>(
  telemetry: GatewayTelemetry,
  options?: AdapterOptions<Request>,
): ExpressMiddleware<Request> {
  checkTelemetry('expressTelemetry', telemetry);
  const routes = createExpressRoutes();
  const serve = telemetry.instrument<Request>(options, {
    httpRoute: (request) => routes.templateOf(request),
  });
  let last: ExpressApplication | undefined;
  return (request, response, next) => {
    serve(request, request, response, (exchange) => {
      const { app } = request as RoutedRequest;
      if (exchange.recording && app !== undefined) {
        routes.remember(request);
        // Nearly always the same application as before.
        if (app !== last) recordUnhandled(telemetry, (last = app));
      }
      next();
    });
  };
}
