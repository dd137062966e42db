/** The SERVER span's attributes by the HTTP conventions: all required and recommended ones. */
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { FinishedRequest } from '../model/finished-request.js';
import type { Names } from '../model/names.js';
import type { UpstreamFacts } from '../model/exchange.js';
import type { Arrival } from './arrival.js';
import type { ServerSpan } from './server-span.js';

/** What is known when the request arrives; span processors see these at the start. */
export function putArrivalAttributes(span: ServerSpan, arrival: Arrival): void {
  const { target } = arrival;
  span.putUnlessSet(ATTR_HTTP_REQUEST_METHOD, arrival.method);
  span.putUnlessSet(ATTR_URL_PATH, target.path);
  span.putUnlessSet(ATTR_URL_SCHEME, arrival.scheme);
  if (arrival.method !== arrival.methodAsSent)
    span.putUnlessSet(ATTR_HTTP_REQUEST_METHOD_ORIGINAL, arrival.methodAsSent);
  if (target.query !== undefined) span.putUnlessSet(ATTR_URL_QUERY, target.query);
  const { host } = arrival;
  if (host !== undefined) {
    span.putUnlessSet(ATTR_SERVER_ADDRESS, host.address);
    span.putUnlessSet(ATTR_SERVER_PORT, host.port);
  }
  if (arrival.remoteAddress !== undefined) {
    // Without a trusted proxy in front, the client is the other end of the socket.
    span.putUnlessSet(ATTR_CLIENT_ADDRESS, arrival.remoteAddress);
    span.putUnlessSet(ATTR_NETWORK_PEER_ADDRESS, arrival.remoteAddress);
    if (arrival.remotePort !== undefined) span.putUnlessSet(ATTR_NETWORK_PEER_PORT, arrival.remotePort);
  }
  if (arrival.protocolVersion !== undefined)
    span.putUnlessSet(ATTR_NETWORK_PROTOCOL_VERSION, arrival.protocolVersion);
  if (arrival.userAgent !== undefined) span.putUnlessSet(ATTR_USER_AGENT_ORIGINAL, arrival.userAgent);
}

/** What is known when it has ended. */
export function putEndAttributes(
  span: ServerSpan,
  names: Names,
  request: FinishedRequest,
  httpRoute: string | undefined,
  upstream: UpstreamFacts | undefined,
): void {
  const { outcome } = request;
  if (outcome.statusCode !== undefined) span.put(ATTR_HTTP_RESPONSE_STATUS_CODE, outcome.statusCode);
  if (outcome.errorType !== undefined) span.put(ATTR_ERROR_TYPE, outcome.errorType);
  if (httpRoute !== undefined) span.put(ATTR_HTTP_ROUTE, httpRoute);
  span.put(names.requestId, request.requestId);
  if (request.tenantId !== undefined) span.put(names.tenantId, request.tenantId);
  if (request.routeName !== undefined) span.put(names.routeName, request.routeName);
  if (request.environment !== undefined) span.put(names.environment, request.environment);
  if (upstream === undefined) return;
  if (upstream.address !== undefined) span.put(names.upstreamAddress, upstream.address);
  if (upstream.statusCode !== undefined) span.put(names.upstreamStatusCode, upstream.statusCode);
  if (upstream.latencyMs !== undefined) span.put(names.upstreamLatencyMs, upstream.latencyMs);
  if (upstream.attempts !== undefined) span.put(names.upstreamAttempts, upstream.attempts);
}
