/** The time until the head of the answer, beside the whole, and `longLived`, which says what counts as latency. */
import { createServer } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { httpServerTelemetry, httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';

const KEY = 'knoxcall.time_to_first_byte_ms';
const LATENCY = 'knoxcall.latency_ms';
/** An answer waits so long before its head, and then three times as long before its end. Timers may be a bit early. */
const HEAD_MS = 40;
const SLACK_MS = 3;
const END_MS = 3 * HEAD_MS;

const slow =
  (writeHead: (response: Parameters<HttpTelemetryListener>[1]) => void): HttpTelemetryListener =>
  (_, response) => {
    setTimeout(() => {
      writeHead(response);
      setTimeout(() => response.end('end'), END_MS);
    }, HEAD_MS);
  };

interface Told {
  readonly spanMs: number;
  readonly firstByteMs: number;
  readonly latencyMs: number;
  readonly tenantLatencyMs: number;
  readonly histogramMs: number | undefined;
  readonly tenantHistogramMs: number | undefined;
}

/** What each signal says of the one request. */
async function told(gateway: TestGateway): Promise<Told> {
  await gateway.flush();
  const { operator, acme } = gateway;
  const [span] = operator.spans;
  const firstByteMs = span?.attributes[KEY] as number;
  expect(operator.logs[0]?.attributes[KEY]).toBe(firstByteMs);
  expect(acme.logs[0]?.attributes).not.toHaveProperty([KEY]);
  const sumOf = (receiver: typeof operator): number | undefined =>
    receiver.metricPoints.find(({ type }) => type === 'histogram')?.sum;
  return {
    spanMs: Number((span?.endTimeUnixNano ?? 0n) - (span?.startTimeUnixNano ?? 0n)) / 1e6,
    firstByteMs,
    latencyMs: operator.logs[0]?.attributes[LATENCY] as number,
    tenantLatencyMs: acme.logs[0]?.attributes[LATENCY] as number,
    histogramMs: sumOf(operator),
    tenantHistogramMs: sumOf(acme),
  };
}

/** With the option on; what a test says wins. */
const start = (setup: GatewaySetup): Promise<TestGateway> =>
  startGateway({ ...setup, options: { timeToFirstByte: true, ...setup.options } });

async function ofRequest(setup: GatewaySetup): Promise<Told> {
  const gateway = await start({ adapter: { tenant: 'acme' }, ...setup });
  await send(gateway.url);
  return told(gateway);
}

function expectBetween({ firstByteMs, spanMs }: Told): void {
  expect(firstByteMs).toBeGreaterThanOrEqual(HEAD_MS - SLACK_MS);
  expect(spanMs - firstByteMs).toBeGreaterThanOrEqual(END_MS - SLACK_MS);
}

describe('the time to the first byte', () => {
  it.each<[string, (response: Parameters<HttpTelemetryListener>[1]) => void]>([
    ['writeHead', (response) => void response.writeHead(200)],
    ['flushHeaders', (response) => response.flushHeaders()],
    ['the first write', (response) => void response.write('part')],
    [
      'writeHead, after early hints, which are not the head',
      (response) => {
        response.writeHead(200, { 'x-a': '1' });
      },
    ],
    [
      'a writeHead that succeeds after one that throws',
      (response) => {
        expect(() => response.writeHead(99)).toThrow(RangeError);
        response.writeHead(200);
      },
    ],
  ])('is taken at %s', async (what, writeHead) => {
    const later = slow(writeHead);
    const listener: HttpTelemetryListener = (request, response, exchange) => {
      if (what.includes('early hints')) response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      later(request, response, exchange);
    };
    expectBetween(await ofRequest({ listener }));
  });

  it('is the whole time where the answer comes at once, give or take', async () => {
    const { firstByteMs, spanMs } = await ofRequest({});
    expect(firstByteMs).toBeGreaterThan(0);
    expect(firstByteMs).toBeLessThanOrEqual(spanMs);
  });

  it('stands beside response headers, and over and under what others put on writeHead', async () => {
    const seen: unknown[] = [];
    const listener: HttpTelemetryListener = (_, response) => {
      const { writeHead } = response;
      response.writeHead = function (this: typeof response, ...args: unknown[]) {
        seen.push(args[0]);
        return writeHead.apply(this, args as never);
      };
      setTimeout(() => response.end(), HEAD_MS);
    };
    const gateway = await start({
      options: { responseHeaders: { traceId: 'x-trace-id' } },
      adapter: { tenant: 'acme' },
      listener,
    });
    const { headers } = await send(gateway.url);
    expect((await told(gateway)).firstByteMs).toBeGreaterThanOrEqual(HEAD_MS - SLACK_MS);
    expect(headers['x-trace-id']).toBe(gateway.operator.spans[0]?.traceId);
    expect(seen).toEqual([200]);
  });

  it.each(['a request', 'an upgrade'])(
    'is not taken of %s unless asked for, and nothing is put on the response',
    async (what) => {
      const seen: boolean[] = [];
      const gateway = await startGateway({
        server(telemetry) {
          const server = createServer((_, response) => {
            seen.push(Object.hasOwn(response, 'writeHead'));
            response.end();
          });
          if (what === 'an upgrade')
            server.on('upgrade', (_, socket) => void socket.end('HTTP/1.1 101 OK\r\n\r\n'));
          return httpServerTelemetry(telemetry, server);
        },
      });
      await openRaw(
        gateway.port,
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: a\r\n\r\n',
      ).closed;
      await gateway.flush();
      expect(seen).toEqual(what === 'an upgrade' ? [] : [false]);
      expect(gateway.operator.spans).toHaveLength(1);
      for (const { attributes } of [...gateway.operator.spans, ...gateway.operator.logs])
        expect(attributes).not.toHaveProperty([KEY]);
    },
  );

  it('is absent where no head was sent', async () => {
    const gateway = await start({ listener: (_, response) => void response.destroy() });
    await openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').closed;
    await gateway.flush();
    for (const { attributes } of [...gateway.operator.spans, ...gateway.operator.logs])
      expect(attributes).not.toHaveProperty([KEY]);
  });

  it('is a double on the wire also when it is whole', async () => {
    const gateway = await start({});
    await send(gateway.url);
    await gateway.flush();
    for (const signal of ['traces', 'logs'] as const) {
      const payload = gateway.operator.requests.find((request) => request.signal === signal);
      const tree = JSON.stringify(
        decodeOtlpRequest(signal, payload?.bytes ?? new Uint8Array()),
        (_key, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field),
      );
      expect(tree).toMatch(new RegExp(`\\{"key":"${KEY}","value":\\{"doubleValue":`));
    }
  });

  it('is given to a ready-made exporter of the operator, and not to the tenant', async () => {
    const exported: Record<string, unknown>[] = [];
    const gateway = await start({
      adapter: { tenant: 'acme' },
      operator: {
        exporters: {
          logs: {
            export(items: unknown[], done: (result: { code: number }) => void) {
              for (const item of items)
                exported.push((item as { attributes: Record<string, unknown> }).attributes);
              done({ code: 0 });
            },
            shutdown: () => Promise.resolve(),
          },
        },
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(exported).toHaveLength(1);
    expect(exported[0]).toMatchObject({ 'url.path': '/', [KEY]: expect.any(Number) });
    expect(gateway.acme.logs[0]?.attributes).not.toHaveProperty([KEY]);
  });

  it('is told of an answer over HTTP/2', async () => {
    const gateway = await start({});
    const server = createHttp2Server(
      httpTelemetry(
        gateway.telemetry,
        slow((response) => void response.writeHead(200)),
        { tenant: 'acme' },
      ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ':path': '/' });
    await new Promise((resolve) => stream.resume().on('close', resolve).end());
    expectBetween(await told(gateway));
  });

  it('is told of a request that light-my-request injects', async () => {
    const gateway = await start({});
    const app = fastify();
    await app.register(fastifyTelemetry(gateway.telemetry, { tenant: 'acme' }));
    app.get('/', async () => {
      await pause(HEAD_MS);
      return 'ok';
    });
    expect((await app.inject('/')).statusCode).toBe(200);
    expect((await told(gateway)).firstByteMs).toBeGreaterThanOrEqual(HEAD_MS - SLACK_MS);
  });

  it('of an upgrade lasts until the 101', async () => {
    const gateway = await start({
      options: { longLived: 'headers' },
      server: (telemetry) =>
        httpServerTelemetry(telemetry, createServer(), { tenant: 'acme' }).on('upgrade', (_, socket) => {
          setTimeout(() => {
            socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
            setTimeout(() => socket.end(), END_MS);
          }, HEAD_MS);
        }),
    });
    await openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n')
      .closed;
    const upgrade = await told(gateway);
    expectBetween(upgrade);
    expect(upgrade.latencyMs).toBe(upgrade.firstByteMs);
  });
});

describe('longLived', () => {
  const listener = slow((response) => void response.write('part'));

  it('full: the latency is the whole, on every signal', async () => {
    const { spanMs, latencyMs, tenantLatencyMs, histogramMs, tenantHistogramMs } = await ofRequest({
      listener,
    });
    for (const ms of [latencyMs, tenantLatencyMs, histogramMs, tenantHistogramMs])
      expect(ms).toBeCloseTo(spanMs, 2);
  });

  it('headers: logs and histogram tell the time to the first byte, the span and the end stay the whole', async () => {
    // It alone has the time taken.
    const gateway = await startGateway({
      options: { longLived: 'headers' },
      adapter: { tenant: 'acme' },
      listener,
    });
    await send(gateway.url);
    const all = await told(gateway);
    expectBetween(all);
    for (const ms of [all.latencyMs, all.tenantLatencyMs]) expect(ms).toBe(all.firstByteMs);
    for (const ms of [all.histogramMs, all.tenantHistogramMs]) expect(ms).toBeCloseTo(all.firstByteMs, 2);
    expect(gateway.acme.logs[0]?.timeUnixNano).toBe(gateway.operator.spans[0]?.endTimeUnixNano);
    expect(gateway.acme.logs[0]?.body).toBe(`GET / 200 ${Math.round(all.firstByteMs)}ms`);
  });

  it('headers: what sent no head counts to its end', async () => {
    const gateway = await start({
      options: { longLived: 'headers' },
      listener: (_, response) => void setTimeout(() => response.destroy(), HEAD_MS),
    });
    await openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').closed;
    await gateway.flush();
    expect(gateway.operator.logs[0]?.attributes[LATENCY]).toBeGreaterThanOrEqual(HEAD_MS - SLACK_MS);
  });

  it('headers: an exchange that the host ends itself counts to its end', async () => {
    const gateway = await start({ options: { longLived: 'headers' } });
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    await pause(HEAD_MS);
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    expect(gateway.operator.logs[0]?.attributes[LATENCY]).toBeGreaterThanOrEqual(HEAD_MS - SLACK_MS);
  });
});
