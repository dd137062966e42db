/** T27's inputs and its judge: whatever is taken as a tenant's endpoint leads nowhere but to the public internet. */
import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { parseEndpoint } from '../../src/config/endpoint.js';
import { createRandom } from './support.js';

/** Pieces of hostile URLs. Each place takes any of its pieces, and now and then something from another place. */
const PIECES: readonly (readonly string[])[] = [
  [
    'https://',
    'https://',
    'https://',
    'https://',
    'https:',
    'https:/',
    'https:\\\\',
    'HTTPS://',
    'http://',
    '//',
    ' https://',
    'https:///',
    'https://\t',
    'file://',
    'https://https://',
  ],
  [
    '',
    '',
    '',
    '',
    '',
    'user@',
    'user:pass@',
    '@',
    'otlp.example.com@',
    'otlp.example.com:443@',
    '127.0.0.1@',
    '%40',
    '\\',
    'otlp.example.com\\@',
    '#@',
    '?@',
  ],
  [
    'otlp.example.com',
    'otlp.example.com.',
    'OTLP.EXAMPLE.COM',
    'xn--bcher-kva.example',
    'bücher.example',
    'localhost',
    'LOCALHOST.',
    'loc\u00adalhost',
    'ⓛocalhost',
    'a.localhost',
    'metadata.google.internal',
    'printer.local',
    'printer。local',
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '4294967295',
    '4294967296',
    '127.0.0.1.',
    '127.0.0.1..',
    '１２７.0.0.1',
    '①②⑦.0.0.1',
    '127。0。0。1',
    '127.0.0.1%00',
    '127.0.0.1%2e',
    '%31%32%37.0.0.1',
    '0',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '168.63.129.16',
    '100.100.100.200',
    '192.168.0.1',
    '172.16.0.1',
    '8.8.8.8',
    '1.1.1.1',
    '134744072',
    '010.8.8.8',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[0:0:0:0:0:ffff:a9fe:a9fe]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fe80::1%25lo]',
    '[fe80::1%eth0]',
    '[fd00:ec2::254]',
    '[2606:4700:4700::1111]',
    '[2001:db8::1]',
    '[::1',
    '::1',
    '[[::1]]',
    '[::ffff:8.8.8.8]',
    '',
    '.',
    '..',
    'a',
    'a..b',
    '-',
    '*',
    '*.example.com',
    'otlp.example.com,127.0.0.1',
    'otlp.example.com%2f@127.0.0.1',
    'exa\u200bmple.com',
    'exa\tmple.com',
    'a'.repeat(64) + '.com',
    'a.'.repeat(130) + 'com',
  ],
  [
    '',
    '',
    '',
    '',
    ':443',
    ':4318',
    ':8443',
    ':0',
    ':00443',
    ':22',
    ':80',
    ':65536',
    ':-1',
    ':4 43',
    ':',
    ':443:443',
    ':٤٤٣',
    ':0x1bb',
    ':443@127.0.0.1',
    ':25',
  ],
  [
    '',
    '',
    '',
    '/',
    '/v1',
    '/@127.0.0.1',
    '/../..',
    '/%2e%2e/',
    '\\@127.0.0.1',
    '/?x=http://127.0.0.1',
    '?a@127.0.0.1',
    '#',
    '#@127.0.0.1',
    '/\n',
    '/\u0000',
    '/' + 'a'.repeat(2_100),
    ';@127.0.0.1',
    '//127.0.0.1',
  ],
];

export interface FuzzResult {
  readonly inputs: number;
  readonly taken: number;
  /** What was taken and should not have been. */
  readonly escapes: readonly string[];
}

export function fuzzUrls(inputs: number, seed = 27): FuzzResult {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pieceOf = (list: readonly string[] | undefined): string => list?.[below(list.length)] ?? '';
  const address = (): string =>
    random() < 0.5
      ? Array.from({ length: 4 }, () => below(256)).join('.')
      : `[${Array.from({ length: 8 }, () => (random() < 0.5 ? '0' : below(65_536).toString(16))).join(':')}]`;
  const make = (): string => {
    let text = PIECES.map((list) => pieceOf(random() < 0.04 ? PIECES[below(PIECES.length)] : list)).join('');
    if (random() < 0.1) text = `https://${address()}${pieceOf(PIECES[3])}`;
    if (random() < 0.15) {
      const at = below(text.length + 1);
      text = text.slice(0, at) + String.fromCharCode(below(random() < 0.5 ? 128 : 65_536)) + text.slice(at);
    }
    return text;
  };
  // Literals are let through, so that the rule for addresses is what decides about them.
  const policies = [
    resolveTenantEgress('public'),
    resolveTenantEgress({ allowCidrs: ['0.0.0.0/0'], denyCidrs: NOT_PUBLIC }),
  ];
  let taken = 0;
  const escapes: string[] = [];
  for (let count = 0; count < inputs; count++) {
    const text = make();
    for (const policy of policies) {
      let url: URL;
      try {
        url = parseEndpoint(text, 'endpoint', policy);
      } catch (error) {
        if ((error as Error).name !== 'ConfigurationError') escapes.push(`${text}: ${String(error)}`);
        continue;
      }
      taken++;
      // The sender reads it again, from its text.
      if (!isHarmless(new URL(url.href))) escapes.push(text);
    }
  }
  return { inputs, taken, escapes };
}

/** By hand, for the policy that lets literals through: the rule's own list is not asked. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16',
  '169.254.0.0/16',
  '172.16.0.0/12',
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
  '224.0.0.0/3',
];

/** Asked in another way than the policy asks: with Node's and another library's idea of an address. */
function isHarmless(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return false;
  if (!['', '4318', '8443'].includes(url.port)) return false;
  if (isIP(host) !== 0) {
    const isPublic = ipaddr.parse(host).range() === 'unicast' && host !== '168.63.129.16';
    return isPublic && (isIP(host) === 4 || /^[23][\da-f]{3}:/.test(host));
  }
  return (
    /\./.test(host) && !/(?:^|\.)(?:localhost|local|internal|lan|onion)$/i.test(host) && !/\.\d+$/.test(host)
  );
}
