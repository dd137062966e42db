/** What proxies say of the client: from whom it is believed, in which headers, and what hostile ones cannot do. */
import { expect, it } from 'vitest';
import type { BeginOptions, GatewayOptions } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { openRaw } from '../support/http-client.js';

type Trust = NonNullable<GatewayOptions['trustProxy']>;

const LOCAL = '127.0.0.1';

/** Client, scheme, host and port of a request with these headers, from 127.0.0.1 unless said otherwise. */
async function toldOf(
  trustProxy: Trust,
  headers: BeginOptions['headers'],
  more: Partial<BeginOptions> = {},
): Promise<readonly unknown[]> {
  const gateway = await startGateway({ options: { trustProxy } });
  const request = { method: 'GET', url: '/', headers, remoteAddress: LOCAL, ...more };
  gateway.telemetry.begin(request).end({ statusCode: 200 });
  await gateway.flush();
  const { attributes = {} } = gateway.operator.spans[0] ?? {};
  return ['client.address', 'url.scheme', 'server.address', 'server.port'].map((key) => attributes[key]);
}

const NOBODY = [LOCAL, 'http', undefined, undefined];

it.each<[string, string]>([
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::7]:4711', '2001:db8::7'],
  ['[2001:DB8::7]', '2001:db8::7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.0.0.1:80', '203.0.113.7'],
  ['203.0.113.7, unknown, 10.0.0.1', '10.0.0.1'],
  ['203.0.113.7, 10.0.0.1, garbage', LOCAL],
  ['203.0.113.7, 0x0a000001', LOCAL],
  ['203.0.113.7, 10.1', LOCAL],
  ['203.0.113.7, 10.0.0.1:99999', LOCAL],
  ['203.0.113.7, [10.0.0.1]', LOCAL],
  ['203.0.113.7, [::1', LOCAL],
  ['<script>', LOCAL],
  ["203.0.113.7' OR 1=1, 10.0.0.2", '10.0.0.2'],
  [Array.from({ length: 200 }, () => '10.0.0.3').join(), '10.0.0.3'],
])('the client in X-Forwarded-For: %s is %s', async (chain, client) => {
  const [address] = await toldOf(['loopback', 'uniquelocal'], { 'x-forwarded-for': chain });
  expect(address).toBe(client);
});

it.each<[string, readonly unknown[]]>([
  ['for=203.0.113.7', ['203.0.113.7', 'http', 'own.example', 80]],
  [
    'for=203.0.113.7;proto=https;host=shop.example;by=10.0.0.9',
    ['203.0.113.7', 'https', 'shop.example', 443],
  ],
  [
    'For="[2001:db8::7]:4711"; Proto=HTTPS; Host="shop.example:8443"',
    ['2001:db8::7', 'https', 'shop.example', 8443],
  ],
  ['for="203.0.113.7:4711";;proto=https', ['203.0.113.7', 'https', 'own.example', 443]],
  ['for="203.0.113.\\7"', ['203.0.113.7', 'http', 'own.example', 80]],
  // Each trusted proxy says how it was asked; the farthest one was asked by the client.
  [
    'for=203.0.113.7;proto=https;host=shop.example, for=10.0.0.1;proto=http;host=inner',
    ['203.0.113.7', 'https', 'shop.example', 443],
  ],
  ['for=203.0.113.7, for=10.0.0.1;proto=https', ['203.0.113.7', 'https', 'own.example', 443]],
  // What a stranger says is not believed.
  [
    'for=1.1.1.1;proto=https;host=forged.example, for=203.0.113.7',
    ['203.0.113.7', 'http', 'own.example', 80],
  ],
  ['for=unknown;proto=https', [LOCAL, 'https', 'own.example', 443]],
  ['for=203.0.113.7, for=_hidden, for=10.0.0.1', ['10.0.0.1', 'http', 'own.example', 80]],
  // A client's half-open quotes do not swallow what the proxy has added.
  ['for=", for=203.0.113.7', ['203.0.113.7', 'http', 'own.example', 80]],
  ['x="a\\", for="[2001:db8::7]"', ['2001:db8::7', 'http', 'own.example', 80]],
  ['x="a,b", for="203.0.113.7"', ['203.0.113.7', 'http', 'own.example', 80]],
  // Not of the grammar, or twice: nothing is believed.
  ['for = 203.0.113.7', [LOCAL, 'http', 'own.example', 80]],
  ['for=203.0.113.7;for=1.1.1.1', [LOCAL, 'http', 'own.example', 80]],
  ['for=203.0.113.7;proto=gopher;host="<script>"', ['203.0.113.7', 'http', 'own.example', 80]],
  ['for', [LOCAL, 'http', 'own.example', 80]],
  ['"', [LOCAL, 'http', 'own.example', 80]],
  [`for=203.0.113.7;x="${'y'.repeat(2_000)}"`, [LOCAL, 'http', 'own.example', 80]],
])('Forwarded: %s', async (forwarded, expected) => {
  expect(await toldOf(['loopback', '10.0.0.0/8'], { forwarded, host: 'own.example' })).toEqual(expected);
});

it.each<[string, Trust]>([
  ['by default', false],
  ['from a socket that is not trusted', '10.0.0.0/8'],
])('hostile headers change nothing %s', async (_, trust) => {
  const headers = {
    'x-forwarded-for': '1.1.1.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'forged.example',
    forwarded: 'for=1.1.1.1;proto=https;host=forged.example',
  };
  expect(await toldOf(trust, headers)).toEqual(NOBODY);
  const gateway = await startGateway({ options: { trustProxy: trust } });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `GET / HTTP/1.1\r\nHost: own.example\r\n${lines.join('')}Connection: close\r\n\r\n`;
  await openRaw(gateway.port, head).closed;
  await gateway.flush();
  expect(gateway.operator.spans[0]?.attributes).toMatchObject({
    'client.address': LOCAL,
    'network.peer.address': LOCAL,
    'url.scheme': 'http',
    'server.address': 'own.example',
    'server.port': 80,
  });
});

it('without trust no forwarding header is even read', async () => {
  const read: string[] = [];
  const headers = new Proxy<Record<string, string>>(
    {},
    {
      get(_, name) {
        read.push(String(name));
        return undefined;
      },
    },
  );
  await toldOf(false, headers);
  expect(read).toContain('host');
  expect(read.filter((name) => name.includes('forwarded'))).toEqual([]);
});

it('X-Forwarded-* in part makes Forwarded count in nothing', async () => {
  const headers = {
    'x-forwarded-for': '203.0.113.7',
    forwarded: 'for=1.1.1.1;proto=https;host=forged.example',
  };
  expect(await toldOf(true, headers)).toEqual(['203.0.113.7', 'http', undefined, undefined]);
  const protoOnly = { 'x-forwarded-proto': 'https', forwarded: 'for=1.1.1.1' };
  expect(await toldOf(true, protoOnly)).toEqual([LOCAL, 'https', undefined, undefined]);
});

it('a host that cannot be one gives way to the Host header', async () => {
  const headers = { 'x-forwarded-host': 'a b', 'x-forwarded-proto': 'wss', host: 'own.example' };
  expect(await toldOf(true, headers)).toEqual([LOCAL, 'https', 'own.example', 443]);
});

it.each<[string, BeginOptions['headers']]>([
  [
    'pairs',
    [
      ['X-Forwarded-For', '1.1.1.1'],
      ['x-forwarded-for', '203.0.113.7'],
    ],
  ],
  ['a flat list', ['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '203.0.113.7']],
  ['an object with a list', { 'X-Forwarded-For': ['1.1.1.1', '203.0.113.7'] }],
  [
    'Headers',
    new Headers([
      ['x-forwarded-for', '1.1.1.1'],
      ['x-forwarded-for', '203.0.113.7'],
    ]),
  ],
])('the last of several lines counts, in %s', async (_, headers) => {
  expect((await toldOf(1, headers))[0]).toBe('203.0.113.7');
});

it('a Unix socket is trusted by a number of hops and by a function, which gets an empty address', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  const socket = { remoteAddress: undefined } as unknown as Partial<BeginOptions>;
  expect((await toldOf(1, headers, socket))[0]).toBe('203.0.113.7');
  expect((await toldOf('loopback', headers, socket))[0]).toBeUndefined();
  const asked: unknown[] = [];
  const trust = (address: string, hop: number): boolean => {
    asked.push([address, hop]);
    return hop < 1;
  };
  expect((await toldOf(trust, { 'x-forwarded-for': '1.1.1.1, 203.0.113.7' }, socket))[0]).toBe('203.0.113.7');
  expect(asked).toEqual([
    ['', 0],
    ['203.0.113.7', 1],
  ]);
});

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
  ['answers with a promise', () => Promise.reject(new Error('no'))],
  ['answers with what is not true', () => 'yes'],
])('a function that %s trusts nobody', async (_, trust) => {
  expect(await toldOf(trust as never, { 'x-forwarded-for': '203.0.113.7' })).toEqual(NOBODY);
});

it.each([
  ['x-forwarded-for', '10.0.0.1,'.repeat(10_000)],
  ['x-forwarded-for', ','.repeat(100_000)],
  ['x-forwarded-for', 'x'.repeat(100_000)],
  ['forwarded', 'for=10.0.0.1,'.repeat(8_000)],
  ['forwarded', ','.repeat(100_000)],
  ['forwarded', '"\\'.repeat(50_000)],
  ['forwarded', `for="${'\\"'.repeat(500)}"`.repeat(100)],
  ['x-forwarded-host', 'x'.repeat(100_000)],
])('100 KB of %s cost little: %.20s', async (name, value) => {
  const gateway = await startGateway({ options: { trustProxy: ['loopback', '10.0.0.0/8'] } });
  const asked: number[] = [];
  const trusting = await startGateway({
    options: {
      trustProxy: (_, hop) => {
        asked.push(hop);
        return true;
      },
    },
  });
  const request = { method: 'GET', url: '/', headers: { [name]: value }, remoteAddress: LOCAL };
  const began = performance.now();
  for (let index = 0; index < 20; index++) gateway.telemetry.begin(request).end({ statusCode: 200 });
  const each = (performance.now() - began) / 20;
  console.log(`${name}: ${each.toFixed(2)} ms a request`);
  trusting.telemetry.begin(request).end({ statusCode: 200 });
  // One for the socket, and 64 hops.
  expect(asked.length).toBeLessThanOrEqual(65);
});
