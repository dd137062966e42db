/** `timeoutMs`, `connectTimeoutMs` and the limit of informational answers, on real sockets. */
import { createServer, request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import type { Destination } from '../../src/index.js';
import { limitConnecting } from '../../src/transport/request-limits.js';
import {
  eventually,
  inWorld,
  pause,
  send,
  startHttp,
  startTcp,
  withTelemetry,
  type RawServer,
} from '../delivery/support.js';
import { DELIVERED, drip, WAITING } from './settle.js';

vi.setConfig({ maxConcurrency: 40, testTimeout: 30_000 });

/** For the event loop of a busy machine; far below the defaults of 3 s and 10 s. */
const SLACK_MS = 1_800;

interface Attempt {
  readonly ms: number;
  readonly ledger: unknown;
  readonly lastError: string | undefined;
}

/** Sends one log record as this destination says, and resolves when the first attempt is over. */
async function attempt(destination: Destination, waitMs = 20_000): Promise<Attempt> {
  let result: Attempt | undefined;
  const operator = { signals: { traces: false, metrics: false }, ...destination };
  await withTelemetry({ operator }, async (telemetry) => {
    const logs = () => telemetry.status().operator[0]?.signals.logs;
    const start = performance.now();
    send(telemetry, undefined, 1);
    void telemetry.flush({ timeoutMs: 1 });
    await eventually(
      () => expect(logs()?.lastDeliveryMs ?? logs()?.lastError, 'an attempt is over').toBeDefined(),
      waitMs,
    );
    result = { ms: performance.now() - start, ledger: logs()?.ledger, lastError: logs()?.lastError };
  });
  if (result === undefined) throw new Error('There is no result.');
  return result;
}

async function using(
  starting: Promise<RawServer>,
  scenario: (server: RawServer) => Promise<void>,
): Promise<void> {
  const server = await starting;
  try {
    await scenario(server);
  } finally {
    await server.close();
  }
}

/** Takes connections, never answers a TLS handshake. */
const deafToTls = (): Promise<RawServer> => startTcp(() => undefined);
const asHttps = (server: RawServer): string => server.url.replace('http:', 'https:');

const answeringAfter = (delayMs: number): Promise<RawServer> =>
  startHttp((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(), delayMs));
  });

describe.concurrent('timeoutMs', () => {
  const slow: readonly [string, () => Promise<RawServer>][] = [
    ['silence', () => startTcp(() => undefined)],
    [
      'headers that drip',
      () =>
        startTcp((socket) => {
          socket.write('HTTP/1.1 200 OK\r\nx: ');
          drip(socket, 'y', 50);
        }),
    ],
    ['an answer that comes too late', () => answeringAfter(5_000)],
  ];

  it.each(slow)('ends %s, and the batch waits for another attempt', (_what, start) =>
    using(start(), async (server) => {
      const { ms, ledger, lastError } = await attempt({ endpoint: server.url, timeoutMs: 400 });
      expect({ ledger, lastError }).toEqual({ ledger: WAITING, lastError: 'timeout' });
      expect(ms).toBeGreaterThan(380);
      expect(ms).toBeLessThan(400 + SLACK_MS);
      await eventually(() => expect(server.openSockets()).toBe(0));
    }),
  );

  it('ends a body that drips after a 200, which stays a 200', () =>
    using(
      startHttp((request, response) => {
        response.on('error', () => undefined);
        request.resume().on('end', () => {
          response.write('x');
          drip(response, 'x', 50);
        });
      }),
      async (server) => {
        const { ms, ledger } = await attempt({ endpoint: server.url, timeoutMs: 400 });
        expect(ledger).toEqual(DELIVERED);
        expect(ms).toBeLessThan(400 + SLACK_MS);
      },
    ));

  it('holds for a header function too, although that has 5 s of its own', () =>
    using(answeringAfter(0), async (server) => {
      const headers = (): Promise<never> => new Promise(() => undefined);
      const { ms, ledger, lastError } = await attempt({ endpoint: server.url, headers, timeoutMs: 400 });
      expect({ ledger, lastError }).toEqual({ ledger: WAITING, lastError: 'headers' });
      expect(ms).toBeLessThan(400 + SLACK_MS);
      expect(server.connections()).toBe(0);
    }));

  it('counts from the beginning: what headers took is not given again', () =>
    using(answeringAfter(800), async (server) => {
      const headers = (): Promise<Record<string, string>> => pause(600).then(() => ({}));
      const { lastError } = await attempt({ endpoint: server.url, headers, timeoutMs: 1_000 });
      expect(lastError).toBe('timeout');
    }));

  it('may be longer than the default', () =>
    using(answeringAfter(10_600), async (server) => {
      const { ms, ledger, lastError } = await attempt({ endpoint: server.url, timeoutMs: 15_000 });
      expect({ ledger, lastError }).toEqual({ ledger: DELIVERED, lastError: undefined });
      expect(ms).toBeGreaterThan(10_500);
    }));

  it('is the same for a tenant, and a change serves from the next attempt with the queue kept', () =>
    using(answeringAfter(700), async (server) => {
      await inWorld(
        {
          receivers: [],
          configure: () => ({
            tenants: { acme: { endpoint: server.url, signals: { metrics: false }, timeoutMs: 200 } },
          }),
        },
        async ({ telemetry, ...world }) => {
          const logs = () => telemetry.status('acme').destinations[0]?.signals.logs;
          world.send('acme', 1);
          await eventually(() => expect(logs()).toMatchObject({ lastError: 'timeout', ledger: WAITING }));
          telemetry.setTenant('acme', {
            endpoint: server.url,
            signals: { metrics: false },
            timeoutMs: 5_000,
          });
          await eventually(() => expect(logs()?.ledger).toEqual(DELIVERED), 10_000);
        },
      );
    }));
});

describe.concurrent('connectTimeoutMs', () => {
  it('ends a TLS handshake that is not answered, as class connect', () =>
    using(deafToTls(), async (server) => {
      const { ms, ledger, lastError } = await attempt({ endpoint: asHttps(server), connectTimeoutMs: 300 });
      expect({ ledger, lastError }).toEqual({ ledger: WAITING, lastError: 'connect' });
      expect(ms).toBeGreaterThan(280);
      expect(ms).toBeLessThan(300 + SLACK_MS);
      await eventually(() => expect(server.openSockets()).toBe(0));
    }));

  it('is 3 s unless it is said', () =>
    using(deafToTls(), async (server) => {
      const { ms, lastError } = await attempt({ endpoint: asHttps(server) });
      expect(lastError).toBe('connect');
      expect(ms).toBeGreaterThan(2_900);
      expect(ms).toBeLessThan(3_000 + SLACK_MS);
    }));

  it('says nothing about the answer, on a new connection or on one that is used again', () =>
    using(answeringAfter(1_200), async (server) => {
      await withTelemetry(
        {
          operator: {
            endpoint: server.url,
            signals: { traces: false, metrics: false },
            connectTimeoutMs: 500,
          },
        },
        async (telemetry) => {
          for (const mark of [1, 2]) {
            send(telemetry, undefined, mark);
            await telemetry.flush({ timeoutMs: 5_000 });
          }
          const logs = telemetry.status().operator[0]?.signals.logs;
          expect(logs?.lastError).toBeUndefined();
          expect(logs?.ledger).toMatchObject({ accepted: 2, delivered: 2 });
          expect(server.connections()).toBe(1);
        },
      );
    }));

  it('is over with the TLS handshake', async () => {
    const key = Buffer.alloc(16, 1);
    const server = createServer({ ciphers: 'PSK', pskCallback: () => key }, (request, response) => {
      request.resume();
      setTimeout(() => response.end(), 1_500);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const status = await new Promise((resolve, reject) => {
        // Pre-shared keys, so that the test needs no certificate.
        const options: RequestOptions & ConnectionOptions = {
          host: '127.0.0.1',
          port: (server.address() as AddressInfo).port,
          agent: false,
          ciphers: 'PSK',
          pskCallback: () => ({ psk: key, identity: 'test' }),
          checkServerIdentity: () => undefined,
        };
        const request = httpsRequest(options, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        limitConnecting(request, 1_000, true);
        request.on('error', reject);
        request.end();
      });
      expect(status).toBe(200);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe.concurrent('informational answers', () => {
  const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n\r\n';
  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

  it('are skipped, up to eight of them', () =>
    using(
      startTcp((socket) => void socket.write(EARLY_HINTS.repeat(8) + OK)),
      async (server) => {
        expect(await attempt({ endpoint: server.url })).toMatchObject({
          ledger: DELIVERED,
          lastError: undefined,
        });
      },
    ));

  it('are a failure of class protocol from the ninth on', () =>
    using(
      startTcp((socket) => void socket.write(EARLY_HINTS.repeat(9))),
      async (server) => {
        const { ms, ledger, lastError } = await attempt({ endpoint: server.url });
        expect({ ledger, lastError }).toEqual({ ledger: WAITING, lastError: 'protocol' });
        expect(ms).toBeLessThan(SLACK_MS);
        await eventually(() => expect(server.openSockets()).toBe(0));
      },
    ));

  it('that drip are ended long before the deadline', () =>
    using(
      startTcp((socket) => drip(socket, EARLY_HINTS, 20)),
      async (server) => {
        const { ms, lastError } = await attempt({ endpoint: server.url });
        expect(lastError).toBe('protocol');
        expect(ms).toBeLessThan(2_000 + SLACK_MS);
      },
    ));
});
