import { describe, expect, it } from 'vitest';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { until } from '../support/deferred.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, histograms, newest, total } from '../support/readings.js';
import { forward, startUpstream } from '../support/upstream.js';

const KINDS = ['ok', 'refused', 'not-found', 'failing', 'hangs-up', 'gone-before', 'gone-within'] as const;
const TENANTS = ['acme', 'globex', 'nobody'] as const;

/** A gateway in front of an upstream that behaves as the path says, and the paths that have arrived there. */
async function start(): Promise<{ readonly gateway: TestGateway; readonly arrived: ReadonlySet<string> }> {
  const arrived = new Set<string>();
  const upstream = await startUpstream((request, response) => {
    const path = request.url ?? '';
    arrived.add(path);
    const kind = path.split('/')[2];
    switch (kind) {
      case 'not-found':
        response.writeHead(404).end();
        break;
      case 'failing':
        response.writeHead(503).end('unavailable');
        break;
      case 'hangs-up':
        response.writeHead(200);
        response.write('part', () => request.socket.resetAndDestroy());
        break;
      case 'gone-before':
        break;
      case 'gone-within':
        response.writeHead(200);
        response.write('first part');
        break;
      default:
        response.end('ok');
    }
  });
  const gateway = await startGateway({
    adapter: {
      tenant: (request) => request.url?.split('/')[1],
      route: (request) => request.url?.split('/')[2],
    },
    listener: (request, response, exchange) =>
      forward(
        request,
        response,
        exchange,
        request.url?.includes('/refused') === true ? 'http://127.0.0.1:1' : upstream.url,
      ),
  });
  return { gateway, arrived };
}

async function oneRequest(gateway: TestGateway, arrived: ReadonlySet<string>, index: number): Promise<void> {
  const kind = KINDS[index % KINDS.length];
  const path = `/${TENANTS[index % TENANTS.length]}/${kind}/${index}`;
  if (kind === 'gone-before' || kind === 'gone-within') {
    const client = openRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    if (kind === 'gone-within') await client.waitFor('first part');
    else await until(() => arrived.has(path));
    if (index % 2 === 0) client.socket.destroy();
    else client.socket.resetAndDestroy();
    await client.closed;
    return;
  }
  const sampled = index % 5 === 0 ? '00' : '01';
  await send(gateway.url + path, {
    headers: { traceparent: `00-${String(index + 1).padStart(32, '0')}-00000000000000ab-${sampled}` },
  }).catch(() => undefined);
}

const isUnsampled = (index: number): boolean =>
  index % 5 === 0 && !String(KINDS[index % KINDS.length]).startsWith('gone');

describe('300 mixed requests', () => {
  const COUNT = 300;

  it('give as many spans, log records and counts as there were requests', { timeout: 60_000 }, async () => {
    const { gateway, arrived } = await start();
    const indexes = Array.from({ length: COUNT }, (_unused, index) => index);
    for (let from = 0; from < COUNT; from += 30) {
      await Promise.all(indexes.slice(from, from + 30).map((index) => oneRequest(gateway, arrived, index)));
      if (from === 120) await gateway.flush();
    }
    const result = await gateway.flush();
    expect(gateway.telemetry.status().openExchanges).toBe(0);

    const { operator, acme, globex } = gateway;
    expect(operator.spans).toHaveLength(COUNT - indexes.filter(isUnsampled).length);
    expect(operator.logs).toHaveLength(COUNT);
    expect(new Set(operator.logs.map(({ attributes }) => attributes['knoxcall.request_id'])).size).toBe(
      COUNT,
    );
    const share = (receiver: OtlpReceiver): number[] => [
      receiver.logs.length,
      total(newest(counters(receiver))),
      total(newest(histograms(receiver))),
    ];
    expect(share(operator)).toEqual([COUNT, COUNT, COUNT]);
    expect(share(acme)).toEqual([COUNT / 3, COUNT / 3, COUNT / 3]);
    expect(share(globex)).toEqual([COUNT / 3, COUNT / 3, COUNT / 3]);

    // What the ledgers call delivered is what arrived.
    expect(result.complete).toBe(true);
    expect(result.operator).toMatchObject({
      traces: { delivered: operator.spans.length, buffered: 0, dropped: {} },
      logs: { delivered: COUNT, buffered: 0, dropped: {} },
      metrics: { delivered: operator.metricPoints.length, buffered: 0, dropped: {} },
    });
    expect(result.tenants).toMatchObject({
      logs: { delivered: acme.logs.length + globex.logs.length },
      metrics: { delivered: acme.metricPoints.length + globex.metricPoints.length },
    });
    expect(result.tenants).not.toHaveProperty('traces');
  });

  it('come out the same on span, log record and metrics', { timeout: 60_000 }, async () => {
    const { gateway, arrived } = await start();
    const indexes = Array.from({ length: COUNT }, (_unused, index) => index);
    for (let from = 0; from < COUNT; from += 30) {
      await Promise.all(indexes.slice(from, from + 30).map((index) => oneRequest(gateway, arrived, index)));
    }
    await gateway.flush();
    const { spans, logs } = gateway.operator;
    const shown = [
      'http.response.status_code',
      'error.type',
      'knoxcall.tenant_id',
      'knoxcall.route_name',
      'knoxcall.request_id',
    ];
    const logBySpan = new Map(logs.map((log) => [log.spanId, log]));
    for (const span of spans) {
      const log = logBySpan.get(span.spanId);
      for (const key of shown) expect(log?.attributes[key], key).toBe(span.attributes[key]);
      expect(log?.traceId).toBe(span.traceId);
      expect((log?.severityNumber ?? 0) >= 17).toBe(span.status.code === 2);
    }
    // Errors by the log records, and by the counter.
    const tally = (entries: readonly (readonly [key: string, count: number])[]): Record<string, number> => {
      const sums: Record<string, number> = {};
      for (const [key, count] of entries) sums[key] = (sums[key] ?? 0) + count;
      return sums;
    };
    const keyOf = (attributes: Readonly<Record<string, unknown>>, isError: unknown): string =>
      [
        attributes['knoxcall.tenant_id'],
        attributes['knoxcall.route_name'],
        attributes['http.response.status_code'] ?? '-',
        isError,
      ].join(' ');
    const byLog = tally(logs.map(({ attributes }) => [keyOf(attributes, 'error.type' in attributes), 1]));
    const byCounter = tally(
      newest(counters(gateway.operator)).map(({ attributes, value }) => [
        keyOf(attributes, attributes['error']),
        Number(value),
      ]),
    );
    expect(byCounter).toEqual(byLog);
    const errorTypes = new Map(
      logs.map(({ attributes }) => [attributes['knoxcall.route_name'], attributes['error.type']]),
    );
    expect(Object.fromEntries(errorTypes)).toEqual({
      ok: undefined,
      refused: 'upstream_connect_error',
      'not-found': undefined,
      failing: '503',
      'hangs-up': 'upstream_reset',
      'gone-before': 'client_disconnect',
      'gone-within': 'client_disconnect',
    });
  });
});
