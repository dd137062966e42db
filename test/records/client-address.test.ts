/** How much of addresses is recorded: all, their network, or nothing. */
import { expect, it } from 'vitest';
import type { BeginOptions, GatewayOptions } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

async function addressesOf(
  clientAddress: NonNullable<GatewayOptions['clientAddress']>,
  remoteAddress: string | undefined,
  headers: BeginOptions['headers'] = {},
): Promise<readonly unknown[]> {
  const gateway = await startGateway({ options: { clientAddress, trustProxy: 1 } });
  const request = { method: 'GET', url: '/', headers, remotePort: 4711 };
  gateway.telemetry
    .begin(remoteAddress === undefined ? request : { ...request, remoteAddress })
    .end({ statusCode: 200 });
  await gateway.flush();
  const { attributes = {} } = gateway.operator.spans[0] ?? {};
  return ['client.address', 'network.peer.address', 'network.peer.port'].map((key) => attributes[key]);
}

it.each([
  ['192.0.2.17', '192.0.2.17', '192.0.2.0'],
  ['127.0.0.1', '127.0.0.1', '127.0.0.0'],
  ['::ffff:192.0.2.17', '192.0.2.17', '192.0.2.0'],
  ['::FFFF:192.0.2.17', '::FFFF:192.0.2.17', '192.0.2.0'],
  ['::ffff:c000:211', '::ffff:c000:211', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:DB8::17', '2001:DB8::17', '2001:db8::'],
  ['::1', '::1', '::'],
  ['0:0:5::1', '0:0:5::1', '0:0:5::'],
  ['fe80::1%eth0', 'fe80::1%eth0', 'fe80::'],
  ['/run/gateway.sock', '/run/gateway.sock', undefined],
  ['garbage', 'garbage', undefined],
  ['192.0.2.300', '192.0.2.300', undefined],
  ['192.0.2.17%<script>', '192.0.2.17%<script>', '192.0.2.0'],
])('%s is told as %s, truncated as %s, or not at all', async (address, full, truncated) => {
  expect(await addressesOf('full', address)).toEqual([full, full, 4711]);
  expect(await addressesOf('truncated', address)).toEqual([
    truncated,
    truncated,
    truncated === undefined ? undefined : 4711,
  ]);
  expect(await addressesOf('off', address)).toEqual([undefined, undefined, undefined]);
});

it('a Unix socket has no address, and no port', async () => {
  expect(await addressesOf('full', undefined)).toEqual([undefined, undefined, undefined]);
  expect(await addressesOf('truncated', undefined)).toEqual([undefined, undefined, undefined]);
});

it("what a proxy says of the client is cut the same way, and the proxy's own address too", async () => {
  const headers = { 'x-forwarded-for': '2001:db8:1:2::7' };
  expect(await addressesOf('full', '192.0.2.17', headers)).toEqual(['2001:db8:1:2::7', '192.0.2.17', 4711]);
  expect(await addressesOf('truncated', '192.0.2.17', headers)).toEqual(['2001:db8:1::', '192.0.2.0', 4711]);
  expect(await addressesOf('off', '192.0.2.17', headers)).toEqual([undefined, undefined, undefined]);
});

it('a host cannot put more than 256 characters there', async () => {
  const [address] = await addressesOf('full', 'x'.repeat(10_000));
  expect(address).toHaveLength(256);
});

it.each(['truncated', 'off'] as const)('%s leaves no whole address in any payload', async (clientAddress) => {
  const gateway = await startGateway({
    options: { clientAddress, trustProxy: true },
    adapter: { tenant: 'acme' },
    // So that the host asked for is not the address that is looked for.
    listener: (_request, response) => void response.end(),
  });
  await send(gateway.url, { headers: { host: 'own.example', 'x-forwarded-for': '198.51.100.77' } });
  await gateway.flush();
  const sent = [gateway.operator, gateway.acme].flatMap(({ requests }) =>
    requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
  );
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.join('\n')).not.toContain('198.51.100.77');
  expect(gateway.operator.spans[0]?.attributes['client.address']).toBe(
    clientAddress === 'off' ? undefined : '198.51.100.0',
  );
});
