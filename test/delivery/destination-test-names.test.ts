/** `testDestination` where the tenant's name server decides what comes out. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { nameServers } from '../faults/fake-names.js';
import { startFakeDns, type DnsAnswer } from '../support/fake-dns.js';

vi.mock('../../src/transport/resolver.js', async (original) => {
  const { withNameServer } = await import('../faults/fake-names.js');
  return withNameServer(original);
});

it.each<[string, DnsAnswer, string]>([
  ['is silent', 'silent', 'dns'],
  ['knows no such name', 'unknown', 'dns'],
  ['knows no address', [], 'dns'],
  ['names the gateway', [{ type: 'A', value: '127.0.0.1' }], 'blocked'],
  ['names a metadata service', [{ type: 'A', value: '169.254.169.254' }], 'blocked'],
])('a name server that %s: %j: %s', async (_what, answer, outcome) => {
  const server = await startFakeDns(({ type }) => (Array.isArray(answer) && type === 'AAAA' ? [] : answer));
  nameServers.servers = [server.server];
  const telemetry = createGatewayTelemetry({ env: false });
  onTestFinished(async () => {
    await telemetry.shutdown({ timeoutMs: 0 });
    await server.close();
  });
  const { ok, signals } = await telemetry.testDestination({
    endpoint: 'https://collector.example.com',
    connectTimeoutMs: 700,
  });
  expect(ok).toBe(false);
  for (const of of [signals.logs, signals.metrics]) {
    expect(of?.outcome).toBe(outcome);
    expect(of?.message).not.toMatch(/\d\.\d|example/);
    expect(of?.durationMs).toBeLessThan(5_000);
  }
  expect(Object.keys(signals)).toEqual(['logs', 'metrics']);
});
