/** T26. Every special block of IANA's registries, its edges, and every way to write an address; and what two libraries say. */
import ipaddr from 'ipaddr.js';
import { Agent } from 'node:http';
import { Socket, type LookupFunction } from 'node:net';
import { useAgent } from 'request-filtering-agent';
import { describe, expect, it, vi } from 'vitest';
import { createAddressRule } from '../../src/model/egress-addresses.js';
import { covers, parseAddress, parseBlock, type AddressBlock } from '../../src/model/ip-address.js';
import { createRandom } from '../faults/support.js';
import { hextets, textForms } from './address-texts.js';

/** IANA IPv4 and IPv6 special-purpose registries, multicast, and the reserved rest. */
const SPECIAL_IPV4 = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared address space'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link local, metadata services'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.0.2.0/24', 'TEST-NET-1'],
  ['192.31.196.0/24', 'AS112'],
  ['192.52.193.0/24', 'AMT'],
  ['192.88.99.0/24', '6to4 relays'],
  ['192.168.0.0/16', 'private'],
  ['192.175.48.0/24', 'AS112'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'TEST-NET-2'],
  ['203.0.113.0/24', 'TEST-NET-3'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved, broadcast'],
  ['168.63.129.16/32', 'Azure'],
] as const;
const SPECIAL_IPV6 = [
  ['::/3', 'reserved by the IETF'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'IPv4-compatible'],
  ['::ffff:0:0/96', 'IPv4-mapped'],
  ['::ffff:0:0:0/96', 'IPv4-translated'],
  ['64:ff9b::/96', 'NAT64'],
  ['64:ff9b:1::/48', 'local NAT64'],
  ['100::/64', 'discard'],
  ['100:0:0:1::/64', 'dummy'],
  ['2001::/23', 'protocol assignments'],
  ['2001::/32', 'Teredo'],
  ['2001:2::/48', 'benchmarking'],
  ['2001:20::/28', 'ORCHIDv2'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['2620:4f:8000::/48', 'AS112'],
  ['3fff::/20', 'documentation'],
  ['4000::/2', 'unassigned'],
  ['5f00::/16', 'segment routing'],
  ['8000::/1', 'unassigned, unique local, link local, site local, multicast'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link local'],
  ['fec0::/10', 'site local'],
  ['ff00::/8', 'multicast'],
] as const;
const SPECIAL: readonly (readonly [string, string])[] = [...SPECIAL_IPV4, ...SPECIAL_IPV6];

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '223.255.255.255',
  '2001:200::',
  '2606:4700:4700::1111',
  '2a00:1450:4001::200e',
  '2003::',
  '3ffe:ffff::1',
  '3fff:1000::',
];

const publicRule = createAddressRule({ isOpen: false, allow: [], deny: [] });
const block = (text: string): AddressBlock => {
  const parsed = parseBlock(text);
  if (parsed === undefined) throw new Error(`${text} is no block`);
  return parsed;
};
const ruleOf = (allow: readonly string[], deny: readonly string[] = [], isOpen = false) =>
  createAddressRule({ isOpen, allow: allow.map(block), deny: deny.map(block) });

const numberOf = (bytes: Uint8Array): bigint =>
  bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
const bytesOf = (number: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => Number((number >> BigInt(8 * (length - 1 - index))) & 255n));

/** First, last, and the neighbours outside. */
function edges(text: string): { readonly inside: Uint8Array[]; readonly outside: Uint8Array[] } {
  const { bytes, bits } = block(text);
  const first = numberOf(bytes);
  const length = bytes.length;
  const last = first + (1n << BigInt(length * 8 - bits)) - 1n;
  const most = (1n << BigInt(length * 8)) - 1n;
  const middle = first + (last - first) / 2n;
  return {
    inside: [first, middle, last].map((number) => bytesOf(number, length)),
    outside: [first - 1n, last + 1n]
      .filter((number) => number >= 0n && number <= most)
      .map((number) => bytesOf(number, length)),
  };
}

/** What the registries say, asked in another way than the rule asks: by number, over all blocks. */
const isSpecial = (address: Uint8Array): boolean => {
  const isNumber = numberOf(address);
  return SPECIAL.some(([text]) => {
    const { bytes, bits } = block(text);
    if (bytes.length !== address.length) return false;
    const shift = BigInt(address.length * 8 - bits);
    return isNumber >> shift === numberOf(bytes) >> shift;
  });
};

describe('the address rule', () => {
  const corpus = [
    ...SPECIAL.flatMap(([text]) => {
      const { inside, outside } = edges(text);
      return [...inside, ...outside];
    }),
    ...PUBLIC.map((text) => parseAddress(text) ?? new Uint8Array()),
  ];

  it('is right about every edge of every special block, in every form of its text', () => {
    let forms = 0;
    const wrong: string[] = [];
    for (const address of corpus) {
      for (const text of textForms(address)) {
        forms++;
        if (publicRule.allows(text) !== !isSpecial(address)) wrong.push(text);
      }
    }
    console.log(`T26: ${corpus.length} addresses, ${forms} texts, wrong ${wrong.length}`);
    expect(wrong).toEqual([]);
    expect(forms).toBeGreaterThan(1_000);
  });

  it.each(SPECIAL)('refuses all of %s, %s', (text) => {
    for (const address of edges(text).inside) {
      for (const form of textForms(address)) expect(publicRule.allows(form), form).toBe(false);
    }
  });

  it.each(PUBLIC)('allows %s, and not within IPv6', (text) => {
    expect(publicRule.allows(text)).toBe(true);
    if (text.includes(':')) return;
    for (const prefix of ['::', '::ffff:', '::ffff:0:', '64:ff9b::'])
      expect(publicRule.allows(prefix + text), prefix).toBe(false);
  });

  it.each([
    '',
    ' ',
    'localhost',
    '1.1.1',
    '1.1.1.1.1',
    '01.1.1.1',
    '1.1.1.256',
    '0x1.1.1.1',
    '16843009',
    '1.1.1.1 ',
    '1.1.1.1/32',
    '[2606:4700::1]',
    '2606:4700::1%eth0',
    '2606:4700::1::',
    '2606:4700:1',
    ':2606:4700::1',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '2606:1.1.1.1::',
    '2606:47000::1',
    '2606:4700::g',
    '2606::1.1.1.256',
    '2606::1.1.1',
    `2606::${'0'.repeat(100)}1`,
  ])('%j is no address, and not allowed', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(publicRule.allows(text)).toBe(false);
    expect(ruleOf([], [], true).allows(text)).toBe(false);
  });

  it('does not allow what is not known', () => expect(publicRule.allows(undefined)).toBe(false));
});

describe('lists', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
    [
      'a private block',
      ['10.1.0.0/16'],
      [],
      ['10.1.0.0', '10.1.255.255', '8.8.8.8'],
      ['10.0.255.255', '10.2.0.0'],
    ],
    ['one address', ['127.0.0.1'], [], ['127.0.0.1'], ['127.0.0.2', '::ffff:127.0.0.1', '::127.0.0.1']],
    ['IPv6 loopback', ['::1'], [], ['::1', '0:0::0:1'], ['::', '::2', '127.0.0.1']],
    ['unique local', ['fd00::/8'], [], ['fd12::1'], ['fc00::1', 'fe80::1']],
    ['denied public', [], ['8.8.8.0/24', '2606:4700::/32'], ['8.8.9.8'], ['8.8.8.8', '2606:4700::1']],
    ['denied beats allowed', ['10.0.0.0/8'], ['10.9.0.0/16'], ['10.8.0.1'], ['10.9.0.1']],
    ['the same block in both', ['10.0.0.0/8'], ['10.0.0.0/8'], ['8.8.8.8'], ['10.0.0.1']],
    ['everything of IPv4', ['0.0.0.0/0'], [], ['127.0.0.1'], ['::1', '::ffff:127.0.0.1']],
    ['NAT64', ['64:ff9b::/96'], [], ['64:ff9b::8.8.8.8'], ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe']],
    [
      'NAT64 to a private block',
      ['64:ff9b::/96', '10.0.0.0/8'],
      [],
      ['64:ff9b::10.0.0.1'],
      ['64:ff9b::127.0.0.1'],
    ],
    ['NAT64 and a denied block', ['64:ff9b::/96'], ['8.8.8.8'], ['64:ff9b::8.8.4.4'], ['64:ff9b::808:808']],
    [
      'NAT64 of ones own',
      ['64:ff9b:1:2::/96'],
      [],
      ['64:ff9b:1:2::8.8.8.8'],
      ['64:ff9b:1:2::10.0.0.1', '64:ff9b:1:3::8.8.8.8'],
    ],
    [
      'NAT64 of ones own, too short',
      ['64:ff9b:1::/48'],
      [],
      [],
      ['64:ff9b:1::8.8.8.8', '64:ff9b:1:7f00:0:100::'],
    ],
    ['mapped', ['::ffff:0:0/96'], [], ['::ffff:8.8.8.8'], ['::ffff:127.0.0.1', '::ffff:7f00:1']],
    ['6to4', ['2002::/16'], [], ['2002:808:808::1'], ['2002:7f00:1::1', '2002:a9fe:a9fe::']],
    ['all of IPv6', ['::/0'], [], ['::1', 'fe80::1', '::ffff:8.8.8.8'], ['::ffff:10.0.0.1', '::10.0.0.1']],
  ])('%s', (_what, allow, deny, allowed, refused) => {
    const rule = ruleOf(allow, deny);
    for (const text of allowed) expect(rule.allows(text), text).toBe(true);
    for (const text of refused) expect(rule.allows(text), text).toBe(false);
  });

  it('of denied blocks hold under the open policy too, whatever carries the address', () => {
    const rule = ruleOf([], ['10.0.0.0/8'], true);
    for (const text of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254'])
      expect(rule.allows(text), text).toBe(true);
    for (const text of ['10.0.0.1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', '::10.0.0.1'])
      expect(rule.allows(text), text).toBe(false);
  });

  it('tell what is allowed by them from what is public', () => {
    const rule = ruleOf(['10.0.0.0/8', '8.8.8.8'], ['10.9.0.0/16']);
    expect(['10.0.0.1', '8.8.8.8', '10.9.0.1', '1.1.1.1'].map((text) => rule.isListed(text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8 ',
    '10.0.0.0/0x8',
    '::/129',
    '::/8/8',
    '',
    'a/8',
  ])('%j is no block', (text) => expect(parseBlock(text)).toBeUndefined());

  it('of blocks pass over the bits after the prefix', () => {
    expect(covers(block('10.255.255.255/8'), Uint8Array.of(10, 0, 0, 1))).toBe(true);
    expect(covers(block('10.0.0.0/9'), Uint8Array.of(10, 128, 0, 1))).toBe(false);
    expect(covers(block('0.0.0.0/0'), new Uint8Array(16))).toBe(false);
  });
});

/** Where others say yes and we say no, and why. Nothing is the other way round. */
const STRICTER = [
  ['168.63.129.16', 'Azure: public by its number'],
  ['192.31.196.0/24', 'AS112: anycast of whoever wants to'],
  ['192.52.193.0/24', 'AMT relays: the same'],
  ['192.88.99.0/24', '6to4 relays'],
  ['192.175.48.0/24', 'AS112'],
  ['::/96', 'ipaddr.js knows no IPv4-compatible addresses'],
  ['::ffff:0:0:0/96', 'IPv4-translated'],
  ['100:0:0:1::/64', 'registered in 2025'],
  ['0000::/3', 'not assigned to anybody'],
  ['2001::/23', 'all of the protocol assignments, not only those in use'],
  ['2620:4f:8000::/48', 'AS112'],
  ['3fff::/20', 'documentation, since 2024'],
  ['4000::/2', 'not assigned to anybody'],
  ['8000::/1', 'the same'],
] as const;

describe('beside other libraries', () => {
  const random = createRandom(26);
  const any = (length: number): Uint8Array<ArrayBufferLike> =>
    Uint8Array.from({ length }, () => Math.floor(random() * 256));
  /** Random ones, and random ones within each special block, where the decisions are. */
  const samples = [
    ...Array.from({ length: 4_000 }, (_, index) => any(index % 2 === 0 ? 4 : 16)),
    ...SPECIAL.flatMap(([text]): Uint8Array[] => {
      const { bytes, bits } = block(text);
      const mask = bytesOf((1n << BigInt(bytes.length * 8 - bits)) - 1n, bytes.length);
      const { inside, outside } = edges(text);
      const within = Array.from({ length: 50 }, () =>
        any(bytes.length).map((byte, index) => (bytes[index] ?? 0) | (byte & (mask[index] ?? 0))),
      );
      return [...within, ...inside, ...outside];
    }),
    ...PUBLIC.map((text) => parseAddress(text) ?? new Uint8Array()),
  ];
  const textOf = (address: Uint8Array): string =>
    address.length === 4 ? address.join('.') : hextets(address).join(':');

  function compare(name: string, allows: (text: string) => boolean): void {
    const laxer: string[] = [];
    const unexplained: string[] = [];
    let stricter = 0;
    for (const address of samples) {
      const text = textOf(address);
      const ours = publicRule.allows(text);
      const theirs = allows(text);
      if (ours === theirs) continue;
      if (ours) laxer.push(text);
      else if (STRICTER.some(([range]) => covers(block(range), address))) stricter++;
      else unexplained.push(text);
    }
    console.log(
      `T26: ${name}: ${samples.length} addresses, ${stricter} refused by us alone, ${laxer.length} by it alone`,
    );
    expect(laxer).toEqual([]);
    expect(unexplained).toEqual([]);
  }

  it('ipaddr.js allows nothing less, and what it allows besides is explained', () => {
    compare('ipaddr.js', (text) => ipaddr.parse(text).range() === 'unicast');
  });

  it('request-filtering-agent allows nothing less, and what it allows besides is explained', () => {
    // Its own work is the function it hands to Node; what Node does with it is left out, so that nothing is connected.
    const original = vi.spyOn(Agent.prototype, 'createConnection').mockReturnValue(new Socket());
    let asked = '';
    useAgent('http://example.com/').createConnection({
      host: 'example.com',
      port: 443,
      lookup: (_host, _options, answer) => answer(null, asked, asked.includes(':') ? 6 : 4),
    });
    const { lookup } = original.mock.calls[0]?.[0] as { readonly lookup: LookupFunction };
    original.mockRestore();
    compare('request-filtering-agent', (text) => {
      asked = text;
      let refused: unknown = 'not answered';
      lookup('example.com', {}, (error) => (refused = error));
      return refused === null;
    });
  });
});
