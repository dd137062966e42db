/** Exports over TLS: what is trusted, what is refused and under which class, and who shares a socket with whom. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Destination } from '../../src/index.js';
import { startCollector } from '../faults/support.js';
import { issue, issueCa, type IssueOptions } from '../support/certificates.js';
import { eventually, expectLaw, send, startTcp, withTelemetry } from '../delivery/support.js';

vi.setConfig({ testTimeout: 20_000 });

const ca = issueCa();
const good = issue({ by: ca });
const LOGS = { traces: false, metrics: false };

interface TlsServer {
  readonly url: string;
  readonly sockets: readonly Socket[];
  readonly clients: readonly (PeerCertificate | undefined)[];
  readonly requests: readonly { readonly path: string; readonly socket: number }[];
  renew(options: ServerOptions): void;
}

async function startTls(options: ServerOptions = good): Promise<TlsServer> {
  const sockets: Socket[] = [];
  const clients: (PeerCertificate | undefined)[] = [];
  const requests: { path: string; socket: number }[] = [];
  const server = createServer(options, (request, response) => {
    requests.push({ path: request.url ?? '', socket: sockets.indexOf(request.socket) });
    request.resume().on('end', () => response.end());
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.push(socket);
    const peer = socket.getPeerCertificate() as PeerCertificate | undefined;
    clients.push(peer?.subject === undefined ? undefined : peer);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    clients,
    requests,
    renew: (renewed) => server.setSecureContext(renewed),
  };
}

/** What becomes of one record's first attempt. */
async function attempt(destination: Destination): Promise<string> {
  const results: string[] = [];
  await withTelemetry({ operator: { signals: LOGS, ...destination } }, async (telemetry) => {
    const logs = () => telemetry.status().operator[0]?.signals.logs;
    send(telemetry, undefined, 1);
    void telemetry.flush({ timeoutMs: 1 });
    await eventually(() => {
      const result = logs()?.ledger.delivered === 1 ? 'delivered' : logs()?.lastError;
      expect(result).toBeDefined();
      results.push(result ?? '');
    });
    expectLaw(telemetry);
  });
  return results[0] ?? '';
}

describe('a server', () => {
  it('whose root is given is trusted, and no other than those that are given', async () => {
    const { url } = await startTls();
    expect(await attempt({ endpoint: url, tls: { ca: ca.cert } })).toBe('delivered');
    expect(await attempt({ endpoint: url, tls: { ca: issueCa().cert } })).toBe('tls');
  });

  const yesterday = new Date(Date.now() - 3_600_000);
  const refused: readonly [string, IssueOptions][] = [
    ['whose certificate has expired', { by: ca, notAfter: yesterday }],
    ['whose certificate is not valid yet', { by: ca, notBefore: new Date(Date.now() + 3_600_000) }],
    ['whose certificate is for another name', { by: ca, hosts: ['collector.example'] }],
    ['that signed its certificate itself', {}],
    ['with a root that nobody knows', { by: issueCa('other root') }],
  ];
  it.each(refused)('%s is refused as tls', async (_what, options) => {
    const { url, requests } = await startTls(issue(options));
    expect(await attempt({ endpoint: url, tls: { ca: ca.cert } })).toBe('tls');
    expect(requests).toHaveLength(0);
  });

  it('is verified against the public roots without tls, whatever the environment says', async () => {
    const { url, requests } = await startTls();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await attempt({ endpoint: url })).toBe('tls');
    expect(await attempt({ endpoint: url, tls: { ca: issueCa().cert } })).toBe('tls');
    expect(requests).toHaveLength(0);
  });

  it('that speaks TLS 1.1 at most is refused as tls', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const { url } = await startTls({ ...good, ...old });
    expect(await attempt({ endpoint: url, tls: { ca: ca.cert } })).toBe('tls');
  });

  it('that speaks TLS 1.1 at most is refused as tls, also where the process would allow it', async () => {
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
    // What --tls-min-v1.1 and --tls-cipher-list set.
    tls.DEFAULT_MIN_VERSION = 'TLSv1.1';
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
    onTestFinished(() => void Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }));
    const { url, requests } = await startTls({ ...good, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' });
    expect(await attempt({ endpoint: url, tls: { ca: ca.cert } })).toBe('tls');
    expect(requests).toHaveLength(0);
  });
  it.each<[string, ServerOptions]>([
    ['TLS 1.2', { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256', dhparam: 'auto' }],
    ['TLS 1.3', { minVersion: 'TLSv1.3', ecdhCurve: 'ffdhe8192' }],
  ])(
    'that agrees on nothing but Diffie-Hellman over a prime, with %s, is refused as tls',
    async (_what, more) => {
      const { url } = await startTls({ ...good, ...more });
      expect(await attempt({ endpoint: url, tls: { ca: ca.cert } })).toBe('tls');
    },
  );

  it('that speaks no TLS at all is refused as tls', async () => {
    const server = await startCollector({
      onConnection: ({ socket }) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    });
    onTestFinished(() => server.close());
    const endpoint = server.url.replace('http:', 'https:');
    expect(await attempt({ endpoint, tls: { ca: ca.cert } })).toBe('tls');
  });

  it('that never finishes its handshake has failed as connect', async () => {
    const server = await startTcp(() => undefined);
    onTestFinished(() => server.close());
    const endpoint = server.url.replace('http:', 'https:');
    expect(await attempt({ endpoint, connectTimeoutMs: 200, tls: { ca: ca.cert } })).toBe('connect');
  });

  it('that wants a certificate gets the one that is given', async () => {
    const client = issue({ by: ca, name: 'the gateway' });
    const options = { ...good, ca: ca.cert, requestCert: true, rejectUnauthorized: true };
    const { url, clients } = await startTls(options);
    expect(await attempt({ endpoint: url, tls: { ca: ca.cert, ...client } })).toBe('delivered');
    expect(clients[0]?.subject.CN).toBe('the gateway');
    const without = await startTls({ ...options, maxVersion: 'TLSv1.2' });
    expect(await attempt({ endpoint: without.url, tls: { ca: ca.cert } })).not.toBe('delivered');
    expect(without.requests).toHaveLength(0);
  });
});

describe('files', () => {
  const directory = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'gateway-otel-tls-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };

  it('are read again when they change: a broken one keeps the last good one and is reported, a good one serves', async () => {
    const caFile = join(directory(), 'ca.pem');
    writeFileSync(caFile, ca.cert);
    const server = await startTls();
    const reports: string[] = [];
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.01));
    onTestFinished(() => void vi.restoreAllMocks());
    const options = {
      operator: { endpoint: server.url, signals: LOGS, tls: { caFile } },
      onDiagnostic: ({ code, message }: { code: string; message: string }) => {
        if (code === 'tls_files_unusable') reports.push(message);
      },
    };
    await withTelemetry(options, async (telemetry) => {
      let sent = 0;
      const deliver = async (): Promise<void> => {
        send(telemetry, undefined, ++sent);
        await eventually(async () => {
          await telemetry.flush({ timeoutMs: 500 });
          expect(telemetry.status().operator[0]?.signals.logs?.ledger.delivered).toBe(sent);
        });
      };
      await deliver();
      writeFileSync(caFile, 'half a certif');
      await deliver();
      expect(reports, 'not looked at yet').toEqual([]);
      now += 6_000;
      await deliver();
      expect(reports).toEqual([
        'operator.tls.caFile holds no PEM certificate; what was read before stays in use',
      ]);
      now += 6_000;
      await deliver();
      expect(reports, 'once a minute').toHaveLength(1);
      expect(server.sockets, 'the same material, the same socket').toHaveLength(1);

      const next = issueCa('next root');
      server.renew(issue({ by: next }));
      writeFileSync(`${caFile}.new`, next.cert);
      renameSync(`${caFile}.new`, caFile);
      now += 6_000;
      await deliver();
      expect(server.requests.at(-1)?.socket, 'a new connection').toBe(1);
      await eventually(() => expect(server.sockets[0]?.destroyed, 'the old one has gone').toBe(true), 1_000);
      expect(telemetry.status().operator[0]?.signals.logs?.lastError).toBeUndefined();
      expectLaw(telemetry);
    });
  });
});

describe('sockets', () => {
  it('of a tenant with certificates of its own are its alone, and close when it goes', async () => {
    const server = await startTls();
    const tls = { ca: ca.cert };
    const to = { endpoint: server.url, tls };
    const logs = { ...to, signals: { metrics: false } };
    await withTelemetry(
      { operator: [to, { ...to, name: 'second' }], tenants: { acme: logs, globex: logs } },
      async (telemetry) => {
        send(telemetry, 'acme', 1);
        send(telemetry, 'globex', 1);
        await eventually(async () => {
          await telemetry.flush({ timeoutMs: 500 });
          for (const id of ['acme', 'globex'])
            expect(telemetry.status(id).destinations[0]?.signals.logs?.ledger.delivered).toBe(1);
        });
        expectLaw(telemetry, ['acme', 'globex']);
        const tenantSockets = server.sockets.length;
        expect(tenantSockets, 'one for each tenant, and those of the operator').toBeGreaterThanOrEqual(3);
        telemetry.setTenant('acme', null);
        await eventually(() => {
          expect(server.sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1);
        }, 1_000);
      },
    );
  });
});
