/** Many names, one address: whoever owns a domain has as many names as they like, and the address may be somebody else's. */
import type { LookupAddress } from 'node:dns';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { TenantEgressRules } from '../../src/model/destination.js';
import { createAddressLimit, type AddressLimit, type Visit } from '../../src/transport/address-limit.js';
import { ADDRESS_WAIT_MS, MAX_SOCKETS_PER_ADDRESS } from '../../src/transport/bounds.js';
import type { EgressGuardOptions } from '../../src/transport/egress-guard.js';
import { eventually } from '../delivery/support.js';
import { watchClientSockets } from '../faults/support.js';
import { DELIVERED, guarded, startServer } from './guarded.js';

const LOOPBACK: TenantEgressRules = { allowCidrs: ['127.0.0.0/8'] };
const NAMES = Array.from({ length: 200 }, (_, index) => `n${index}.example.com`);

const always = (...addresses: readonly string[]): NonNullable<EgressGuardOptions['resolver']> => ({
  lookup: (_host, answer) =>
    process.nextTick(
      answer,
      addresses.map((address) => ({ address, family: 4 })),
    ),
  close: () => undefined,
});

/**
 * How many connections were open at once, at most: seen from here, as a server hears of an end later than of the next
 * beginning.
 */
function watch(): () => number {
  const { sockets, stop } = watchClientSockets();
  let most = 0;
  const look = (): void => {
    most = Math.max(most, sockets.filter(({ connecting, destroyed }) => !connecting && !destroyed).length);
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    stop();
    look();
    return most;
  };
}

describe('an address under the public rules', () => {
  it('has no more sockets than it has places, whatever the number of its names; all get their turn', async () => {
    const server = await startServer((response) => void setTimeout(() => response.end(), 10));
    const { send, hold } = guarded(LOOPBACK, { resolver: always('127.0.0.1') });
    const most = watch();
    const urls = NAMES.map((name) => `http://${name}:${server.port}/`);
    // Kept open between requests: what idles there has to make room.
    for (const url of urls) hold(url);
    const results = await Promise.all(urls.map((url) => send(url)));
    expect(results).toEqual(urls.map(() => DELIVERED));
    expect(most()).toBeLessThanOrEqual(MAX_SOCKETS_PER_ADDRESS);
    expect(server.requests).toHaveLength(NAMES.length);
  });

  it('that is given as such has no more either', async () => {
    const server = await startServer((response) => void setTimeout(() => response.end(), 10));
    const { send } = guarded({ ...LOOPBACK, allowHosts: ['127.0.0.1'] }, { resolver: always('127.0.0.1') });
    const most = watch();
    const hosts = Array.from({ length: 20 }, (_, index) => `127.0.0.1:${server.port}/${index}`);
    const names = NAMES.slice(0, 20).map((name) => `${name}:${server.port}`);
    const results = await Promise.all([...hosts, ...names].map((host) => send(`http://${host}`)));
    for (const result of results) expect(result).toEqual(DELIVERED);
    expect(most()).toBeLessThanOrEqual(MAX_SOCKETS_PER_ADDRESS);
  });

  it('that has no place in time is crowded, and its sockets are used no longer', async () => {
    const server = await startServer(() => undefined);
    const { send } = guarded(LOOPBACK, { resolver: always('127.0.0.1') });
    const results = NAMES.slice(0, MAX_SOCKETS_PER_ADDRESS + 2).map((name) =>
      send(`http://${name}:${server.port}/`, undefined, { timeoutMs: ADDRESS_WAIT_MS + 1_000 }),
    );
    const classes = (await Promise.all(results)).map((result) => 'errorClass' in result && result.errorClass);
    expect(classes.filter((name) => name === 'crowded')).toHaveLength(2);
    expect(classes.filter((name) => name === 'timeout')).toHaveLength(MAX_SOCKETS_PER_ADDRESS);
    expect(server.connections).toHaveLength(MAX_SOCKETS_PER_ADDRESS);
  });

  it.each(['127.0.0.1', 'n.example.com'])(
    'keeps nobody waiting for longer than the deadline, and counts no socket for who has given up: %s',
    async (host) => {
      const server = await startServer(() => undefined);
      const rules = { ...LOOPBACK, allowHosts: ['127.0.0.1'] };
      const tenants = guarded(rules, { resolver: always('127.0.0.1') });
      const held = NAMES.slice(0, MAX_SOCKETS_PER_ADDRESS).map((name) =>
        tenants.send(`http://${name}:${server.port}/`, undefined, { timeoutMs: 1_000 }),
      );
      await eventually(() => expect(server.requests).toHaveLength(MAX_SOCKETS_PER_ADDRESS));
      const last = tenants.send(`http://${host}:${server.port}/`, undefined, { timeoutMs: 100 });
      expect(await Promise.race([last, ...held])).toEqual({ kind: 'retry', errorClass: 'timeout' });
      await eventually(() => expect(tenants.openSockets).toBe(MAX_SOCKETS_PER_ADDRESS));
      expect(server.requests, 'the others are under way').toHaveLength(MAX_SOCKETS_PER_ADDRESS);
      await Promise.all(held);
      await eventually(() => expect(tenants.openSockets).toBe(0));
    },
  );

  it('is known, so that who has no time to wait for its turn has failed as connect', async () => {
    const server = await startServer(() => undefined);
    const { send } = guarded(LOOPBACK, { resolver: always('127.0.0.1') });
    const held = NAMES.slice(0, MAX_SOCKETS_PER_ADDRESS).map((name) =>
      send(`http://${name}:${server.port}/`, undefined, { timeoutMs: 1_000 }),
    );
    await eventually(() => expect(server.requests).toHaveLength(MAX_SOCKETS_PER_ADDRESS));
    const last = send(`http://last.example.com:${server.port}/`, undefined, { connectTimeoutMs: 200 });
    expect(await last).toEqual({ kind: 'retry', errorClass: 'connect' });
    await Promise.all(held);
  });

  it('is not counted for an origin that is trusted, nor under the open policy', async () => {
    const hosts = NAMES.slice(0, 40);
    for (const policy of ['public', 'open'] as const) {
      const server = await startServer((response) => void setTimeout(() => response.end(), 300));
      const origins = hosts.map((name) => `http://${name}:${server.port}`);
      const trustedOrigins = policy === 'public' ? origins : [];
      const { send } = guarded({ ...LOOPBACK, policy, trustedOrigins }, { resolver: always('127.0.0.1') });
      const most = watch();
      const results = await Promise.all(origins.map((origin) => send(origin)));
      for (const result of results) expect(result).toEqual(DELIVERED);
      expect(most()).toBe(hosts.length);
    }
  });
});

describe('the limit', () => {
  const at = (...addresses: readonly string[]): readonly LookupAddress[] =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  interface Asked {
    readonly visit: Visit;
    granted: readonly string[] | 'crowded' | undefined;
  }
  const ask = (limit: AddressLimit, ...addresses: readonly string[]): Asked => {
    const asked: { visit: Visit; granted: Asked['granted'] } = {
      visit: undefined as never,
      granted: undefined,
    };
    asked.visit = limit.ask(at(...addresses), (granted) => {
      asked.granted = granted?.map(({ address }) => address) ?? 'crowded';
    });
    return asked;
  };

  it('prefers the addresses with a free place', () => {
    const limit = createAddressLimit(1);
    const first = ask(limit, '192.0.2.1');
    expect(ask(limit, '192.0.2.1', '192.0.2.2').granted).toEqual(['192.0.2.2']);
    first.visit.end();
    expect(ask(limit, '192.0.2.1', '192.0.2.2').granted).toEqual(['192.0.2.1']);
  });

  it('gives back what was not connected to, to whoever waits for it', () => {
    const limit = createAddressLimit(1);
    const first = ask(limit, '192.0.2.1', '192.0.2.2');
    expect(first.granted).toEqual(['192.0.2.1', '192.0.2.2']);
    const second = ask(limit, '192.0.2.1', '192.0.2.2');
    expect(second.granted).toBeUndefined();
    first.visit.connected('192.0.2.2');
    expect(second.granted).toEqual(['192.0.2.1']);
  });

  it('takes an address for the same however it is written', () => {
    const limit = createAddressLimit(1);
    ask(limit, '2001:db8::1');
    expect(ask(limit, '2001:DB8:0:0::0001').granted).toBeUndefined();
    ask(limit, '192.0.2.1');
    expect(ask(limit, '::ffff:192.0.2.1').granted).toBeUndefined();
    expect(ask(limit, '2001:db8::2').granted).toBeDefined();
  });

  it('closes the socket that has waited longest for a request, and no other', () => {
    const limit = createAddressLimit(2);
    const sockets = [new Socket(), new Socket()];
    const visits = sockets.map((socket) => {
      const { visit } = ask(limit, '192.0.2.1');
      visit.connected('192.0.2.1');
      visit.idle(socket);
      return visit;
    });
    visits[0]?.used();
    visits[0]?.idle(sockets[0] as Socket);
    expect(ask(limit, '192.0.2.1').granted).toEqual(['192.0.2.1']);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, true]);
    visits[0]?.used();
    const waiting = ask(limit, '192.0.2.1');
    expect(waiting.granted).toBeUndefined();
    visits[0]?.idle(sockets[0] as Socket);
    expect(waiting.granted).toEqual(['192.0.2.1']);
    expect(sockets[0]?.destroyed).toBe(true);
  });

  it('goes by the order of asking, passes over those that gave up, and forgets everything', () => {
    vi.useFakeTimers();
    try {
      const limit = createAddressLimit(1);
      const [first, second, third, fourth] = [1, 2, 3, 4].map(() => ask(limit, '192.0.2.1', '192.0.2.2'));
      first?.visit.connected('192.0.2.1');
      expect([second, third].map((asked) => asked?.granted)).toEqual([['192.0.2.2'], undefined]);
      third?.visit.end();
      second?.visit.end();
      expect([third, fourth].map((asked) => asked?.granted)).toEqual([undefined, ['192.0.2.2']]);
      const last = ask(limit, '192.0.2.1');
      vi.advanceTimersByTime(ADDRESS_WAIT_MS);
      expect(last.granted).toBe('crowded');
      for (const asked of [first, fourth]) asked?.visit.end();
      expect(limit.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
