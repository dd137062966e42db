/** The off rules, over real HTTP: what is off adds no hop and records nothing. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import { collector, get, instance, rawGet, settle, startGateway } from './support.js';
import type { TestGateway } from './support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const traceparent = `00-${TRACE}-${PARENT}-01`;

function lastHeaders(gateway: TestGateway): Readonly<Record<string, unknown>> {
  return gateway.arrived.at(-1)?.headers ?? {};
}

describe('with nothing configured', () => {
  it.each<[string, GatewayOptions]>([
    ['no options', {}],
    ['an empty operator and tenants', { operator: null, tenants: {} }],
    ['an empty environment', { env: {} }],
    ['a service name', { serviceName: 'edge', env: { OTEL_SERVICE_NAME: 'x' } }],
    ['a destination that is disabled', { operator: { endpoint: 'http://127.0.0.1:9', disabled: true } }],
  ])('the handler runs with one shared no-op exchange: %s', async (_what, options) => {
    const telemetry = instance(options);
    const gateway = await startGateway(telemetry);
    expect(await get(gateway.url, { traceparent })).toBe(200);
    expect(await get(gateway.url)).toBe(200);
    const [first, second] = gateway.exchanges;
    expect(first).toBe(second);
    expect(first).toMatchObject({ recording: false, traceId: '', spanId: '', requestId: '' });
    expect(telemetry.current()).toBe(first);
    expect(telemetry.begin({ method: 'GET', url: '/', headers: {} })).toBe(first);
    expect(telemetry.status()).toMatchObject({ enabled: false, openExchanges: 0 });
  });

  it.each(['not-a-traceparent', traceparent])('inject touches no header: %s', async (value) => {
    const gateway = await startGateway(instance());
    await get(gateway.url, { TraceParent: value, tracestate: 'FOO=1', baggage: 'a=1' });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent: value, tracestate: 'FOO=1', baggage: 'a=1' });
    await get(gateway.url);
    expect(lastHeaders(gateway)).not.toHaveProperty('traceparent');
  });

  it('a request stays unrecorded when a destination is set before it ends', async () => {
    const [operator, acme] = [await collector(), await collector()];
    const telemetry = instance();
    const gateway = await startGateway(telemetry, {
      adapter: { tenant: 'acme' },
      handle: () => {
        telemetry.setOperator({ endpoint: operator.url });
        telemetry.setTenant('acme', { endpoint: acme.url });
      },
    });
    await get(`${gateway.url}/first`);
    await settle(telemetry);
    expect([operator.requests.length, acme.requests.length]).toEqual([0, 0]);
    await get(`${gateway.url}/second`);
    await settle(telemetry);
    expect(operator.logs.map(({ attributes }) => attributes['url.path'])).toEqual(['/second']);
    expect(acme.logs).toHaveLength(1);
  });

  it('custom spans, logs and instruments go nowhere and do not throw', async () => {
    const telemetry = instance();
    expect(telemetry.tracer.startActiveSpan('work', (span) => (span.end(), span.isRecording()))).toBe(false);
    telemetry.logger.emit({ body: 'line' });
    telemetry.meter.createCounter('things').add(1);
    expect(await telemetry.flush()).toMatchObject({ complete: true });
  });

  it('no callback of the adapter is asked', async () => {
    let asked = 0;
    const ask = (): undefined => void asked++;
    const gateway = await startGateway(instance(), {
      adapter: {
        tenant: ask,
        route: ask,
        environment: ask,
        attributes: ask,
        requestId: ask,
        ignore: () => !++asked,
      },
    });
    await get(gateway.url);
    expect(asked).toBe(0);
  });

  it('the listener gives back and throws what it does without us', () => {
    const serve = instance().instrument<object>();
    const [request, response] = [{}, {}] as never[];
    expect(serve({}, request as never, response as never, () => 42)).toBe(42);
    const error = new Error('mine');
    const fail = (): never => {
      throw error;
    };
    expect(() => serve({}, request as never, response as never, fail)).toThrow(error);
  });
});

/** The ways to have no traces while propagation is handled, and whether logs still flow. */
const withoutTraces: readonly (readonly [string, (url: string) => GatewayOptions])[] = [
  [
    'the SDK is disabled, with a propagation option',
    () => ({ env: { OTEL_SDK_DISABLED: 'true' }, propagation: {} }),
  ],
  ['nothing is configured but propagation', () => ({ propagation: { extract: ['w3c'] } })],
  ['there are only tenants', (endpoint) => ({ tenants: { acme: { endpoint } } })],
  ['there is only a lookup of tenants', (endpoint) => ({ tenants: async () => ({ endpoint }) })],
  [
    'the operator has traces switched off',
    (endpoint) => ({ operator: { endpoint, signals: { traces: false } } }),
  ],
  [
    'the operator has an endpoint for logs alone',
    (url) => ({ operator: { logs: { endpoint: `${url}/v1/logs` } } }),
  ],
  [
    'OTEL_TRACES_EXPORTER is none',
    (endpoint) => ({ operator: { endpoint }, env: { OTEL_TRACES_EXPORTER: 'none' } }),
  ],
];

describe.each(withoutTraces)('no hop is added where %s:', (_what, options) => {
  const start = async (passHeaders: boolean): Promise<TestGateway> => {
    const receiver = await collector();
    return startGateway(instance(options(receiver.url)), { passHeaders });
  };

  it.each([
    [traceparent, traceparent],
    [`00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
    [`00-${TRACE}-${PARENT}-03`, `00-${TRACE}-${PARENT}-03`],
    [`00-${TRACE}-${PARENT}-02`, `00-${TRACE}-${PARENT}-02`],
    [`00-${TRACE}-${PARENT}-ff`, `00-${TRACE}-${PARENT}-03`],
    [`cc-${TRACE}-${PARENT}-01-future`, `00-${TRACE}-${PARENT}-01`],
  ])('%s goes on as %s', async (incoming, outgoing) => {
    for (const passHeaders of [true, false]) {
      const gateway = await start(passHeaders);
      await get(gateway.url, { traceparent: incoming, tracestate: 'a=1, b=2' });
      expect(lastHeaders(gateway)).toMatchObject({ traceparent: outgoing });
      expect(String(lastHeaders(gateway)['tracestate']).replaceAll(' ', '')).toBe('a=1,b=2');
    }
  });

  it('nothing is emitted when nothing came', async () => {
    const gateway = await start(true);
    await get(gateway.url, { tracestate: 'a=1' });
    expect(lastHeaders(gateway)).not.toHaveProperty('traceparent');
    expect(lastHeaders(gateway)).not.toHaveProperty('tracestate');
  });

  it.each([
    'nonsense',
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
  ])('an invalid traceparent is removed: %s', async (value) => {
    const gateway = await start(true);
    await get(gateway.url, { traceparent: value, tracestate: 'a=1' });
    expect(lastHeaders(gateway)).not.toHaveProperty('traceparent');
    expect(lastHeaders(gateway)).not.toHaveProperty('tracestate');
  });

  it("the exchange shows the caller's ids, or none", async () => {
    const gateway = await start(true);
    await get(gateway.url, { traceparent });
    await get(gateway.url);
    const [with_, without] = gateway.exchanges;
    expect([with_?.traceId, with_?.spanId]).toEqual([TRACE, PARENT]);
    expect(with_?.traceIds()).toEqual({ w3c: TRACE });
    expect(with_?.span.spanContext()).toMatchObject({ traceId: TRACE, spanId: PARENT });
    expect([without?.traceId, without?.spanId]).toEqual(['', '']);
    expect(without?.traceIds()).toEqual({});
  });
});

describe('with the SDK disabled', () => {
  it('nothing is recorded, and headers are cleared as configured', async () => {
    const receiver = await collector();
    const telemetry = instance({
      env: { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      propagation: { clear: ['X-Debug'] },
    });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { traceparent, 'x-debug': '1', 'x-other': '1' });
    await settle(telemetry);
    expect(gateway.exchanges[0]?.recording).toBe(false);
    expect(lastHeaders(gateway)).toMatchObject({ traceparent, 'x-other': '1' });
    expect(lastHeaders(gateway)).not.toHaveProperty('x-debug');
    expect(receiver.requests).toHaveLength(0);
  });

  it('and nothing else configured, no header is touched', async () => {
    const gateway = await startGateway(instance({ env: { OTEL_SDK_DISABLED: 'true' } }));
    await get(gateway.url, { traceparent: 'invalid', tracestate: 'FOO=1' });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent: 'invalid', tracestate: 'FOO=1' });
  });

  it("a gateway that has an operator still passes the caller's ids on to calls with headers of their own", async () => {
    const operator = { endpoint: 'http://127.0.0.1:9' };
    const telemetry = instance({ env: { OTEL_SDK_DISABLED: 'true' }, operator });
    const gateway = await startGateway(telemetry, { passHeaders: false });
    await get(gateway.url, { traceparent });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent });
  });
});

describe('with traces off', () => {
  it.each<[string, (url: string) => GatewayOptions]>([
    ['the switch', (endpoint) => ({ operator: { endpoint, signals: { traces: false } } })],
    ['the environment', (endpoint) => ({ operator: { endpoint }, env: { OTEL_TRACES_EXPORTER: 'none' } })],
    ['only a tenant', (endpoint) => ({ tenants: { acme: { endpoint } } })],
  ])("logs carry the caller's ids or none, and metrics flow: %s", async (_what, options) => {
    const receiver = await collector();
    const telemetry = instance(options(receiver.url));
    const gateway = await startGateway(telemetry, { adapter: { tenant: 'acme' } });
    await get(gateway.url, { traceparent: `00-${TRACE}-${PARENT}-03` });
    await get(gateway.url);
    await get(gateway.url, { traceparent: 'invalid' });
    await settle(telemetry);
    expect(receiver.spans).toEqual([]);
    expect(receiver.logs.map(({ traceId, spanId, flags }) => [traceId, spanId, flags & 0xff])).toEqual([
      [TRACE, PARENT, 3],
      ['', '', 0],
      ['', '', 0],
    ]);
    expect(receiver.metricPoints.find(({ type }) => type === 'sum')?.value).toBe(3);
  });

  it('custom spans add no hop either', async () => {
    const receiver = await collector();
    const telemetry = instance({ operator: { endpoint: receiver.url, signals: { traces: false } } });
    const seen: string[] = [];
    const gateway = await startGateway(telemetry, {
      handle: () =>
        telemetry.tracer.startActiveSpan('work', (span) => {
          seen.push(span.spanContext().spanId);
          telemetry.logger.emit({ body: 'line' });
          span.end();
        }),
    });
    await get(gateway.url, { traceparent });
    await settle(telemetry);
    expect(seen).toEqual([PARENT]);
    expect(receiver.logs.find(({ body }) => body === 'line')).toMatchObject({
      traceId: TRACE,
      spanId: PARENT,
    });
  });

  it('come on with setOperator for the next request', async () => {
    const receiver = await collector();
    const telemetry = instance({ operator: { endpoint: receiver.url, signals: { traces: false } } });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { traceparent });
    telemetry.setOperator({ endpoint: receiver.url });
    await get(gateway.url, { traceparent });
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(lastHeaders(gateway)['traceparent']).toBe(`00-${TRACE}-${receiver.spans[0]?.spanId}-01`);
  });
});

describe('an ignored request', () => {
  const ignore = (request: { url?: string | undefined }): boolean => request.url === '/healthz';

  it('is not recorded in any signal, and the others are', async () => {
    const [operator, acme] = [await collector(), await collector()];
    const telemetry = instance({
      operator: { endpoint: operator.url },
      tenants: { acme: { endpoint: acme.url } },
    });
    const gateway = await startGateway(telemetry, { adapter: { ignore, tenant: 'acme' } });
    await get(`${gateway.url}/healthz`);
    await get(`${gateway.url}/orders`);
    await settle(telemetry);
    expect(gateway.exchanges.map(({ recording }) => recording)).toEqual([false, true]);
    expect([operator.spans.length, operator.logs.length, acme.logs.length]).toEqual([1, 1, 1]);
    for (const receiver of [operator, acme]) {
      expect(receiver.metricPoints.find(({ type }) => type === 'sum')?.value).toBe(1);
    }
  });

  it("passes the caller's trace on as it came", async () => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    const gateway = await startGateway(telemetry, { adapter: { ignore }, passHeaders: false });
    await get(`${gateway.url}/healthz`, { traceparent, tracestate: 'a=1' });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent, tracestate: 'a=1' });
  });

  it('begins no trace', async () => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    const gateway = await startGateway(telemetry, { adapter: { ignore } });
    await get(`${gateway.url}/healthz`, { traceparent: 'invalid' });
    expect(lastHeaders(gateway)).not.toHaveProperty('traceparent');
  });

  it('has its headers cleared as configured', async () => {
    const telemetry = instance({
      operator: { endpoint: 'http://127.0.0.1:9' },
      propagation: { clear: ['x-debug'], inject: [] },
    });
    const gateway = await startGateway(telemetry, { adapter: { ignore } });
    await get(`${gateway.url}/healthz`, { traceparent, 'x-debug': '1' });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent });
    expect(lastHeaders(gateway)).not.toHaveProperty('x-debug');
  });

  it('is recorded after all when the callback throws, which is reported', async () => {
    const operator = await collector();
    const codes: string[] = [];
    const telemetry = instance({
      operator: { endpoint: operator.url },
      onDiagnostic: ({ code }) => codes.push(code),
    });
    const fail = (): never => {
      throw new Error('ignore');
    };
    const gateway = await startGateway(telemetry, { adapter: { ignore: fail } });
    expect(await get(gateway.url)).toBe(200);
    await settle(telemetry);
    expect(operator.logs).toHaveLength(1);
    expect(codes).toContain('callback_failed');
  });
});

describe('the propagation lists', () => {
  const operator = { endpoint: 'http://127.0.0.1:9' };

  it('with an empty extract begin a trace with every request', async () => {
    const gateway = await startGateway(instance({ operator, propagation: { extract: [] } }));
    await get(gateway.url, { traceparent, tracestate: 'a=1' });
    expect(lastHeaders(gateway)['traceparent']).toMatch(
      /^00-(?!0af7651916cd43dd)[0-9a-f]{32}-[0-9a-f]{16}-03$/,
    );
    expect(lastHeaders(gateway)).not.toHaveProperty('tracestate');
  });

  it('with an empty inject leave the headers as the host has them', async () => {
    const gateway = await startGateway(instance({ operator, propagation: { inject: [] } }));
    await get(gateway.url, { traceparent, tracestate: 'a=1' });
    expect(lastHeaders(gateway)).toMatchObject({ traceparent, tracestate: 'a=1' });
    expect(gateway.exchanges[0]?.traceId).toBe(TRACE);
  });

  it('clear what is not injected again', async () => {
    const gateway = await startGateway(
      instance({ operator, propagation: { inject: [], clear: ['TraceParent', 'x-a'] } }),
    );
    await get(gateway.url, { traceparent, 'X-A': '1', 'x-b': '1' });
    expect(lastHeaders(gateway)).not.toHaveProperty('traceparent');
    expect(lastHeaders(gateway)).not.toHaveProperty('x-a');
    expect(lastHeaders(gateway)).toHaveProperty('x-b', '1');
  });
});

it('two traceparent lines on the wire are none', async () => {
  const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }));
  const answer = await rawGet(gateway.port, [
    ['traceparent', traceparent],
    ['traceparent', `00-${TRACE}-1111111111111111-01`],
    ['tracestate', 'a=1'],
  ]);
  expect(answer).toContain('200');
  expect(lastHeaders(gateway)['traceparent']).not.toContain(TRACE);
  expect(lastHeaders(gateway)).not.toHaveProperty('tracestate');
});
