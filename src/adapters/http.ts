/** The `gateway-otel/http` door: plain `node:http`, `node:https` and the compatibility API of `node:http2`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Exchange } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';

export type { AdapterOptions, HeaderText, ValueOrCallback } from '../model/telemetry.js';
export { httpServerTelemetry, type ServerLike } from './http-server.js';

/** A request listener that is also given the request's exchange. */
export type HttpTelemetryListener = (
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
) => unknown;

/** The same with the types of HTTP/2's compatibility API. */
export type Http2TelemetryListener = (
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  exchange: Exchange,
) => unknown;

/** A listener for the server of `node:http`, `node:https` or `node:http2`. */
export type ServerListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

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
): ServerListener;
export function httpTelemetry(
  telemetry: GatewayTelemetry,
  listener: Http2TelemetryListener,
  options?: AdapterOptions<Http2ServerRequest>,
): ServerListener;
export function httpTelemetry(
  telemetry: GatewayTelemetry,
  listener: HttpTelemetryListener | Http2TelemetryListener,
  options?: AdapterOptions<never>,
): ServerListener {
  checkTelemetry('httpTelemetry', telemetry);
  if (typeof listener !== 'function') throw new TypeError('httpTelemetry: the listener must be a function');
  const serve = telemetry.instrument<IncomingMessage>(options as AdapterOptions<IncomingMessage> | undefined);
  const handle = listener as HttpTelemetryListener;
  const served = (request: IncomingMessage, response: ServerResponse): void =>
    // The server ignores what a listener gives back, except that `captureRejections` looks for a promise.
    serve(request, request, response, (exchange) => handle(request, response, exchange)) as void;
  // Of HTTP/2's request and response only what both APIs have is used.
  return served as ServerListener;
}
