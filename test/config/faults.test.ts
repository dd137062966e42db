/** Faults in code: one sentence that names the option and the fault. Nothing that was passed in is changed. */
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Attributes } from '../../src/model/attributes.js';
import type { Destination, GatewayOptions } from '../../src/index.js';
import { collector, deepFreeze, finishRequest, instance, settle, thrownBy } from './support.js';

const endpoint = 'http://127.0.0.1:9';

/** Options that TypeScript would refuse as well. */
const wrong = (options: unknown): GatewayOptions => options as GatewayOptions;

function faultOf(options: unknown): Error {
  return thrownBy(() =>
    createGatewayTelemetry(wrong({ env: false, tenantEgress: 'open', ...(options as object) })),
  );
}

/** `name` is the option that the sentence must begin with. */
function expectFault(options: unknown, name: string, words = ''): void {
  const error = faultOf(options);
  expect(error.message).toContain(words);
  expect(error.message.startsWith(`${name} `), error.message).toBe(true);
  expect(error.message).not.toMatch(/[\r\n]/);
  expect(error).toMatchObject({ name: 'ConfigurationError', option: name });
}

describe('options', () => {
  it.each<[unknown, string]>([
    [null, 'must be an object, not null'],
    ['text', 'must be an object, not a string'],
    [[], 'must be an object, not an array'],
  ])('that are %j are refused', (options, words) => {
    expect(thrownBy(() => createGatewayTelemetry(options as GatewayOptions)).message).toBe(
      `options ${words}`,
    );
  });

  it('that have the wrong kind of value say which', () => {
    expectFault({ redact: {} }, 'redact', 'must be a function, not an object');
    expectFault(
      { spanAttributes: { server: { requestHeaders: {} } } },
      'spanAttributes.server.requestHeaders',
    );
  });

  it('may be left out', async () => {
    await expect(createGatewayTelemetry().shutdown()).resolves.toMatchObject({ complete: true });
  });

  it('that are unknown are refused with the list of known ones', () => {
    expectFault(
      { operators: [] },
      'operators',
      'is not a known option; known are serviceName, serviceVersion',
    );
  });

  it('that are unknown but undefined are no fault', () => {
    expect(() => instance(wrong({ operators: undefined }))).not.toThrow();
  });

  it.each<[object, string, string]>([
    [{ serviceName: 1 }, 'serviceName', 'must be a string, not a number'],
    [{ longLived: 'short' }, 'longLived', 'must be one of full, headers'],
    [{ timeToFirstByte: 'yes' }, 'timeToFirstByte', 'must be true or false'],
    [{ bodySizes: 1 }, 'bodySizes', 'must be true or false'],
    [{ serviceName: '' }, 'serviceName', 'must not be empty'],
    [{ serviceName: null }, 'serviceName', 'not null'],
    [{ serviceName: 'x'.repeat(257) }, 'serviceName', '256'],
    [{ environment: '' }, 'environment', 'must not be empty'],
    [{ environment: [] }, 'environment', 'not an array'],
    [{ resourceAttributes: [] }, 'resourceAttributes', 'must be an object'],
    [{ resourceAttributes: { a: {} } }, 'resourceAttributes.a', 'must be a string, number, boolean'],
    [{ resourceAttributes: { a: null } }, 'resourceAttributes.a', 'must be a string, number, boolean'],
    [{ resourceAttributes: { a: [{}] } }, 'resourceAttributes.a', 'array of them'],
    [{ resourceAttributes: { a: () => 1 } }, 'resourceAttributes.a', 'must be a string, number, boolean'],
    [{ resourceAttributes: { '': 'x' } }, 'resourceAttributes', 'usable name'],
    [{ tenantTtlMs: 999 }, 'tenantTtlMs', 'must be a whole number from 1000 to 86400000'],
    [{ tenantTtlMs: 1000.5 }, 'tenantTtlMs', 'whole number'],
    [{ tenantTtlMs: '1000' }, 'tenantTtlMs', 'whole number'],
    [{ spans: 'client' }, 'spans', 'must be one of server, server+client'],
    [{ trustProxy: null }, 'trustProxy', 'must be true, false, a number of hops'],
    [{ trustProxy: {} }, 'trustProxy', 'must be true, false, a number of hops'],
    [{ trustProxy: -1 }, 'trustProxy', 'must be a whole number of hops'],
    [{ trustProxy: 1.5 }, 'trustProxy', 'must be a whole number of hops'],
    [{ trustProxy: Number.NaN }, 'trustProxy', 'must be a whole number of hops'],
    [{ trustProxy: '' }, 'trustProxy', 'CIDR blocks'],
    [{ trustProxy: '1' }, 'trustProxy', 'must be a number, not a string'],
    [{ trustProxy: 'loopback, proxy.example' }, 'trustProxy', 'CIDR blocks'],
    [{ trustProxy: ['10.0.0.0/33'] }, 'trustProxy', 'CIDR blocks'],
    [{ trustProxy: ['10.0.0.0/8', 1] }, 'trustProxy', 'CIDR blocks'],
    [{ clientAddress: true }, 'clientAddress', 'must be one of full, truncated, off'],
    [{ knownMethods: 'GET' }, 'knownMethods', 'must be a list of 1 to 128 HTTP methods'],
    [{ knownMethods: [] }, 'knownMethods', 'must be a list of 1 to 128 HTTP methods'],
    [{ knownMethods: ['GET', 'a b'] }, 'knownMethods', 'must be a list of 1 to 128 HTTP methods'],
    [{ knownMethods: ['X'.repeat(33)] }, 'knownMethods', 'must be a list of 1 to 128 HTTP methods'],
    [{ sampling: 0.5 }, 'sampling', 'must be an object'],
    [{ sampling: { rate: 0.5 } }, 'sampling.rate', 'known are ratio, parent'],
    [{ sampling: { ratio: '1' } }, 'sampling.ratio', 'must be a number from 0 to 1'],
    [{ sampling: { ratio: 1.01 } }, 'sampling.ratio', 'must be a number from 0 to 1'],
    [{ sampling: { ratio: -0.1 } }, 'sampling.ratio', 'must be a number from 0 to 1'],
    [{ sampling: { ratio: Number.NaN } }, 'sampling.ratio', 'must be a number from 0 to 1'],
    [{ sampling: { parent: 'always' } }, 'sampling.parent', 'must be one of follow, follow-drop, ignore'],
    [{ delivery: [] }, 'delivery', 'must be an object'],
    [{ delivery: { tenant: {} } }, 'delivery.tenant', 'known are operator, tenants'],
    [{ delivery: { maxBytesOfAllTenants: 1000 } }, 'delivery.maxBytesOfAllTenants', 'whole number'],
    [{ delivery: { operator: 5 } }, 'delivery.operator', 'must be an object'],
    [{ delivery: { tenants: { maxEntries: 5 } } }, 'delivery.tenants.maxEntries', 'known are maxBatchItems'],
    [{ delivery: { tenants: { maxBytes: 65_535 } } }, 'delivery.tenants.maxBytes', '65536'],
    [{ delivery: { tenants: { maxItems: 0 } } }, 'delivery.tenants.maxItems', 'whole number'],
    [{ delivery: { operator: { maxInFlight: 65 } } }, 'delivery.operator.maxInFlight', '64'],
    [{ delivery: { operator: { flushIntervalMs: 1.5 } } }, 'delivery.operator.flushIntervalMs', 'whole'],
    [
      { delivery: { operator: { initialRetryDelayMs: 60_000, maxRetryDelayMs: 50_000 } } },
      'delivery.operator.maxRetryDelayMs',
      'must not be less than initialRetryDelayMs, which is 60000',
    ],
    [
      { delivery: { tenants: { maxRetryDelayMs: 500 } } },
      'delivery.tenants.maxRetryDelayMs',
      'must not be less than initialRetryDelayMs, which is 1000',
    ],
    [
      { delivery: { tenants: { flushIntervalMs: 1_000, maxAgeMs: 1_999 } } },
      'delivery.tenants.maxAgeMs',
      'must be at least twice flushIntervalMs, which is 1000',
    ],
    [{ responseHeaders: true }, 'responseHeaders', 'must be an object'],
    [{ responseHeaders: { trace: 'x' } }, 'responseHeaders.trace', 'known are traceId, serverTiming'],
    [{ responseHeaders: { traceId: 'x trace' } }, 'responseHeaders.traceId', 'must be a header name'],
    [
      { responseHeaders: { traceId: 'Content-Length' } },
      'responseHeaders.traceId',
      'belongs to the message itself',
    ],
    [{ responseHeaders: { serverTiming: 1 } }, 'responseHeaders.serverTiming', 'must be true or false'],
    [{ spanProcessors: {} }, 'spanProcessors', 'must be an array'],
    [{ spanProcessors: [null] }, 'spanProcessors[0]', 'onStart() and onEnd()'],
    [{ spanProcessors: [{ onStart() {} }] }, 'spanProcessors[0]', 'onStart() and onEnd()'],
    [{ eventNameAttribute: 'yes' }, 'eventNameAttribute', 'must be true or false'],
    [{ clientDisconnect: 'ignore' }, 'clientDisconnect', 'must be one of error, unset'],
    [{ severity: 9 }, 'severity', 'must be a function'],
    [{ registerGlobals: 1 }, 'registerGlobals', 'must be true or false'],
    [{ env: true }, 'env', 'must be an object'],
    [{ env: null }, 'env', 'must be an object'],
    [{ env: 'OTEL_SDK_DISABLED=true' }, 'env', 'must be an object'],
    [{ onDiagnostic: {} }, 'onDiagnostic', 'must be a function'],
  ])('with %j throw a sentence about %s', (options, name, words) => expectFault(options, name, words));
});

describe('the namespace', () => {
  it.each(['', '1st', '.a', '-a', 'a.', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(65)])(
    '%j is refused',
    (namespace) => {
      expectFault({ namespace }, 'namespace');
    },
  );

  it.each([1, null, {}])('%j is refused', (namespace) =>
    expectFault({ namespace }, 'namespace', 'must be a string'),
  );

  it.each(['a', 'acme', 'acme.gateway', 'acme-gw', 'a_1', 'A'])(
    '%j is taken for every custom name',
    async (namespace) => {
      const receiver = await collector();
      const telemetry = instance({ namespace, operator: { endpoint: receiver.url } });
      finishRequest(telemetry, 'acme');
      await settle(telemetry);
      expect(receiver.logs[0]?.eventName).toBe(`${namespace}.proxy.request`);
      expect(receiver.logs[0]?.attributes[`${namespace}.tenant_id`]).toBe('acme');
      expect(receiver.spans[0]?.attributes[`${namespace}.route_name`]).toBe('orders');
      expect(new Set(receiver.metricPoints.map(({ name }) => name))).toEqual(
        new Set([`${namespace}.proxy.requests`, `${namespace}.proxy.request.duration`]),
      );
    },
  );
});

describe('the metric options', () => {
  it.each<[unknown, string, string]>([
    [[], 'metrics', 'must be an object'],
    [{ interval: 1000 }, 'metrics.interval', 'known are intervalMs'],
    [{ intervalMs: 99 }, 'metrics.intervalMs', 'from 100 to 86400000'],
    [{ intervalMs: 86_400_001 }, 'metrics.intervalMs', 'from 100'],
    [{ intervalMs: Number.NaN }, 'metrics.intervalMs', 'whole number'],
    [{ maxSeriesPerTenant: 0 }, 'metrics.maxSeriesPerTenant', 'from 1'],
    [{ maxSeries: 0 }, 'metrics.maxSeries', 'from 1'],
    [{ maxSeries: 1_000_001 }, 'metrics.maxSeries', 'to 1000000'],
    [{ forgetAfterMs: 999 }, 'metrics.forgetAfterMs', 'from 1000'],
    [{ attributes: 'error' }, 'metrics.attributes', 'must be an array'],
    [{ attributes: ['url.path'] }, 'metrics.attributes', 'must be one of http.response.status_code'],
    [{ also: ['http.server.duration'] }, 'metrics.also', 'must be one of http.server.request.duration'],
    [{ attribution: ['tenant'] }, 'metrics.attribution', 'must be one of team, customer, project'],
    [{ maxSeriesPerMetric: 0 }, 'metrics.maxSeriesPerMetric', 'from 1'],
    [{ exemplars: 1 }, 'metrics.exemplars', 'must be true or false'],
    [
      { operatorTenantDimension: 'plan' },
      'metrics.operatorTenantDimension',
      'must be true, false or a function',
    ],
    [{ durationBoundariesMs: 5 }, 'metrics.durationBoundariesMs', 'must be an array'],
    [{ durationBoundariesMs: [1, 1] }, 'metrics.durationBoundariesMs', 'greater than the one before'],
    [{ durationBoundariesMs: [2, 1] }, 'metrics.durationBoundariesMs', 'greater than the one before'],
    [{ durationBoundariesMs: ['1'] }, 'metrics.durationBoundariesMs', 'finite numbers'],
    [{ durationBoundariesMs: [Infinity] }, 'metrics.durationBoundariesMs', 'finite numbers'],
    [
      { durationBoundariesMs: Array.from({ length: 101 }, (_, n) => n) },
      'metrics.durationBoundariesMs',
      '100',
    ],
  ])('%j throw a sentence about %s', (metrics, name, words) => expectFault({ metrics }, name, words));

  it('set the boundaries of the histogram', async () => {
    const receiver = await collector();
    const operator = { endpoint: receiver.url };
    const telemetry = instance({ operator, metrics: { durationBoundariesMs: [1, 2.5, 1000] } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.metricPoints.find(({ type }) => type === 'histogram')?.explicitBounds).toEqual([
      1, 2.5, 1000,
    ]);
  });

  it('take an empty list of boundaries', () => {
    expect(() => instance({ metrics: { durationBoundariesMs: [] } })).not.toThrow();
  });

  it('set the interval', async () => {
    const receiver = await collector();
    const telemetry = instance({ operator: { endpoint: receiver.url }, metrics: { intervalMs: 100 } });
    finishRequest(telemetry);
    await receiver.waitFor({ metricPoints: 2 });
  });
});

describe('a destination', () => {
  it.each<[unknown, string, string]>([
    ['http://127.0.0.1:4318', '', 'must be an object, not a string'],
    [5, '', 'must be an object, not a number'],
    [{}, '', 'needs an endpoint'],
    [{ headers: { a: '1' } }, '', 'needs an endpoint'],
    [{ url: endpoint }, '.url', 'is not a known option; known are name, endpoint, headers, signals'],
    [{ endpoint, logs: { url: endpoint } }, '.logs.url', 'known are endpoint, headers'],
    [{ endpoint, signals: { log: true } }, '.signals.log', 'known are traces, logs, metrics'],
    [{ endpoint, exporters: { span: {} } }, '.exporters.span', 'known are traces, logs, metrics'],
    [{ endpoint, signals: true }, '.signals', 'must be an object'],
    [{ endpoint, signals: { logs: 'no' } }, '.signals.logs', 'must be true or false'],
    [{ logs: { endpoint }, signals: { metrics: 'no' } }, '.signals.metrics', 'must be true or false'],
    [{ endpoint, logs: endpoint }, '.logs', 'must be an object'],
    [{ endpoint, logs: null }, '.logs', 'must be an object'],
    [{ endpoint, exporters: [] }, '.exporters', 'must be an object'],
    [{ exporters: { logs: null } }, '.exporters.logs', 'export() and shutdown()'],
    [{ exporters: { logs: { export() {} } } }, '.exporters.logs', 'export() and shutdown()'],
    [{ endpoint, name: '' }, '.name', 'must not be empty'],
    [{ endpoint, name: 'x'.repeat(129) }, '.name', 'at most 128'],
    [{ endpoint, name: 5 }, '.name', 'must be a string'],
    [{ endpoint, serviceName: '' }, '.serviceName', 'must not be empty'],
    [{ endpoint, resourceAttributes: 'a=1' }, '.resourceAttributes', 'must be an object'],
    [{ endpoint, resourceAttributes: { a: {} } }, '.resourceAttributes.a', 'must be a string'],
    [{ endpoint, temporality: 'lowmemory' }, '.temporality', 'must be one of cumulative, delta'],
    [{ endpoint, disabled: 'true' }, '.disabled', 'must be true or false'],
    [{ endpoint: '' }, '.endpoint', 'must not be empty'],
    [{ endpoint: 5 }, '.endpoint', 'must be a string'],
    [{ endpoint: new URL(endpoint) }, '.endpoint', 'must be a string'],
    [{ endpoint: 'http://' }, '.endpoint', 'is not a valid URL'],
    [{ endpoint: 'http://a b/' }, '.endpoint', 'spaces'],
    [{ endpoint: 'http://a\\b/' }, '.endpoint', 'backslashes'],
    [{ endpoint: 'http://host:99999' }, '.endpoint', 'is not a valid URL'],
    [{ endpoint: 'ftp://host' }, '.endpoint', 'must begin with http:// or https://, not ftp://'],
    [{ endpoint: `http://${'a'.repeat(2050)}` }, '.endpoint', 'at most 2048'],
    [{ endpoint: 'http://user:pass@host' }, '.endpoint', 'put credentials into headers'],
    [{ endpoint, logs: { endpoint: 'ftp://host' } }, '.logs.endpoint', 'must begin with http://'],
    [{ endpoint, headers: 'a' }, '.headers', 'has no key=value in pair 1'],
    [{ endpoint, headers: 'a=1,=2' }, '.headers', 'has no key=value in pair 2'],
    [{ endpoint, headers: 5 }, '.headers', 'must be an object, a string'],
    [{ endpoint, headers: null }, '.headers', 'must be an object, a string'],
    [{ endpoint, headers: [['a', '1']] }, '.headers', 'must be an object, a string'],
    [{ endpoint, headers: { 'a b': '1' } }, '.headers', 'not a valid HTTP header name'],
    [{ endpoint, headers: { '': '1' } }, '.headers', 'not a valid HTTP header name'],
    [{ endpoint, headers: { a: 1 } }, '.headers.a', 'must be a string'],
    [{ endpoint, headers: { a: undefined } }, '.headers.a', 'must be a string'],
    [{ endpoint, headers: { A: 'x\r\ny: z' } }, '.headers.a', 'cannot hold'],
    [{ endpoint, headers: { a: 'ä' } }, '.headers.a', 'cannot hold'],
    [{ endpoint, headers: { 'Content-Length': '1' } }, '.headers', 'must not set content-length'],
    [{ endpoint, headers: 'Host=evil' }, '.headers', 'must not set host'],
    [{ endpoint, headers: { a: 'x'.repeat(8193) } }, '.headers.a', 'is over '],
    [
      { endpoint, headers: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`h${n}`, ''])) },
      '.headers',
      'has more than ',
    ],
    [{ endpoint, logs: { headers: 'a' } }, '.logs.headers', 'pair 1'],
  ])('%j is refused with the name of what is wrong', (destination, path, words) => {
    expectFault({ operator: destination }, `operator${path}`, words);
    expectFault({ operator: [destination] }, `operator[0]${path}`, words);
    expectFault({ tenants: { acme: destination } }, `tenants.acme${path}`, words);
  });

  it.each<[string, object]>([
    ['a Headers object', { endpoint, headers: new Headers({ a: '1' }) }],
    ['a Map', { endpoint, headers: new Map([['a', '1']]) }],
  ])('is refused with %s for headers, which would be read as none', (_what, destination) => {
    expectFault({ operator: destination }, 'operator.headers');
  });

  it('is refused when its name is taken', () => {
    const sentence = 'is the same as that of operator[0]: each needs a name of its own';
    expectFault({ operator: [{ endpoint }, { endpoint }] }, 'operator[1].name', sentence);
    expectFault(
      {
        operator: [
          { name: 'a', endpoint },
          { name: 'b', endpoint },
          { name: 'a', endpoint },
        ],
      },
      'operator[2].name',
      sentence,
    );
    expectFault({ tenants: { acme: [{ endpoint }, { endpoint }] } }, 'tenants.acme[1].name');
    expectFault({ operator: [{ endpoint }, { name: 'default', endpoint }] }, 'operator[1].name');
  });

  it("of one tenant may have the name of another tenant's", () => {
    expect(() =>
      instance({ operator: { endpoint }, tenants: { a: { endpoint }, b: { endpoint } } }),
    ).not.toThrow();
  });

  it('is one of at most 16', () => {
    const many = (count: number): Destination[] =>
      Array.from({ length: count }, (_, index) => ({ name: `d${index}`, endpoint, disabled: true }));
    expect(() => instance({ operator: many(16) })).not.toThrow();
    expectFault({ operator: many(17) }, 'operator', 'at most 16');
  });
});

describe('traces on a tenant', () => {
  const exporter = { export() {}, shutdown: async () => {} };
  it.each<[string, object, string]>([
    ['its own endpoint', { endpoint, traces: { endpoint } }, '.traces'],
    ['headers of its own', { endpoint, traces: { headers: 'a=1' } }, '.traces'],
    ['a switch', { endpoint, signals: { traces: true } }, '.signals.traces'],
    ['an exporter', { endpoint, exporters: { traces: exporter } }, '.exporters.traces'],
  ])('are an error with %s', (_what, destination, path) => {
    const words = 'is not possible: a tenant never receives traces';
    expectFault({ tenants: { acme: destination } }, `tenants.acme${path}`, words);
    expectFault({ tenants: { acme: [destination] } }, `tenants.acme[0]${path}`, words);
    expect(() => instance().setTenant('acme', destination)).toThrow(words);
    expect(() => instance().setTenants({ acme: destination })).toThrow(words);
  });
});

describe('tenants', () => {
  it.each<[unknown, string, string]>([
    [[], 'tenants', 'must be an object'],
    ['acme', 'tenants', 'must be an object'],
    [{ '': { endpoint } }, 'tenants', 'a string of 1 to 128 bytes'],
    [{ [`${'ä'.repeat(65)}`]: { endpoint } }, 'tenants', 'a string of 1 to 128 bytes'],
    [{ acme: 'x' }, 'tenants.acme', 'must be an object'],
  ])('%j are refused', (tenants, name, words) => expectFault({ tenants }, name, words));

  it.each<[string, unknown]>([
    ['a Map', new Map([['acme', { endpoint }]])],
    ['a promise', Promise.resolve({ acme: { endpoint } })],
  ])('are refused as %s, which would be read as none', (_what, tenants) => {
    expectFault({ tenants }, 'tenants');
  });

  it('with an id of 128 bytes are taken', () => {
    expect(() => instance({ tenants: { ['ä'.repeat(64)]: { endpoint } } })).not.toThrow();
  });
});

describe('a change at run time', () => {
  it.each<[string, (telemetry: ReturnType<typeof instance>) => unknown, string]>([
    ['setOperator', (telemetry) => telemetry.setOperator({ endpoint: 'x' }), 'operator.endpoint'],
    ['setTenant', (telemetry) => telemetry.setTenant('acme', { endpoint: 'x' }), 'tenants.acme.endpoint'],
    ['setTenant with a wrong id', (telemetry) => telemetry.setTenant('', null), 'setTenant'],
    ['setTenants', (telemetry) => telemetry.setTenants({ acme: { endpoint: 'x' } }), 'tenants.acme.endpoint'],
  ])('throws one sentence and changes nothing: %s', async (_what, change, option) => {
    const [operator, acme] = [await collector(), await collector()];
    const telemetry = instance({
      operator: { endpoint: operator.url },
      tenants: { acme: { endpoint: acme.url } },
    });
    expect(thrownBy(() => change(telemetry))).toMatchObject({ name: 'ConfigurationError', option });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect([operator.logs.length, acme.logs.length]).toEqual([1, 1]);
  });

  it('is checked also where the environment has switched everything off', () => {
    const telemetry = instance({ env: { OTEL_SDK_DISABLED: 'true' } });
    expect(() => telemetry.setOperator({ endpoint: 'x' })).toThrow('operator.endpoint');
    expect(() => telemetry.setTenant('acme', { traces: {} })).toThrow('tenants.acme');
  });
});

describe('tenantEgress', () => {
  it.each<[unknown]>([
    ['public'],
    ['open'],
    [{}],
    [
      {
        ports: [443, 8443],
        allowHosts: ['collector.internal', '*.example.com', '10.0.0.1', '[::1]', 'localhost'],
        allowCidrs: ['10.0.0.0/8', '127.0.0.1', 'fd00::/8', '::1'],
        denyCidrs: ['192.0.2.0/24'],
        allowHttp: ['127.0.0.1'],
        selfHosts: ['gateway.example.com'],
        proxy: 'http://proxy.internal:3128',
      },
    ],
    [{ policy: 'open', selfHosts: ['gateway.example.com'] }],
    [{ proxy: 'https://user:pass%20word@proxy.internal' }],
  ])('may be %j', (tenantEgress) => {
    expect(() => instance(wrong({ tenantEgress }))).not.toThrow();
  });

  it.each<[unknown, string, string]>([
    ['closed', 'tenantEgress', "must be 'public', 'open' or an object"],
    [null, 'tenantEgress', 'must be an object'],
    [['open'], 'tenantEgress', 'must be an object'],
    [{ allow: [] }, 'tenantEgress.allow', 'known are policy, ports, allowHosts'],
    [{ policy: 'closed' }, 'tenantEgress.policy', 'one of public, open'],
    [{ ports: [22] }, 'tenantEgress.ports[0]', 'of another protocol'],
    [{ ports: 443 }, 'tenantEgress.ports', 'must be an array'],
    [{ ports: [0] }, 'tenantEgress.ports[0]', 'from 1 to 65535'],
    [{ ports: [8080, 65_536] }, 'tenantEgress.ports[1]', 'from 1 to 65535'],
    [{ ports: ['443'] }, 'tenantEgress.ports[0]', 'whole number'],
    [{ allowHosts: 'a' }, 'tenantEgress.allowHosts', 'must be an array'],
    [{ allowHosts: ['http://a'] }, 'tenantEgress.allowHosts[0]', 'without scheme and port'],
    [{ allowHosts: ['a:443'] }, 'tenantEgress.allowHosts[0]', 'without scheme and port'],
    [{ allowHosts: ['a', ''] }, 'tenantEgress.allowHosts[1]', 'must not be empty'],
    [{ allowHttp: ['a/b'] }, 'tenantEgress.allowHttp[0]', 'without scheme and port'],
    [{ selfHosts: [5] }, 'tenantEgress.selfHosts[0]', 'must be a string'],
    [{ allowCidrs: ['10.0.0.0/33'] }, 'tenantEgress.allowCidrs[0]', '10.0.0.0/8'],
    [{ allowCidrs: ['10.0.0.0/-1'] }, 'tenantEgress.allowCidrs[0]', '10.0.0.0/8'],
    [{ allowCidrs: ['10.0.0.0/'] }, 'tenantEgress.allowCidrs[0]', '10.0.0.0/8'],
    [{ allowCidrs: ['10.0.0.0/0x8'] }, 'tenantEgress.allowCidrs[0]', '10.0.0.0/8'],
    [{ allowCidrs: ['10.0.0.0/8 '] }, 'tenantEgress.allowCidrs[0]', '10.0.0.0/8'],
    [{ denyCidrs: ['example.com/8'] }, 'tenantEgress.denyCidrs[0]', '10.0.0.0/8'],
    [{ denyCidrs: ['::/129'] }, 'tenantEgress.denyCidrs[0]', '10.0.0.0/8'],
    [{ trustedOrigins: 'https://a' }, 'tenantEgress.trustedOrigins', 'must be an array'],
    [
      { trustedOrigins: ['a.example'] },
      'tenantEgress.trustedOrigins[0]',
      'has no scheme: write it as tenants',
    ],
    [{ trustedOrigins: ['https://a.example/v1'] }, 'tenantEgress.trustedOrigins[0]', 'without path'],
    [{ trustedOrigins: ['https://a.example?a'] }, 'tenantEgress.trustedOrigins[0]', 'without path'],
    [{ trustedOrigins: ['https://a.example#a'] }, 'tenantEgress.trustedOrigins[0]', 'without path'],
    [{ trustedOrigins: ['https://*.example'] }, 'tenantEgress.trustedOrigins[0]', 'one origin'],
    [{ proxy: 'proxy:3128' }, 'tenantEgress.proxy', 'has no scheme: use http://proxy:3128'],
    [{ proxy: 'socks5://proxy:1080' }, 'tenantEgress.proxy', 'must begin with http://'],
    [{ proxy: 'http://proxy:3128/path' }, 'tenantEgress.proxy', 'without path and query'],
    [{ proxy: 'http://a:%zz@proxy:3128' }, 'tenantEgress.proxy', 'two hex digits'],
  ])('%j is refused', (tenantEgress, name, words) => expectFault({ tenantEgress }, name, words));
});

describe('the propagation options', () => {
  it.each<[unknown, string, string]>([
    [null, 'propagation', 'must be an object'],
    ['w3c', 'propagation', 'must be an object'],
    [[], 'propagation', 'must be an object'],
    [{ format: 'w3c' }, 'propagation.format', 'known are extract, clear, inject, defaultFormat'],
    [{ baggage: 'keep' }, 'propagation.baggage', "must be 'pass', 'strip', 'ignore' or { allow: [keys] }"],
    [{ baggage: { allow: 'a' } }, 'propagation.baggage', "must be 'pass'"],
    [{ trust: 'never' }, 'propagation.trust', 'must be one of continue, restart, continue-unsampled'],
    [{ trust: true }, 'propagation.trust', 'must be one of continue'],
    [{ propagators: [] }, 'propagation.propagators', 'must be an object'],
    [{ propagators: { w3c: {} } }, 'propagation.propagators.w3c', 'is taken'],
    [{ propagators: { own: {} } }, 'propagation.propagators.own', 'with inject(), extract() and fields()'],
    [{ extract: 'w3c' }, 'propagation.extract', 'must be an array'],
    [{ extract: ['w3c', 'zipkin'] }, 'propagation.extract[1]', 'known are w3c, b3, jaeger'],
    [{ extract: ['b3-single'] }, 'propagation.extract[0]', 'b3 reads it; known are w3c, b3, jaeger'],
    [{ extract: [{ format: 'w3c' }] }, 'propagation.extract[0].format', "must be 'header'"],
    [{ extract: [{ format: 'header' }] }, 'propagation.extract[0].name', 'must be a header name'],
    [{ extract: ['preserve'] }, 'propagation.extract[0]', 'known are w3c'],
    [{ inject: ['toString'] }, 'propagation.inject[0]', 'known are preserve, w3c'],
    [{ inject: {} }, 'propagation.inject', 'must be an array'],
    [{ clear: 'x-debug' }, 'propagation.clear', 'must be an array'],
    [{ clear: ['x debug'] }, 'propagation.clear[0]', 'must be a header name'],
    [{ clear: [''] }, 'propagation.clear[0]', 'must be a header name'],
    [{ clear: ['a', 5] }, 'propagation.clear[1]', 'must be a header name'],
    [{ defaultFormat: 'preserve' }, 'propagation.defaultFormat', 'known are w3c'],
  ])('%j are refused', (propagation, name, words) => {
    const error = faultOf({ propagation });
    expect(error.message).toContain(words);
    expect(error.message).toContain(name);
    expect(error.name).toBe('ConfigurationError');
  });
});

describe('the adapter options', () => {
  const listener = (): void => {};
  const adapt = (options: unknown) => (): unknown =>
    httpTelemetry(instance({ operator: { endpoint } }), listener, options as object);

  it.each<[unknown, string]>([
    [null, 'must be an object'],
    ['acme', 'must be an object'],
    [{ tenants: 'acme' }, 'adapter options: tenants is not a known option; known are tenant, route'],
    [{ trust: 'never' }, 'adapter options: trust must be continue, restart, continue-unsampled'],
    [{ requestId: 'x-request-id' }, 'adapter options: requestId must be a function'],
    [{ ignore: true }, 'adapter options: ignore must be a function'],
    [{ tenant: 5 }, 'adapter options: tenant'],
    [{ tenant: '' }, 'adapter options: tenant'],
    [{ route: {} }, 'adapter options: route'],
    [{ environment: 1 }, 'adapter options: environment'],
    [{ attributes: 'a=1' }, 'adapter options: attributes'],
  ])('%j are refused when the listener is wrapped', (options, words) => {
    expect(adapt(options)).toThrow(words);
  });

  it.each<[unknown]>([
    [undefined],
    [{}],
    [{ tenant: 'acme', route: 'orders', environment: 'test', attributes: { a: 1 } }],
    [{ tenant: () => null, ignore: () => false, requestId: () => 'x' }],
    [{ tenant: undefined, route: null }],
  ])('may be %j', (options) => {
    expect(adapt(options)).not.toThrow();
  });

  it('go with a listener, which must be a function', () => {
    expect(() => httpTelemetry(instance(), {} as never)).toThrow('listener must be a function');
  });
});

describe('what the caller passes in', () => {
  const everything = (url: string): GatewayOptions => ({
    serviceName: 'edge',
    namespace: 'acme',
    environment: 'test',
    resourceAttributes: { list: ['a', 'b'] },
    operator: [
      { name: 'one', endpoint: url, headers: { 'X-One': '1' }, signals: { metrics: true } },
      { name: 'two', headers: 'x-two=2', logs: { endpoint: `${url}/v1/logs`, headers: { a: '1' } } },
    ],
    tenants: { acme: { endpoint: url, resourceAttributes: { tags: ['x'] } } },
    tenantEgress: {
      ports: [Number(new URL(url).port)],
      allowHosts: ['127.0.0.1'],
      allowCidrs: ['127.0.0.0/8'],
      allowHttp: ['127.0.0.1'],
    },
    propagation: { extract: ['w3c'], inject: ['preserve'], clear: ['X-Debug'] },
    spanProcessors: [],
    metrics: { intervalMs: 3_600_000, durationBoundariesMs: [1, 2] },
    env: { OTEL_SERVICE_NAME: 'env' },
  });

  it('is never written to, also when deeply frozen', async () => {
    const receiver = await collector();
    const telemetry = instance(deepFreeze(everything(receiver.url)));
    telemetry.setOperator(deepFreeze([{ name: 'one', endpoint: receiver.url, headers: { b: '2' } }]));
    telemetry.setTenant('acme', deepFreeze({ endpoint: receiver.url, headers: { c: '3' } }));
    telemetry.setTenants(deepFreeze({ acme: { endpoint: receiver.url } }), Object.freeze({ force: true }));
    const serve = httpTelemetry(
      telemetry,
      (_request, response) => response.end(),
      deepFreeze({ tenant: 'acme', attributes: { a: ['x'] } }),
    );
    expect(createServer(serve).listening).toBe(false);
    telemetry
      .begin(deepFreeze({ method: 'GET', url: '/', headers: { host: 'a' }, request: {} }))
      .end(Object.freeze({ statusCode: 200 }));
    await telemetry.flush(Object.freeze({ timeoutMs: 1000 }));
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
  });

  it('is not changed when nothing is frozen', async () => {
    const given = everything('http://127.0.0.1:9999');
    instance(given);
    expect(given).toEqual(everything('http://127.0.0.1:9999'));
  });

  it('is read once: later changes have no effect', async () => {
    const receiver = await collector();
    const headers = { 'x-token': 'first' };
    const operator = { endpoint: receiver.url, headers, signals: { metrics: false } };
    const tags = ['first'];
    const env: Record<string, string> = {};
    const telemetry = instance({ operator, resourceAttributes: { tags }, env });
    headers['x-token'] = 'second';
    operator.endpoint = 'http://127.0.0.1:9';
    operator.signals.metrics = true;
    tags[0] = 'second';
    env['OTEL_SERVICE_NAME'] = 'second';
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests).toHaveLength(2);
    expect(receiver.spans[0]?.requestHeaders['x-token']).toBe('first');
    expect(receiver.spans[0]?.resource).toMatchObject({ 'service.name': 'knoxcall', tags: ['first'] });
  });

  it("is copied with its arrays: a destination's attributes do not change later", async () => {
    const [first, second] = [await collector(), await collector()];
    const tags = ['first'];
    const telemetry = instance({
      operator: { name: 'one', endpoint: first.url },
      resourceAttributes: { tags },
    });
    tags[0] = 'second';
    telemetry.setOperator({ name: 'two', endpoint: second.url });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(second.spans[0]?.resource['tags']).toEqual(['first']);
  });
});

describe('the resource attributes of a tenant', () => {
  const tenant = (resourceAttributes: Attributes) => () =>
    createGatewayTelemetry({
      env: false,
      tenants: { acme: { endpoint: 'https://c.example', resourceAttributes } },
    });
  const many = (count: number): Attributes =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));

  it('are 128 at most, and 16 KiB in total', () => {
    expect(tenant(many(128))).not.toThrow();
    expect(tenant({ a: 'x'.repeat(16_000) })).not.toThrow();
    const option = 'tenants.acme.resourceAttributes';
    expect(tenant(many(129))).toThrow(`${option} has more than 128 attributes`);
    const total = `${option} has more than 16384 characters in total`;
    expect(tenant({ a: 'x'.repeat(16_384) })).toThrow(total);
    expect(tenant({ ['x'.repeat(16_384)]: true })).toThrow(total);
    expect(tenant({ a: Array<number>(4_096).fill(1) })).toThrow(total);
  });
});
