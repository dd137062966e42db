/** What the option `spanAttributes` adds to SERVER spans when their request arrives. */
import {
  ATTR_CLIENT_PORT,
  ATTR_NETWORK_LOCAL_ADDRESS,
  ATTR_NETWORK_LOCAL_PORT,
  ATTR_NETWORK_TRANSPORT,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { BeginOptions } from '../model/exchange.js';
import { ATTR_USER_AGENT_SYNTHETIC_TYPE } from '../model/names.js';
import type { SpanAttributeRules } from '../model/span-attributes.js';
import { plainAddress } from './addresses.js';
import type { Arrival } from './arrival.js';
import { putHeaders } from './header-attributes.js';
import { cleanName } from './limits.js';

/** HTTP/3 is the one that runs over something else. */
export function transportOf(protocolVersion: string | undefined): string {
  return protocolVersion === '3' ? 'quic' : 'tcp';
}

/** Probes that say so. */
const TEST_AGENT =
  /synthetic|uptimerobot|pingdom|statuscake|site24x7|stackdriver-?monitoring|amazon-route53-health|elb-healthchecker|kube-probe|googlehc/i;
/** Crawlers name themselves, or the page that tells of them. */
const BOT_AGENT = /bot\b|crawl|spider|slurp|facebookexternalhit|\+https?:\/\//i;

function syntheticTypeOf(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined) return undefined;
  if (TEST_AGENT.test(userAgent)) return 'test';
  return BOT_AGENT.test(userAgent) ? 'bot' : undefined;
}

/** Read at once: frameworks rewrite request objects, and a socket that has closed has no address. */
export function optInAttributes(
  rules: NonNullable<SpanAttributeRules['server']>,
  request: BeginOptions,
  arrival: Arrival,
): MutableAttributes {
  const attributes: MutableAttributes = {};
  if (rules.network) putNetwork(attributes, request, arrival);
  const syntheticType = rules.syntheticType ? syntheticTypeOf(arrival.userAgent) : undefined;
  if (syntheticType !== undefined) attributes[ATTR_USER_AGENT_SYNTHETIC_TYPE] = syntheticType;
  putHeaders(attributes, 'request', rules.request, request.headers, arrival.secretKeys);
  return attributes;
}

function putNetwork(attributes: MutableAttributes, request: BeginOptions, arrival: Arrival): void {
  const { localAddress, localPort } = request;
  const address = localAddress === undefined ? undefined : cleanName(plainAddress(localAddress));
  if (address !== undefined) {
    attributes[ATTR_NETWORK_LOCAL_ADDRESS] = address;
    if (localPort !== undefined) attributes[ATTR_NETWORK_LOCAL_PORT] = localPort;
  }
  if (request.remoteAddress !== undefined)
    attributes[ATTR_NETWORK_TRANSPORT] = transportOf(arrival.protocolVersion);
  // Behind proxies the client's own port is not known; and where its address is nobody's affair, its port is not either.
  if (arrival.peerAddress === undefined || arrival.peerPort === undefined) return;
  if (arrival.forwardedAddress === undefined) attributes[ATTR_CLIENT_PORT] = arrival.peerPort;
}
