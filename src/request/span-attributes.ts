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
import { ATTR_HTTP_REQUEST_BODY_SIZE, ATTR_HTTP_RESPONSE_BODY_SIZE } from '../model/names.js';
import type { Names } from '../model/names.js';
import { toMicrosecond } from '../model/to-microsecond.js';
import type { UpstreamFacts } from '../model/exchange.js';
import type { Arrival } from './arrival.js';
import type { MutableAttributes } from '../model/attributes.js';

/**
 * What is known when the request arrives. Each key has a store of its own, which the engine makes fast; one shared
 * setter would meet every key and be slow.
 */
export function arrivalAttributes(arrival: Arrival): MutableAttributes {
  const { target, host, peerAddress, userAgent } = arrival;
  const clientAddress = arrival.forwardedAddress ?? peerAddress;
  const attributes: MutableAttributes = {};
  attributes[ATTR_HTTP_REQUEST_METHOD] = arrival.method;
  attributes[ATTR_URL_PATH] = target.path;
  attributes[ATTR_URL_SCHEME] = arrival.scheme;
  if (arrival.method !== arrival.methodAsSent)
    attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = arrival.methodAsSent;
  if (target.query !== undefined) attributes[ATTR_URL_QUERY] = target.query;
  if (host !== undefined) {
    attributes[ATTR_SERVER_ADDRESS] = host.address;
    attributes[ATTR_SERVER_PORT] = host.port;
  }
  if (clientAddress !== undefined) attributes[ATTR_CLIENT_ADDRESS] = clientAddress;
  if (peerAddress !== undefined) {
    attributes[ATTR_NETWORK_PEER_ADDRESS] = peerAddress;
    if (arrival.peerPort !== undefined) attributes[ATTR_NETWORK_PEER_PORT] = arrival.peerPort;
  }
  if (arrival.protocolVersion !== undefined)
    attributes[ATTR_NETWORK_PROTOCOL_VERSION] = arrival.protocolVersion;
  if (userAgent !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = userAgent;
  if (arrival.optIn !== undefined) Object.assign(attributes, arrival.optIn);
  return attributes;
}

/** What the gateway knows of a request by itself. */
export type GatewayFacts = Pick<FinishedRequest, 'requestId' | 'tenantId' | 'routeName' | 'environment'>;

export function putGatewayFacts(
  attributes: MutableAttributes,
  names: Names,
  facts: GatewayFacts,
  httpRoute: string | undefined,
  upstream: UpstreamFacts | undefined,
): void {
  if (httpRoute !== undefined) attributes[ATTR_HTTP_ROUTE] = httpRoute;
  attributes[names.requestId] = facts.requestId;
  if (facts.tenantId !== undefined) attributes[names.tenantId] = facts.tenantId;
  if (facts.routeName !== undefined) attributes[names.routeName] = facts.routeName;
  if (facts.environment !== undefined) attributes[names.environment] = facts.environment;
  if (upstream === undefined) return;
  if (upstream.address !== undefined) attributes[names.upstreamAddress] = upstream.address;
  if (upstream.statusCode !== undefined) attributes[names.upstreamStatusCode] = upstream.statusCode;
  if (upstream.latencyMs !== undefined)
    attributes[names.upstreamLatencyMs] = toMicrosecond(upstream.latencyMs);
  if (upstream.attempts !== undefined) attributes[names.upstreamAttempts] = upstream.attempts;
}

/** How it came out. Nothing that a host has set stands against it. */
export function putOutcome(
  attributes: MutableAttributes,
  names: Names,
  { outcome, responseSource, timeToFirstByteMs, bodySizes }: FinishedRequest,
): void {
  if (outcome.statusCode !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = outcome.statusCode;
  if (outcome.errorType !== undefined) attributes[ATTR_ERROR_TYPE] = outcome.errorType;
  if (responseSource !== undefined) attributes[names.responseSource] = responseSource;
  if (timeToFirstByteMs !== undefined) attributes[names.timeToFirstByteMs] = toMicrosecond(timeToFirstByteMs);
  if (bodySizes === undefined) return;
  attributes[ATTR_HTTP_REQUEST_BODY_SIZE] = bodySizes.request;
  attributes[ATTR_HTTP_RESPONSE_BODY_SIZE] = bodySizes.response;
}
