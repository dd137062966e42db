/** Addresses of clients and peers: how they are read from headers, and how much of them is recorded. */
import { isIP } from 'node:net';
import type { ClientAddressDetail } from '../model/arrival-rules.js';
import { parseAddress } from '../model/ip-address.js';
import { cleanName } from './limits.js';

/** The longest IPv6 address in brackets, with a port. */
const MAX_NODE_LENGTH = 64;
/** What is left of IPv4 and IPv6: a network of the size that one customer has. */
const KEPT_BYTES_OF_4 = 3;
const KEPT_GROUPS_OF_16 = 3;

/** A dual-stack socket shows an IPv4 peer as `::ffff:192.0.2.1`; everyone else calls it `192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; `undefined` for all else. */
export function addressOfNode(node: string): string | undefined {
  if (node.length > MAX_NODE_LENGTH) return undefined;
  let text = node;
  if (text.startsWith('[')) {
    const [, inner, port] = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text) ?? [];
    if (inner === undefined || isIP(inner) !== 6 || Number(port ?? 0) > 65_535) return undefined;
    text = inner;
  } else if (isIP(text) === 0) {
    const [, host = '', port] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? [];
    if (isIP(host) !== 4 || Number(port) > 65_535) return undefined;
    text = host;
  }
  // A zone means something on the machine that wrote it, and nowhere else.
  const zone = text.indexOf('%');
  return plainAddress((zone < 0 ? text : text.slice(0, zone)).toLowerCase());
}

/** As much of an address as may be recorded. A host of its own may give what is no address at all. */
export function recordedAddress(
  address: string | undefined,
  detail: ClientAddressDetail,
): string | undefined {
  if (address === undefined || detail === 'off') return undefined;
  return detail === 'full' ? cleanName(address) : truncated(address);
}

/** Its network: /24 of IPv4, /48 of IPv6. What cannot be read cannot be truncated. */
function truncated(address: string): string | undefined {
  const zone = address.indexOf('%');
  const bytes = parseAddress(zone < 0 ? address : address.slice(0, zone));
  if (bytes === undefined) return undefined;
  const four = bytes.length === 4 ? bytes : mappedOf(bytes);
  if (four !== undefined) return `${four.subarray(0, KEPT_BYTES_OF_4).join('.')}.0`;
  const groups: number[] = [];
  for (let index = 0; index < KEPT_GROUPS_OF_16; index++) {
    groups.push(((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  }
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(':')}::`;
}

/** The IPv4 address in `::ffff:0:0/96`, however it is spelled. */
function mappedOf(bytes: Uint8Array): Uint8Array | undefined {
  const isMapped = bytes.every((byte, index) => index > 11 || byte === (index < 10 ? 0 : 0xff));
  return isMapped ? bytes.subarray(12) : undefined;
}
