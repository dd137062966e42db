/**
 * T25: names that mean one address when they are looked at and another one later, or several at once. 127.0.0.1 is allowed
 * and stands for the public internet; 127.0.0.2 is the gateway's own network, and listens on the same port.
 */
import { createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TenantEgressRules } from '../../src/index.js';
import { eventually, pause } from '../delivery/support.js';
import { startFakeDns, type DnsAnswer, type DnsRecord, type Question } from '../support/fake-dns.js';
import { nameServers } from './fake-names.js';
import { figure, ledgerOf, logsOf, startCollector, VICTIM, withVictim } from './support.js';

vi.mock('../../src/transport/resolver.js', async (original) => {
  const { withNameServer } = await import('./fake-names.js');
  return withNameServer(original);
});

const OUTSIDE = '127.0.0.1';
const INSIDE = '127.0.0.2';
const NAME = 'collector.example.com';
const EGRESS: TenantEgressRules = {
  policy: 'public',
  allowHttp: [NAME, OUTSIDE],
  allowHosts: [OUTSIDE],
  allowCidrs: [OUTSIDE],
};

/** Where the system puts servers that have no wish. */
const EPHEMERAL = Array.from({ length: 28_232 }, (_, index) => 32_768 + index);

const a = (value: string, ttl = 0): readonly DnsRecord[] => [{ type: 'A', value, ttl }];
const manyOutside = Array.from({ length: 999 }, () => a(OUTSIDE)).flat();

/** Says no more than that somebody was there. */
async function listenInside(port: number): Promise<readonly Socket[]> {
  const visitors: Socket[] = [];
  const server = createServer((socket) => visitors.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, INSIDE, resolve);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of visitors) socket.destroy();
  });
  return visitors;
}

/** One record while the name means `first`, and one while it means `then`. */
async function rebind(
  answer: (question: Question, isLater: boolean) => DnsAnswer,
  deliveredFirst: boolean,
): Promise<void> {
  let isLater = false;
  const dns = await startFakeDns((question) => answer(question, isLater));
  nameServers.servers = [dns.server];
  // Each request needs a connection of its own.
  const collector = await startCollector({
    onCall: ({ socket }) =>
      void socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  });
  const visitors = await listenInside(collector.port);
  await withVictim(
    collector,
    async (world) => {
      if (deliveredFirst) {
        world.send(VICTIM, 1);
        await world.telemetry.flush();
        expect(collector.calls).toHaveLength(1);
      }
      isLater = true;
      await pause(5);
      const before = collector.connections.length;
      world.send(VICTIM, 2);
      await world.telemetry.flush();
      await eventually(() => expect(logsOf(world, VICTIM)?.lastError).toBe('blocked'));
      expect(ledgerOf(world, VICTIM)).toMatchObject({
        delivered: deliveredFirst ? 1 : 0,
        buffered: 1,
        dropped: {},
      });
      expect(collector.connections).toHaveLength(before);
      expect(visitors).toHaveLength(0);
      const shown = JSON.stringify([world.diagnostics, world.telemetry.status(VICTIM)]);
      expect(shown).not.toMatch(/127\.0\.0\.2|169\.254|::1/);
    },
    {
      victim: { endpoint: `http://${NAME}:${collector.port}` },
      options: { tenantEgress: { ...EGRESS, ports: EPHEMERAL } },
    },
  );
  await dns.close();
  expect(visitors).toHaveLength(0);
}

describe('T25: a name that leads inside is blocked, and nothing is sent there', () => {
  it.each<[string, DnsAnswer]>([
    ['at its second look-up, with no time to live', a(INSIDE)],
    ['at its second look-up, to metadata', a('169.254.169.254', 4_000_000)],
    ['at its second look-up, beside a good address', [...a(OUTSIDE), ...a(INSIDE)]],
    [
      'at its second look-up, by a chain of names',
      [
        { type: 'CNAME', value: 'b.example.com', ttl: 0 },
        { type: 'CNAME', name: 'b.example.com', value: 'c.example.com', ttl: 0 },
        { type: 'A', name: 'c.example.com', value: INSIDE, ttl: 0 },
      ],
    ],
    ['at its second look-up, in the last of a thousand records', [...manyOutside, ...a(INSIDE)]],
  ])('%s', (_what, later) =>
    rebind(({ type }, isLater) => (type === 'AAAA' ? [] : isLater ? later : a(OUTSIDE)), true),
  );

  it.each<[string, DnsAnswer]>([
    ['IPv6 loopback', [{ type: 'AAAA', value: '::1' }]],
    ['a mapped address', [{ type: 'AAAA', value: `::ffff:${OUTSIDE}` }]],
  ])('at once, by %s in the other family', (_what, six) =>
    rebind(({ type }) => (type === 'AAAA' ? six : a(OUTSIDE)), false),
  );

  afterAll(() => figure('T25', 'seven ways in, connections to denied addresses 0'));
});
