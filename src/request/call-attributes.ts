/** What a CLIENT span is told of its target, its connection and its headers. */
import {
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_NETWORK_TRANSPORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { ReadableHeaders, UpstreamConnection } from '../model/exchange.js';
import type { FurtherKeys } from '../model/redact-text.js';
import type { SpanAttributeRules } from '../model/span-attributes.js';
import { plainAddress } from './addresses.js';
import { MAX_USER_AGENT_LENGTH, versionOf } from './arrival.js';
import { putHeaders } from './header-attributes.js';
import { headerOf } from './header-of.js';
import { cleanName } from './limits.js';
import { transportOf } from './opt-in-attributes.js';
import { fullUrl } from './upstream-url.js';

const MAX_PROTOCOL_LENGTH = 16;

type ClientRules = SpanAttributeRules['client'];

/** Where a call goes, as far as it is known. */
export interface CallTarget {
  readonly url: URL | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

export function putTarget(
  attributes: MutableAttributes,
  { url, address, port }: CallTarget,
  further: FurtherKeys,
): void {
  if (url !== undefined) attributes[ATTR_URL_FULL] = fullUrl(url, further);
  if (address !== undefined) attributes[ATTR_SERVER_ADDRESS] = address;
  if (port !== undefined) attributes[ATTR_SERVER_PORT] = port;
}

/** Throws where the host's object does. */
export function putConnection(
  attributes: MutableAttributes,
  { remoteAddress, remotePort }: UpstreamConnection,
  protocol: string | undefined,
  rules: ClientRules,
): void {
  const { name, version } = protocolOf(protocol);
  const address = typeof remoteAddress === 'string' ? cleanName(plainAddress(remoteAddress)) : undefined;
  if (address !== undefined) {
    attributes[ATTR_NETWORK_PEER_ADDRESS] = address;
    if (Number.isInteger(remotePort)) attributes[ATTR_NETWORK_PEER_PORT] = remotePort as number;
    if (rules?.network === true) attributes[ATTR_NETWORK_TRANSPORT] = transportOf(version);
  }
  if (version === undefined) return;
  attributes[ATTR_NETWORK_PROTOCOL_VERSION] = version;
  // The conventions want it only where it is not the usual one.
  if (name !== undefined && name !== 'http') attributes[ATTR_NETWORK_PROTOCOL_NAME] = name;
}

/** `1.1`, or with a name: `spdy/3`. */
function protocolOf(protocol: unknown): {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
} {
  if (typeof protocol !== 'string') return {};
  const slash = protocol.indexOf('/');
  if (slash < 0) return { version: versionOf(protocol) };
  return {
    name: cleanName(protocol.slice(0, slash).toLowerCase(), MAX_PROTOCOL_LENGTH),
    version: versionOf(protocol.slice(slash + 1)),
  };
}

/** Of the request as it goes out. */
export function putOutgoing(
  attributes: MutableAttributes,
  headers: ReadableHeaders,
  rules: NonNullable<ClientRules>,
  further: ReadonlySet<string> | undefined,
): void {
  putHeaders(attributes, 'request', rules.request, headers, further);
  if (!rules.userAgent) return;
  const userAgent = headerOf(headers, 'user-agent');
  const cleaned = userAgent === undefined ? undefined : cleanName(userAgent, MAX_USER_AGENT_LENGTH);
  if (cleaned !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = cleaned;
}

export function putScheme(attributes: MutableAttributes, url: URL | undefined): void {
  if (url !== undefined) attributes[ATTR_URL_SCHEME] = url.protocol.slice(0, -1);
}
