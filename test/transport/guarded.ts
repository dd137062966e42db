/** A tenant's sender behind an egress guard, and a server that notes every connection. */
import { createServer as createTlsServer } from 'node:https';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { resolveTenantEgress } from '../../src/config/egress.js';
import type { OutgoingBatch, SendResult } from '../../src/model/delivery.js';
import type { TenantEgress } from '../../src/model/destination.js';
import type { Sending, TlsSource } from '../../src/model/resolved-destination.js';
import { createEgressGuard, type EgressGuardOptions } from '../../src/transport/egress-guard.js';
import { selfTestEgress } from '../../src/transport/egress-self-test.js';
import { createPools } from '../../src/transport/pool.js';
import type { Issued } from '../support/certificates.js';
import { openWith } from './opened.js';

export const DELIVERED = { kind: 'delivered', rejected: 0 } as const;
export const BLOCKED = { kind: 'retry', errorClass: 'blocked' } as const;

export interface WatchedServer {
  readonly port: number;
  readonly connections: readonly Socket[];
  /** Of all connections, TLS included. */
  bytes(): number;
  /** What came out of TLS. */
  plainBytes(): number;
  readonly requests: readonly IncomingMessage[];
}

export async function startServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => response.end(),
  tls?: Issued & {
    readonly maxVersion?: 'TLSv1.1';
    readonly minVersion?: 'TLSv1';
    readonly ciphers?: string;
  },
): Promise<WatchedServer> {
  const connections: Socket[] = [];
  const requests: IncomingMessage[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(request);
    request.on('error', () => undefined);
    request.resume().on('end', () => answer(response, request));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('tlsClientError', () => undefined);
  let plainBytes = 0;
  server.on('secureConnection', (socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (plainBytes += chunk.length));
  });
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    connections.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    for (const socket of connections) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    plainBytes: () => plainBytes,
    bytes: () => connections.reduce((sum, socket) => sum + socket.bytesRead, 0),
    requests,
  };
}

const BATCH: OutgoingBatch = {
  signal: 'logs',
  id: 'a batch',
  items: 1,
  request: () => new Uint8Array(10),
  readables: () => ({ resource: { attributes: {}, bytes: new Uint8Array() }, records: [] }),
};

export interface Guarded {
  send(url: string, tls?: TlsSource, times?: Partial<Sending>): Promise<SendResult>;
  /** Keeps the sockets of a place open between its requests. */
  hold(url: string): void;
  /** Being opened, in use, or waiting. */
  readonly openSockets: number;
}

/** The configuration's checks are passed over: what is tested is what stands behind them. */
export function guarded(egress: TenantEgress, options: Partial<EgressGuardOptions> = {}): Guarded {
  const policy = options.policy ?? resolveTenantEgress(egress);
  const guard = createEgressGuard({
    policy,
    selfTest: selfTestEgress,
    onBroken: () => undefined,
    ...options,
  });
  const pools = createPools({}, guard);
  onTestFinished(() => guard.close());
  return {
    get openSockets() {
      return pools.openSockets;
    },
    hold(url) {
      const lease = pools.lease({
        url: new URL(url),
        audience: 'tenant',
        isTrustedOrigin: false,
        tls: undefined,
        owner: undefined,
      });
      onTestFinished(() => lease.release());
    },
    async send(url, tls, times) {
      const isTrustedOrigin = policy.isTrustedOrigin(url);
      const slow = { timeoutMs: 8_000, connectTimeoutMs: 6_000 };
      const sender = openWith(pools, url, { audience: 'tenant', isTrustedOrigin, tls, ...slow, ...times });
      try {
        return await sender.send(BATCH, new AbortController().signal);
      } finally {
        sender.close();
      }
    },
  };
}

/** Certificates of this root are good. */
export const trusting = (ca: string): TlsSource => {
  const material = { id: ca, ca, cert: undefined, key: undefined, passphrase: undefined };
  return { current: () => material, refresh: undefined };
};
