/** The `gateway-otel/hono` door: a middleware for Hono 4, on its Node server and wherever else it runs in Node. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';
import type { HonoContext } from './hono-context.js';
import { createFetchBridge } from './hono-fetch.js';
import { recordingErrors } from './recording-errors.js';
import { honoRouteOf, type RoutedHonoRequest } from './hono-route.js';

export type { HonoContext } from './hono-context.js';
export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';

/** A middleware as Hono takes it. */
export type HonoMiddleware<Context> = (context: Context, next: () => Promise<void>) => Promise<void>;

/** What `@hono/node-server` puts into `env`. An upgrade has no `outgoing`. */
interface NodeBindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

const NO_BINDINGS: NodeBindings = {};

/**
 * Puts an application under telemetry: one exchange per request, ended when the response really is. Use it first, so that
 * what refuses, limits or does not find a request is recorded too. Handlers reach the exchange by `telemetry.current()` or
 * `telemetry.of(context)`. `http.route` is the path of the matched route, sub-applications included. What handlers throw
 * goes to `onError` as ever, and gives a 5xx its `error.type`. Options are read once, here; a wrong one throws a sentence
 * that names it.
 *
 * A WebSocket's exchange lasts until its connection closes. Without `@hono/node-server` (`app.request()`, another server) an
 * exchange ends when the last of the answer's body has been taken, or its reader gave up.
 *
 * @example
 * app.use(honoTelemetry(telemetry, { tenant: (context: Context) => context.req.header('x-tenant') }));
 */
export function honoTelemetry<Context extends HonoContext = HonoContext>(
  telemetry: GatewayTelemetry,
  options?: AdapterOptions<Context>,
): HonoMiddleware<Context> {
  checkTelemetry('honoTelemetry', telemetry);
  const serve = telemetry.instrument<Context>(options, {
    httpRoute: ({ req }) => honoRouteOf(req as RoutedHonoRequest),
  });
  const none = telemetry.of({});
  return (context, next) => {
    const { incoming, outgoing } = (context.env ?? NO_BINDINGS) as NodeBindings;
    if (incoming !== undefined && outgoing !== undefined) {
      return serve(context, incoming, outgoing, (exchange) => answered(context, exchange, next));
    }
    if (incoming !== undefined) {
      return serve.upgrade(context, incoming, incoming.socket, (exchange) =>
        answered(context, exchange, next),
      );
    }
    if (telemetry.of(context) !== none) {
      // An adapter before this one has begun the exchange, and ends it.
      const known = context as unknown as IncomingMessage & ServerResponse;
      return serve(context, known, known, (exchange) => answered(context, exchange, next));
    }
    const bridge = createFetchBridge(context.req.raw);
    return serve(context, bridge.request, bridge.response, (exchange) => {
      const answer = (): Promise<void> => answered(context, exchange, next);
      // Off, it touches nothing. What is not recorded may still have a trace, of which the caller is told.
      const isOff = !exchange.recording && exchange.traceId === '';
      return isOff ? answer() : bridge.carry(context, answer);
    });
  };
}

/** Hono gives errors to `onError` and goes on; only what is no `Error` is thrown through `next`. */
async function answered(context: HonoContext, exchange: Exchange, next: () => Promise<void>): Promise<void> {
  await recordingErrors(exchange, next);
  if (context.error !== undefined) exchange.recordError(context.error);
}
