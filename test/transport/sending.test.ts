import { describe, expect, it, vi } from 'vitest';
import type { OtlpAnswer } from '../../src/testing/index.js';
import {
  countConnections,
  eventually,
  inWorld,
  marksAt,
  pause,
  refusingUrl,
  startHttp,
} from '../delivery/support.js';
import type { World } from '../delivery/support.js';

vi.setConfig({ maxConcurrency: 40 });

const logsOfAcme = (world: World) => world.telemetry.status('acme').destinations[0]?.signals.logs;

const withAcme = (scenario: (world: World) => Promise<void>): Promise<void> =>
  inWorld(
    { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
    scenario,
  );

describe.concurrent('what may work later is tried again, and nothing is lost', () => {
  it.each<[string, OtlpAnswer]>([
    ['429', { status: 429, headers: { 'retry-after': '1' }, times: 2 }],
    ['502', { status: 502, times: 2 }],
    ['503', { status: 503, times: 2 }],
    ['504', { status: 504, times: 2 }],
    ['a broken connection before the body', { hangUp: 'before', times: 2 }],
    ['a broken connection after the body', { hangUp: 'after', times: 2 }],
  ])('%s', (_what, answer) =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ ...answer, signal: 'logs' });
      world.send('acme', 1);
      await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 9_000 });
      expect(world.at('acme').requests.filter(({ signal }) => signal === 'logs')).toHaveLength(3);
      await eventually(() =>
        expect(logsOfAcme(world)?.ledger).toEqual({
          accepted: 1,
          delivered: 1,
          rejected: 0,
          dropped: {},
          buffered: 0,
        }),
      );
    }),
  );

  it('a refused connection: what came in meanwhile arrives once somebody listens', async () => {
    const url = await refusingUrl();
    await inWorld(
      { receivers: ['acme'], configure: () => ({ tenants: { acme: { endpoint: url } } }) },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(logsOfAcme(world)).toMatchObject({ lastError: 'connect', ledger: { buffered: 1 } });
        const seen: string[] = [];
        const { createServer } = await import('node:http');
        const server = createServer((request, response) => {
          seen.push(request.url ?? '');
          request.resume().on('end', () => response.end());
        });
        const { hostname, port } = new URL(url);
        await new Promise<void>((resolve) => server.listen(Number(port), hostname, resolve));
        try {
          await eventually(() => expect(logsOfAcme(world)?.ledger.delivered).toBe(1));
          expect(seen).toContain('/v1/logs');
        } finally {
          server.closeAllConnections();
          server.close();
        }
      },
    );
  });

  it('with a pause between the attempts', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ status: 503, signal: 'logs' });
      world.send('acme', 1);
      await pause(4_500);
      const attempts = world.at('acme').requests.filter(({ signal }) => signal === 'logs');
      expect(attempts.length).toBeGreaterThanOrEqual(2);
      expect(attempts.length).toBeLessThanOrEqual(9);
      attempts.forEach(({ receivedAtMs }, index) => {
        const before = attempts[index - 1];
        if (before !== undefined) expect(receivedAtMs - before.receivedAtMs).toBeGreaterThanOrEqual(490);
      });
    }));

  it.each(['soon', '-5', '0', '', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'also with Retry-After: %j, and without a storm',
    (retryAfter) =>
      withAcme(async (world) => {
        world.at('acme').answerWith({
          status: 503,
          headers: { 'retry-after': retryAfter },
          signal: 'logs',
          times: 1,
        });
        world.send('acme', 1);
        await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 15_000 });
        const [first, second] = world.at('acme').requests.filter(({ signal }) => signal === 'logs');
        expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(490);
      }),
  );

  it('Retry-After: 2 is followed', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ status: 429, headers: { 'retry-after': '2' }, signal: 'logs', times: 1 });
      world.send('acme', 1);
      await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 15_000 });
      const [first, second] = world.at('acme').requests.filter(({ signal }) => signal === 'logs');
      expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(1_990);
    }));

  it('in the order in which the records came', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ status: 503, signal: 'logs', times: 2 });
      for (let round = 0; round < 4; round++) {
        world.send('acme', round);
        await world.telemetry.flush();
      }
      await world.flushUntilLogs('acme', 4);
      expect(marksAt(world.at('acme'))).toEqual(['0', '1', '2', '3']);
    }));
});

describe.concurrent('what will never work is counted and not tried again', () => {
  it.each([
    [400, { rejected: 1, dropped: {} }],
    [401, { rejected: 0, dropped: { unauthorized: 1 } }],
    [403, { rejected: 0, dropped: { unauthorized: 1 } }],
    [413, { rejected: 0, dropped: { too_large: 1 } }],
    [404, { rejected: 0, dropped: { refused: 1 } }],
    [500, { rejected: 0, dropped: { refused: 1 } }],
    [501, { rejected: 0, dropped: { refused: 1 } }],
    [304, { rejected: 0, dropped: { refused: 1 } }],
  ])('%i', (status, counted) =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ status, signal: 'logs', times: 1 });
      world.send('acme', 1);
      await world.telemetry.flush();
      expect(logsOfAcme(world)?.ledger).toEqual({ accepted: 1, delivered: 0, buffered: 0, ...counted });
      expect(world.diagnostics).toContainEqual(
        expect.objectContaining({ code: 'export_failed', tenantId: 'acme', destination: 'default' }),
      );
      // The destination itself goes on.
      world.send('acme', 2);
      await world.flushUntilLogs('acme', 1);
      expect(marksAt(world.at('acme'))).toEqual(['2']);
    }),
  );

  it.each([301, 302, 303, 307, 308])('%i, and the place it names gets nothing', (status) =>
    withAcme(async (world) => {
      world.at('acme').answerWith({
        status,
        headers: { location: `${world.at('acme-2').url}/v1/logs` },
        signal: 'logs',
      });
      world.send('acme', 1);
      await world.telemetry.flush();
      expect(logsOfAcme(world)).toMatchObject({
        lastError: 'redirect',
        ledger: { dropped: { refused: 1 }, buffered: 0 },
      });
      expect(world.at('acme-2').requests).toHaveLength(0);
    }),
  );

  it('of one signal does not touch the others', () =>
    inWorld({ receivers: [] }, async (world) => {
      world.at('operator').answerWith({ status: 401, signal: 'traces' });
      world.send(undefined, 1);
      await world.telemetry.flush();
      const signals = world.telemetry.status().operator[0]?.signals;
      expect(signals?.traces?.ledger.dropped).toEqual({ unauthorized: 1 });
      expect(signals?.logs?.ledger).toMatchObject({ delivered: 1 });
      expect(signals?.metrics?.ledger).toMatchObject({ delivered: 2 });
    }));
});

describe.concurrent('partial success', () => {
  it('counts what was rejected, is reported, and is not tried again', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({
        partialSuccess: { rejected: 2, message: 'too old' },
        signal: 'logs',
        times: 1,
      });
      for (const mark of [1, 2, 3]) world.send('acme', mark);
      await world.telemetry.flush();
      expect(logsOfAcme(world)?.ledger).toMatchObject({ accepted: 3, delivered: 1, rejected: 2 });
      expect(world.diagnostics).toContainEqual(
        expect.objectContaining({ code: 'partial_success', tenantId: 'acme' }),
      );
      await pause(1_300);
      expect(world.at('acme').requests.filter(({ signal }) => signal === 'logs')).toHaveLength(1);
    }));

  it('that rejects more than there was counts all of it', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ partialSuccess: { rejected: 1_000_000 }, signal: 'logs' });
      world.send('acme', 1);
      await world.telemetry.flush();
      expect(logsOfAcme(world)?.ledger).toMatchObject({ accepted: 1, delivered: 0, rejected: 1 });
    }));

  it('that rejects nothing is a success', () =>
    withAcme(async (world) => {
      world.at('acme').answerWith({ partialSuccess: { rejected: 0, message: 'a warning' }, signal: 'logs' });
      world.send('acme', 1);
      await world.telemetry.flush();
      expect(logsOfAcme(world)?.ledger).toMatchObject({ delivered: 1, rejected: 0 });
    }));
});

describe.concurrent('a header function', () => {
  const withHeaders = (
    headers: () => Record<string, string> | Promise<Record<string, string>>,
    scenario: (world: World) => Promise<void>,
  ): Promise<void> =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          // Long enough for a look in between, also on a busy machine.
          delivery: { tenants: { initialRetryDelayMs: 2_000 } },
          tenants: { acme: to('acme', { headers, signals: { metrics: false } }) },
        }),
      },
      scenario,
    );

  it('is asked before each attempt', () => {
    let token = 0;
    return withHeaders(
      () => ({ 'x-token': String(++token) }),
      async (world) => {
        world.at('acme').answerWith({ status: 503, times: 2 });
        world.send('acme', 1);
        await world.flushUntilLogs('acme', 1);
        expect(world.at('acme').requests.map(({ headers }) => headers['x-token'])).toEqual(['1', '2', '3']);
      },
    );
  });

  it.each<[string, () => Record<string, string> | Promise<Record<string, string>>]>([
    [
      'throws',
      () => {
        throw new Error('s3cret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('s3cret'))],
    ['answers a string', () => 's3cret' as never],
    ['answers nothing', () => undefined as never],
    ['answers a line break', () => ({ authorization: 's3cret\r\nx: y' })],
    ['sets the length', () => ({ 'content-length': '0', authorization: 's3cret' })],
    ['answers a number', () => ({ authorization: 7 }) as never],
  ])('that %s is a failed attempt: nothing is sent or lost, and it is asked again', (_how, fail) => {
    let asked = 0;
    return withHeaders(
      () => (asked++ === 0 ? fail() : { 'x-token': 'good' }),
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(world.at('acme').requests).toHaveLength(0);
        expect(logsOfAcme(world)).toMatchObject({ lastError: 'headers', ledger: { buffered: 1 } });
        await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 15_000 });
        expect(world.at('acme').requests.map(({ headers }) => headers['x-token'])).toEqual(['good']);
        expect(JSON.stringify([world.diagnostics, world.telemetry.status('acme')])).not.toContain('s3cret');
      },
    );
  });
});

describe.concurrent('an export request', () => {
  it('has a length, a type and a user agent, and nothing of a trace', () =>
    withAcme(async (world) => {
      world.send('acme', 1);
      await world.telemetry.flush();
      for (const request of [...world.at('acme').requests, ...world.at('operator').requests]) {
        expect(request.headers['content-length']).toBe(String(request.encodedBytes));
        expect(request.headers['content-type']).toBe('application/x-protobuf');
        expect(request.headers['user-agent']).toMatch(/^gateway-otel\/\S+ OTel-OTLP-Exporter-JavaScript\//);
        expect(request.headers['accept-encoding']).toBe('identity');
        expect(request.headers).not.toHaveProperty('transfer-encoding');
        for (const name of ['traceparent', 'tracestate', 'baggage', 'b3'])
          expect(request.headers).not.toHaveProperty(name);
      }
    }));

  it('goes over a kept connection: fifty flushes need a socket per signal', async () => {
    let connections = -1;
    await inWorld({ receivers: ['acme'] }, async (world) => {
      const counted = await countConnections(world.at('acme'));
      try {
        world.telemetry.setTenant('acme', { endpoint: counted.url });
        for (let round = 0; round < 50; round++) {
          world.send('acme', round);
          await world.telemetry.flush();
        }
        expect(world.at('acme').logs).toHaveLength(50);
        connections = counted.connections();
      } finally {
        world.telemetry.setTenant('acme', null);
        await counted.close();
      }
    });
    expect(connections).toBe(2);
  });

  it('is not sent through a proxy that the environment names', async () => {
    let asked = 0;
    const proxy = await startHttp((request, response) => {
      asked++;
      request.resume();
      response.writeHead(502).end();
    });
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, proxy.url);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    try {
      await withAcme(async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1']);
        expect(asked).toBe(0);
      });
    } finally {
      vi.unstubAllEnvs();
      await proxy.close();
    }
  });
});

describe('secrets', () => {
  it('are in no report and no status', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          operator: to('operator', { headers: { authorization: 'Bearer s3cret' } }),
          tenants: { acme: to('acme', { headers: 'x-api-key=s3cret' }) },
        }),
      },
      async (world) => {
        for (const name of ['operator', 'acme']) world.at(name).answerWith({ status: 401, body: 's3cret' });
        world.send('acme', 1);
        const value = await world.telemetry.flush();
        const { inspect } = await import('node:util');
        const shown = [
          JSON.stringify([
            value,
            world.diagnostics,
            world.telemetry.status(),
            world.telemetry.status('acme'),
          ]),
          inspect(world.telemetry, { depth: 20, showHidden: true }),
        ].join();
        expect(world.diagnostics.length).toBeGreaterThan(0);
        expect(shown).not.toContain('s3cret');
      },
    ));
});
