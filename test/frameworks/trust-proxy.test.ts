/** `trustProxy` decides as Express's `trust proxy` does: the same requests, asked of both. */
import { createServer } from 'node:http';
import { isIP } from 'node:net';
import { expect, it } from 'vitest';
import { expressTelemetry } from '../../src/adapters/express.js';
import type { GatewayOptions } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { express4, express5 } from './express.js';

type Trust = NonNullable<GatewayOptions['trustProxy']>;
type Headers = Readonly<Record<string, string>>;

/** The tests' own address is 127.0.0.1. */
const TRUSTS: readonly Trust[] = [
  false,
  true,
  0,
  1,
  2,
  5,
  'loopback',
  'loopback, uniquelocal',
  ['loopback', '10.0.0.0/8', '2001:db8:1::/48'],
  ['127.0.0.1', '10.0.0.0/255.0.0.0', '::ffff:192.0.2.9'],
  [],
  '203.0.113.1',
  ['0.0.0.0/1', '128.0.0.0/1', '::/1'],
  (address, hop) => hop < 3 && address !== '10.0.0.2',
];

const CHAINS: readonly string[] = [
  '203.0.113.7',
  ' 203.0.113.7 ',
  '203.0.113.7, 10.0.0.1',
  '203.0.113.7,10.0.0.1,10.0.0.2',
  '203.0.113.7, 10.0.0.1, 192.0.2.1, 10.0.0.2',
  '10.0.0.1, 203.0.113.7, 10.0.0.1',
  '10.0.0.9, 10.0.0.1',
  '127.0.0.1, 127.0.0.2',
  '2001:db8::7, 2001:db8:1::1',
  '2001:db8::7, ::ffff:10.0.0.1, ::1',
  '203.0.113.7, 192.0.2.9',
  '203.0.113.7,, 10.0.0.1,',
  ',',
  Array.from({ length: 60 }, (_, index) => `10.0.1.${index}`).join(', '),
];
const PROTOS: readonly string[] = ['https', 'http', 'https, http', ' https ,http'];
const HOSTS: readonly string[] = [
  'shop.example',
  'shop.example:8443',
  'a.example, b.example',
  '[2001:db8::5]:444',
];

const COMBINATIONS: readonly Headers[] = [
  {},
  ...CHAINS.map((chain) => ({ 'x-forwarded-for': chain })),
  ...PROTOS.flatMap((proto) =>
    HOSTS.map((host) => ({ 'x-forwarded-proto': proto, 'x-forwarded-host': host })),
  ),
  ...CHAINS.map((chain, index) => ({
    'x-forwarded-for': chain,
    'x-forwarded-proto': PROTOS[index % PROTOS.length] ?? '',
    'x-forwarded-host': HOSTS[index % HOSTS.length] ?? '',
    // Express knows nothing of it; beside the others it does not count.
    forwarded: 'for=198.51.100.1;proto=http;host=forged.example',
  })),
];

const nameOf = (trust: Trust): string => (typeof trust === 'function' ? 'a function' : JSON.stringify(trust));

const plain = (address: string): string => address.replace(/^::ffff:(?=.*\.)/, '');

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4],
] as const) {
  it.each(TRUSTS.map((trust) => [nameOf(trust), trust] as const))(
    `${name} and the span say the same of client, scheme and host: trust proxy %s`,
    async (_, trust) => {
      const told: { ip: string; protocol: string; hostname: string }[] = [];
      const gateway = await startGateway({
        options: { trustProxy: trust },
        server(telemetry) {
          const app = express();
          app.set('trust proxy', trust);
          app.use(expressTelemetry(telemetry));
          app.use((request, response) => {
            told.push({ ip: request.ip ?? '', protocol: request.protocol, hostname: request.hostname });
            response.end();
          });
          return createServer(app);
        },
      });
      for (const headers of COMBINATIONS) await send(gateway.url, { headers });
      await gateway.flush();
      const { spans } = gateway.operator;
      expect(spans).toHaveLength(COMBINATIONS.length);
      for (const [index, headers] of COMBINATIONS.entries()) {
        const { ip = '', protocol, hostname = '' } = told[index] ?? {};
        // The chains hold nothing else; what is no address has tests of its own.
        expect(isIP(ip)).not.toBe(0);
        expect({ headers, ...spans[index]?.attributes }).toMatchObject({
          headers,
          'client.address': plain(ip),
          'network.peer.address': '127.0.0.1',
          'url.scheme': protocol,
          'server.address': hostname.replace(/^\[|\]$/g, ''),
        });
      }
    },
  );
}
