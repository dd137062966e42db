/** The `gateway-otel/http` door: plain `node:http`, `node:https` and the compatibility API of `node:http2`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';

export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';

/** A request listener that is also given the request's exchange. */
export type HttpTelemetryListener = (
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
) => unknown;

/**
 * Puts a request listener under telemetry: one exchange per request, ended when the response really is. The listener runs
 * with the exchange as the current one and gets it as third argument. What it throws or gives back goes to the server
 * unchanged. Options are read once, here; a wrong one throws a sentence that names it.
 *
 * @example
 * createServer(httpTelemetry(telemetry, (req, res, exchange) => proxy(req, res, exchange), { tenant: tenantOf }));
 */
export function httpTelemetry(
  telemetry: GatewayTelemetry,
  listener: HttpTelemetryListener,
  options?: AdapterOptions<IncomingMessage>,
): (request: IncomingMessage, response: ServerResponse) => void {
  checkTelemetry('httpTelemetry', telemetry);
  if (typeof listener !== 'function') throw new TypeError('httpTelemetry: the listener must be a function');
  const serve = telemetry.instrument<IncomingMessage>(options);
  return (request, response) =>
    // The server ignores what a listener gives back, except that `captureRejections` looks for a promise.
    serve(request, request, response, (exchange) => listener(request, response, exchange)) as void;
}
