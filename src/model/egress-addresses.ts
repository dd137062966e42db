/**
 * Which addresses tenants' telemetry may be sent to: asked when a destination names one, and of every address that a name
 * turns out to have. Default deny: what is not known to be somebody's on the public internet is not.
 */
import { covers, parseAddress, parseBlock, type AddressBlock } from './ip-address.js';

export interface AddressLists {
  /** Any address, except those that are denied. */
  readonly isOpen: boolean;
  readonly allow: readonly AddressBlock[];
  /** Beats all else. */
  readonly deny: readonly AddressBlock[];
}

export interface AddressRule {
  /** `false` too for what is no address. */
  allows(text: string | undefined): boolean;
  /** It is out of reach because a list says so: allowing it changes nothing. */
  isDenied(text: string): boolean;
  /** It is allowed because a list says so, and not because it is public. */
  isListed(text: string): boolean;
}

const blocks = (...texts: string[]): readonly AddressBlock[] =>
  texts.flatMap((text) => parseBlock(text) ?? []);

/** IANA's special-purpose blocks, multicast and the reserved rest; all metadata services but one are in 169.254.0.0/16. */
const SPECIAL_IPV4 = blocks(
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Carrier-grade NAT; Alibaba's metadata service is in it.
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  // Oracle's metadata service is in it.
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's platform address, which looks like anybody's.
  '168.63.129.16',
);

const GLOBAL_IPV6 = blocks('2000::/3');
/** What inside of 2000::/3 is nobody's: protocol assignments (Teredo is in it), documentation, 6to4, AS112. */
const SPECIAL_IPV6 = blocks('2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20');

const MAPPED = blocks('::ffff:0:0/96');
/** Where an IPv6 address carries an IPv4 one, and from which byte on. */
const EMBEDDINGS = [
  { in: blocks('::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '::/96'), at: 12 },
  { in: blocks('2002::/16'), at: 2 },
] as const;
const UNSPECIFIED_AND_LOOPBACK = blocks('::/127');
/** Of a NAT64 prefix of one's own. Shorter ones carry the IPv4 address elsewhere, so a shorter block opens none of it. */
const LOCAL_NAT64 = blocks('64:ff9b:1::/48');
const LOCAL_NAT64_BITS = 96;

export function createAddressRule({ isOpen, allow, ...lists }: AddressLists): AddressRule {
  const deny = lists.deny.flatMap((block) => [block, ...unmapped(block)]);
  const isListed = (address: Uint8Array): boolean => {
    const isLocalNat64 = within(LOCAL_NAT64, address);
    return allow.some((block) => covers(block, address) && (!isLocalNat64 || block.bits >= LOCAL_NAT64_BITS));
  };
  const isDenied = (address: Uint8Array): boolean => {
    if (within(deny, address)) return true;
    const inner = embedded(address);
    return inner !== undefined && isDenied(inner);
  };
  const allows = (address: Uint8Array): boolean => {
    if (within(deny, address)) return false;
    const inner = embedded(address);
    // What it is translated into is where it goes, so both have to be allowed.
    if (inner !== undefined) return (isOpen || isListed(address)) && allows(inner);
    return isOpen || isListed(address) || isPublic(address);
  };
  return {
    allows(text) {
      const address = text === undefined ? undefined : parseAddress(text);
      return address !== undefined && allows(address);
    },
    isDenied(text) {
      const address = parseAddress(text);
      return address !== undefined && isDenied(address);
    },
    isListed(text) {
      const address = parseAddress(text);
      return address !== undefined && allows(address) && isListed(address);
    },
  };
}

/** IPv4 addresses that are denied as IPv6 writes them: as such they are denied by themselves. */
function unmapped({ bytes, bits }: AddressBlock): readonly AddressBlock[] {
  return within(MAPPED, bytes) && bits >= 96 ? [{ bytes: bytes.subarray(12), bits: bits - 96 }] : [];
}

function within(list: readonly AddressBlock[], address: Uint8Array): boolean {
  return list.some((block) => covers(block, address));
}

function isPublic(address: Uint8Array): boolean {
  if (address.length === 4) return !within(SPECIAL_IPV4, address);
  return within(GLOBAL_IPV6, address) && !within(SPECIAL_IPV6, address);
}

function embedded(address: Uint8Array): Uint8Array | undefined {
  if (address.length === 4 || within(UNSPECIFIED_AND_LOOPBACK, address)) return undefined;
  const found = EMBEDDINGS.find((embedding) => within(embedding.in, address));
  return found && address.subarray(found.at, found.at + 4);
}
