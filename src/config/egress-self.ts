/** The gateway's own names and addresses, at which no tenant may aim. */
import { covers, parseAddress, parseBlock, type AddressBlock } from '../model/ip-address.js';
import { resolveHosts } from './egress-hosts.js';

/**
 * What listens at one of these listens, as a rule, at others too; and a connection to `0.0.0.0` or `::` goes to loopback. So
 * whoever names one means them all.
 */
const LOOPBACK = ['127.0.0.0/8', '::1', '0.0.0.0/8', '::'].flatMap((text) => parseBlock(text) ?? []);

export interface SelfHosts {
  /** `host` as a URL has it, without brackets and dot. */
  has(host: string): boolean;
  /** Whatever name leads there. */
  readonly blocks: readonly AddressBlock[];
}

export function resolveSelfHosts(value: unknown, option: string): SelfHosts {
  const hosts = resolveHosts(value, option);
  const isHere = (address: Uint8Array): boolean => LOOPBACK.some((block) => covers(block, address));
  const meansLoopback =
    hosts.has('localhost') ||
    hosts.addresses.some((address) => isHere(parseAddress(address) ?? new Uint8Array()));
  return {
    has: (host) => hosts.has(host) || (meansLoopback && /(?:^|\.)localhost$/i.test(host)),
    blocks: [
      ...hosts.addresses.flatMap((address) => parseBlock(address) ?? []),
      ...(meansLoopback ? LOOPBACK : []),
    ],
  };
}
