/** T49, the other way round: two hundred tenants with a host name each, all of which mean the same address. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { eventually, expectLaw, send, withTelemetry } from '../delivery/support.js';
import { startFakeDns } from '../support/fake-dns.js';
import { nameServers } from './fake-names.js';
import { figure, watchClientSockets } from './support.js';

vi.mock('../../src/transport/resolver.js', async (original) => {
  const { withNameServer } = await import('./fake-names.js');
  return withNameServer(original);
});

const TENANTS = Array.from({ length: 200 }, (_, index) => `tenant-${index}`);
const VICTIM = '127.0.0.1';
const MAX_SOCKETS = 16;
const ANSWER_MS = 20;

it('T49: an address has sixteen sockets, however many names lead there, and everybody gets a turn', async () => {
  const dns = await startFakeDns(({ type }) => (type === 'A' ? [{ type, value: VICTIM }] : []));
  nameServers.servers = [dns.server];
  nameServers.minTtlMs = 5_000;
  const server = createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(), ANSWER_MS));
  });
  await new Promise<void>((resolve) => server.listen(0, VICTIM, resolve));
  const { port } = server.address() as AddressInfo;
  const client = watchClientSockets();
  let most = 0;
  const look = setInterval(() => {
    const open = client.sockets.filter(({ connecting, destroyed }) => !connecting && !destroyed);
    most = Math.max(most, open.length);
  }, 1);
  try {
    await withTelemetry(
      {
        tenants: Object.fromEntries(
          TENANTS.map((id) => [
            id,
            { endpoint: `http://${id}.example.com:${port}`, signals: { metrics: false } },
          ]),
        ),
        tenantEgress: { ports: [port], allowHttp: ['*.example.com'], allowCidrs: [VICTIM] },
        delivery: { cpuShareOfTenants: 1 },
      },
      async (telemetry) => {
        const logs = () => telemetry.status().tenants.totals.logs;
        for (const round of [1, 2]) {
          for (const id of TENANTS) send(telemetry, id, round);
          await telemetry.flush({ timeoutMs: 10_000 });
          await eventually(() => expect(logs()).toMatchObject({ delivered: round * TENANTS.length }), 15_000);
        }
        expect(most).toBeGreaterThan(1);
        expect(most).toBeLessThanOrEqual(MAX_SOCKETS);
        figure('T49', `200 names, one address: at most ${most} sockets; ${JSON.stringify(logs())}`);
        expectLaw(telemetry, TENANTS);
      },
    );
  } finally {
    clearInterval(look);
    client.stop();
    nameServers.minTtlMs = 1;
    server.close();
    server.closeAllConnections();
    await dns.close();
  }
}, 60_000);
