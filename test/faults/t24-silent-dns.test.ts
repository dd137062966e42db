/** T24: fifty tenants whose name server never answers, and the gateway's own look-ups meanwhile. */
import { spawnSync } from 'node:child_process';
import { promises as dns } from 'node:dns';
import { expect, it, vi } from 'vitest';
import { expectLaw, pause, send, withTelemetry } from '../delivery/support.js';
import { startFakeDns } from '../support/fake-dns.js';
import { nameServers } from './fake-names.js';
import { percentile } from './load/scale.js';
import { figure } from './support.js';

vi.mock('../../src/transport/resolver.js', async (original) => {
  const { withNameServer } = await import('./fake-names.js');
  return withNameServer(original);
});

const TENANTS = Array.from({ length: 50 }, (_, index) => `tenant-${index}`);
/**
 * Of the plan: the gateway's own look-ups, at their 99th percentile, beside what they take with nothing else to do. A naive client holds
 * them up for as long as the system waits for a name server, 10 s and more.
 */
const MAX_MS = 20;
const MAX_RATIO = 3;
const LOOKUPS = 100;

async function ownLookupsMs(): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < LOOKUPS; count++) {
    const startMs = performance.now();
    await dns.lookup('localhost');
    times.push(performance.now() - startMs);
    await pause(5);
  }
  return times;
}

it('T24: silent name servers of tenants do not hold up the look-ups of the gateway', async () => {
  const server = await startFakeDns(() => 'silent');
  nameServers.servers = [server.server];
  const tenants = Object.fromEntries(TENANTS.map((id) => [id, { endpoint: `https://${id}.example.com` }]));
  await withTelemetry({ tenants, tenantEgress: 'public' }, async (telemetry) => {
    const aloneMs = await ownLookupsMs();
    for (const id of TENANTS) send(telemetry, id, 1);
    const flushed = telemetry.flush({ timeoutMs: 20_000 });
    await vi.waitFor(() => expect(server.questions.length).toBeGreaterThan(32), { timeout: 5_000 });
    const times = await ownLookupsMs();
    expect(percentile(times, 99)).toBeLessThan(MAX_MS + MAX_RATIO * percentile(aloneMs, 99));
    await flushed;
    const states = TENANTS.map((id) => telemetry.status(id).destinations[0]?.signals.logs);
    // Those that had to wait for a place had no time left to be told.
    for (const logs of states) {
      expect(logs?.lastError).toMatch(/^(?:dns|connect)$/);
      expect(logs?.ledger).toMatchObject({ accepted: 1, buffered: 1 });
    }
    expect(states.some((logs) => logs?.lastError === 'dns')).toBe(true);
    expectLaw(telemetry, TENANTS);
    figure(
      'T24',
      `50 silent names: the gateway's look-up p99 ${percentile(times, 99).toFixed(1)} ms, alone ` +
        `${percentile(aloneMs, 99).toFixed(1)} ms; ${naive()}`,
    );
  });
  await server.close();
}, 40_000);

/** The same with `dns.lookup`, in a process whose system has a silent name server. Only shown: not every system lets a test do so. */
function naive(): string {
  const program = `
    const dns = require('node:dns');
    require('node:dgram').createSocket('udp4').bind(53, '127.0.0.53', () => {
      for (let i = 0; i < 4; i++) dns.lookup('t' + i + '.example.com', () => undefined);
      const start = performance.now();
      dns.lookup('localhost', () => { console.log(Math.round(performance.now() - start)); process.exit(); });
    });`;
  const script =
    'f=$(mktemp) && printf "nameserver 127.0.0.53\\noptions timeout:1 attempts:1\\n" > $f && mount --bind $f /etc/resolv.conf; s=$?; rm -f $f; test $s = 0 && exec "$0" -e "$1"';
  const { status, stdout } = spawnSync('unshare', ['-m', 'sh', '-c', script, process.execPath, program], {
    timeout: 15_000,
    encoding: 'utf8',
  });
  return status === 0
    ? `4 silent names with dns.lookup and a time-out of 1 s: ${stdout.trim()} ms`
    : 'dns.lookup could not be measured on this system';
}
