import { describe, expect, it, vi } from 'vitest';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import type { DecodedMessage, OtlpReceiver, ReceivedLog } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What 4.2 lists, without `error.type`. */
const ENVELOPE = [
  'event.name',
  'http.request.method',
  'http.response.status_code',
  'knoxcall.latency_ms',
  'knoxcall.request_id',
  'knoxcall.route_name',
  'knoxcall.tenant_id',
  'server.address',
  'url.path',
];
/** The operator also learns whose answer it was. */
const OPERATOR_ENVELOPE = [...ENVELOPE, 'knoxcall.response.source'].sort();

const answering =
  (status: number): HttpTelemetryListener =>
  (_request, response) => {
    response.statusCode = status;
    response.end();
  };

async function oneRequest(setup: GatewaySetup, path = '/v1/orders?page=2'): Promise<TestGateway> {
  const gateway = await startGateway({ adapter: { tenant: 'acme', route: 'orders' }, ...setup });
  await send(gateway.url + path);
  await gateway.flush();
  return gateway;
}

function only(receiver: OtlpReceiver): ReceivedLog {
  expect(receiver.logs).toHaveLength(1);
  return receiver.logs[0] as ReceivedLog;
}

const keysOf = (log: ReceivedLog): string[] => Object.keys(log.attributes).sort();

/** The `AnyValue` of one attribute as it is on the wire, where integers and doubles differ. */
function wireValue(receiver: OtlpReceiver, key: string): DecodedMessage | undefined {
  const payload = receiver.requests.find(({ signal }) => signal === 'logs');
  const tree = decodeOtlpRequest('logs', payload?.bytes ?? new Uint8Array()) as {
    resourceLogs: {
      scopeLogs: { logRecords: { attributes: { key: string; value: DecodedMessage }[] }[] }[];
    }[];
  };
  return tree.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.attributes.find((pair) => pair.key === key)
    ?.value;
}

describe('the log record of a request', () => {
  it('has an event name, a time, a severity, a line, and the ids of the span', async () => {
    const gateway = await oneRequest({});
    const [span] = gateway.operator.spans;
    for (const log of [only(gateway.operator), only(gateway.acme)]) {
      expect(log).toMatchObject({
        eventName: 'knoxcall.proxy.request',
        severityNumber: 9,
        severityText: 'INFO',
        body: expect.stringMatching(/^GET \/v1\/orders 200 \d+ms$/),
        traceId: span?.traceId,
        spanId: span?.spanId,
        flags: 3,
        scope: { name: 'gateway-otel' },
        droppedAttributesCount: 0,
      });
      expect(log.timeUnixNano).toBe(span?.endTimeUnixNano);
      expect(log.observedTimeUnixNano).toBeGreaterThanOrEqual(log.timeUnixNano);
      expect(log.timeUnixNano).toBeGreaterThanOrEqual(span?.startTimeUnixNano ?? 0n);
    }
  });

  it('carries exactly the attributes of the contract, for the operator and for the tenant', async () => {
    const gateway = await oneRequest({});
    for (const [log, more] of [
      [only(gateway.operator), { 'knoxcall.response.source': 'gateway' }],
      [only(gateway.acme), {}],
    ] as const) {
      expect({ ...log.attributes }).toEqual({
        ...more,
        'event.name': 'knoxcall.proxy.request',
        'http.request.method': 'GET',
        'url.path': '/v1/orders',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'knoxcall.request_id': expect.stringMatching(UUID),
        'knoxcall.tenant_id': 'acme',
        'knoxcall.route_name': 'orders',
        'knoxcall.latency_ms': expect.any(Number),
      });
    }
    expect(gateway.acme.logs[0]?.attributes['knoxcall.request_id']).toBe(
      gateway.operator.spans[0]?.attributes['knoxcall.request_id'],
    );
  });

  it('adds error.type only when there is one', async () => {
    const gateway = await startGateway({
      adapter: { tenant: 'acme', route: 'orders' },
      listener(request, response) {
        response.statusCode = Number(request.url?.slice(1));
        response.end();
      },
    });
    for (const status of [200, 302, 404, 500]) await send(`${gateway.url}/${status}`);
    await gateway.flush();
    for (const [{ logs }, envelope] of [
      [gateway.operator, OPERATOR_ENVELOPE],
      [gateway.acme, ENVELOPE],
    ] as const) {
      expect(logs.map(({ attributes }) => attributes['error.type'])).toEqual([
        undefined,
        undefined,
        undefined,
        '500',
      ]);
      expect(logs.map((log) => keysOf(log))).toEqual([
        envelope,
        envelope,
        envelope,
        [...envelope, 'error.type'].sort(),
      ]);
    }
  });

  it('adds what the host set: operator attributes to the operator’s, tenant attributes to both', async () => {
    const gateway = await oneRequest({
      listener(_request, response, exchange) {
        exchange.setAttribute('cache.node', 'c7');
        exchange.setTenantAttribute('plan', 'gold');
        exchange.span.setAttribute('span.only', 1);
        response.end();
      },
    });
    expect(keysOf(only(gateway.operator))).toEqual([...OPERATOR_ENVELOPE, 'cache.node', 'plan'].sort());
    expect(keysOf(only(gateway.acme))).toEqual([...ENVELOPE, 'plan'].sort());
  });

  it('never lets a host’s attribute take the place of one of its own', async () => {
    const gateway = await oneRequest({
      listener(_request, response, exchange) {
        exchange.setTenantAttribute('url.path', '/lie');
        exchange.setTenantAttribute('knoxcall.tenant_id', 'globex');
        exchange.setTenantAttribute('knoxcall.response.source', 'lie');
        exchange.setAttribute('http.request.method', 'LIE');
        response.end();
      },
    });
    for (const log of [only(gateway.operator), only(gateway.acme)]) {
      expect(log.attributes).toMatchObject({
        'url.path': '/v1/orders',
        'knoxcall.tenant_id': 'acme',
        'http.request.method': 'GET',
      });
    }
    expect(only(gateway.operator).attributes['knoxcall.response.source']).toBe('gateway');
  });

  it('leaves event.name out when that is switched off, and keeps the EventName', async () => {
    const gateway = await oneRequest({ options: { eventNameAttribute: false } });
    for (const log of [only(gateway.operator), only(gateway.acme)]) {
      expect(log.attributes).not.toHaveProperty('event.name');
      expect(log.eventName).toBe('knoxcall.proxy.request');
    }
  });

  it('leaves out tenant, route and host where there are none', async () => {
    const gateway = await startGateway();
    await openRaw(gateway.port, 'GET /a HTTP/1.0\r\n\r\n').closed;
    await gateway.flush();
    expect(keysOf(only(gateway.operator))).toEqual([
      'event.name',
      'http.request.method',
      'http.response.status_code',
      'knoxcall.latency_ms',
      'knoxcall.request_id',
      'knoxcall.response.source',
      'url.path',
    ]);
  });

  it('calls an unknown method _OTHER, also in the line', async () => {
    const gateway = await startGateway();
    await send(`${gateway.url}/dav`, { method: 'PROPFIND' });
    await gateway.flush();
    const log = only(gateway.operator);
    expect(log.attributes['http.request.method']).toBe('_OTHER');
    expect(log.body).toMatch(/^(_OTHER|HTTP) \/dav 200 \d+ms$/);
  });

  it.each([
    ['the upstream that was asked', 'orders.internal'],
    ['else the host that was asked for', undefined],
  ])('names %s in server.address', async (_what, address) => {
    const gateway = await startGateway({
      adapter: { tenant: 'acme' },
      listener(_request, response, exchange) {
        if (address !== undefined) exchange.setUpstream({ address });
        response.end();
      },
    });
    await send(gateway.url, { headers: { host: 'api.example.com:8443' } });
    await gateway.flush();
    for (const receiver of [gateway.operator, gateway.acme]) {
      expect(only(receiver).attributes['server.address']).toBe(address ?? 'api.example.com');
    }
    expect(gateway.operator.spans[0]?.attributes['server.address']).toBe('api.example.com');
  });
});

describe('the severity', () => {
  it.each([
    [200, 9, 'INFO'],
    [304, 9, 'INFO'],
    [400, 13, 'WARN'],
    [499, 13, 'WARN'],
    [500, 17, 'ERROR'],
    [503, 17, 'ERROR'],
  ])('of a %d is %d %s', async (status, severityNumber, severityText) => {
    const gateway = await oneRequest({ listener: answering(status) });
    for (const receiver of [gateway.operator, gateway.acme]) {
      expect(only(receiver)).toMatchObject({ severityNumber, severityText });
    }
  });
});

describe('the latency', () => {
  it('is a double on the wire, with its fraction', async () => {
    const gateway = await oneRequest({
      listener: (_request, response) => void setTimeout(() => response.end(), 10),
    });
    for (const receiver of [gateway.operator, gateway.acme]) {
      const value = wireValue(receiver, 'knoxcall.latency_ms');
      expect(value).toEqual({ doubleValue: expect.any(Number) });
      expect(value?.['doubleValue']).toBeGreaterThanOrEqual(9);
    }
  });

  it('is a double also when it is whole, as is that of the upstream', async () => {
    const gateway = await startGateway();
    const frozen = performance.now();
    const now = vi.spyOn(performance, 'now').mockReturnValue(frozen);
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    exchange.setUpstream({ latencyMs: 12 });
    now.mockReturnValue(frozen + 30);
    exchange.end({ statusCode: 200 });
    now.mockRestore();
    await gateway.flush();
    const value = wireValue(gateway.acme, 'knoxcall.latency_ms');
    expect(value).toEqual({ doubleValue: 30 });
    expect(only(gateway.operator).body).toBe('GET / 200 30ms');
    const payload = gateway.operator.requests.find(({ signal }) => signal === 'traces');
    const tree = JSON.stringify(
      decodeOtlpRequest('traces', payload?.bytes ?? new Uint8Array()),
      (_key, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field),
    );
    expect(tree).toContain('{"key":"knoxcall.upstream.latency_ms","value":{"doubleValue":12}}');
  });

  it('agrees with the span and with the histogram', async () => {
    const gateway = await oneRequest({
      listener: (_request, response) => void setTimeout(() => response.end(), 7),
    });
    const [span] = gateway.operator.spans;
    const spanMs = Number((span?.endTimeUnixNano ?? 0n) - (span?.startTimeUnixNano ?? 0n)) / 1e6;
    const logMs = only(gateway.operator).attributes['knoxcall.latency_ms'] as number;
    const histogram = gateway.operator.metricPoints.find(({ type }) => type === 'histogram');
    expect(logMs).toBeCloseTo(spanMs, 2);
    expect(histogram?.sum).toBeCloseTo(spanMs, 2);
  });
});
