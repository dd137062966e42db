/**
 * Learns what Express answers with a 500 of its own. Errors go from layer to layer inside of its router, where no middleware
 * can follow; but one that takes errors and stands behind all others is given what none of them has handled.
 */
import type { GatewayTelemetry } from '../model/telemetry.js';
import type { ExpressApplication, ExpressErrorHandler } from './express-layers.js';

/** Per application the instances that listen, so that adapters made again and again add no layer each. */
const listening = new WeakMap<ExpressApplication, WeakSet<GatewayTelemetry>>();

/** Adds the middleware with the application's first request, when the routes and handlers of the host are there. */
export function recordUnhandled(telemetry: GatewayTelemetry, app: ExpressApplication): void {
  let instances = listening.get(app);
  if (instances === undefined) listening.set(app, (instances = new WeakSet()));
  if (instances.has(telemetry)) return;
  instances.add(telemetry);
  // Express knows it by its four parameters. It answers nothing, and passes on what it was given.
  const record: ExpressErrorHandler = (error, request, _response, next) => {
    telemetry.of(request).recordError(error);
    next(error);
  };
  app.use?.(record);
}
