/** What the environment says, and what it says against code. */
import { describe, expect, it } from 'vitest';
import type { ReadyMadeExporter } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, finishRequest, instance, reportingInstance, settle } from './support.js';

const pathsOf = (receiver: OtlpReceiver): string[] => receiver.requests.map(({ path }) => path).sort();
const codesOf = (reports: readonly { code: string }[]): string[] => reports.map(({ code }) => code);

function fakeExporter(received: unknown[]): ReadyMadeExporter {
  return {
    export(items, done) {
      received.push(items);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
}

describe('an endpoint in the environment', () => {
  it('is an operator destination without a word of code', async () => {
    const receiver = await collector({ basePath: '/otlp' });
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/` },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/otlp/v1/logs', '/otlp/v1/metrics', '/otlp/v1/traces']);
    expect(reports).toEqual([]);
  });

  it('defines the whole destination: nothing of the one in code is left', async () => {
    const [env, code] = [await collector(), await collector()];
    const { telemetry } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-from=env' },
      operator: {
        endpoint: code.url,
        headers: { 'x-code': 'canary' },
        signals: { traces: false },
        serviceName: 'canary',
        resourceAttributes: { canary: 1 },
        temporality: 'delta',
        logs: { endpoint: `${code.url}/v1/logs`, headers: 'y-code=canary' },
      },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(code.requests).toHaveLength(0);
    expect(pathsOf(env)).toEqual(['/v1/logs', '/v1/metrics', '/v1/traces']);
    for (const { headers, bytes } of env.requests) {
      expect(headers['x-from']).toBe('env');
      expect(JSON.stringify(headers) + Buffer.from(bytes).toString('latin1')).not.toContain('canary');
    }
    expect(new Set(env.metricPoints.map(({ temporality }) => temporality))).toEqual(new Set(['cumulative']));
  });

  it('is reported against each destination in code, and kept in the notices', async () => {
    const env = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url },
      operator: [
        { name: 'one', endpoint: 'http://127.0.0.1:9' },
        { name: 'two', endpoint: 'http://127.0.0.1:9' },
      ],
    });
    expect(reports).toMatchObject([
      { code: 'overridden_by_environment', destination: 'one' },
      { code: 'overridden_by_environment', destination: 'two' },
    ]);
    expect(telemetry.status().notices).toEqual(reports);
    expect(telemetry.status().operator.map(({ name }) => name)).toEqual(['environment']);
  });

  it('keeps a later setOperator inactive, and reports it', async () => {
    const [env, code] = [await collector(), await collector()];
    const { telemetry, reports } = reportingInstance({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url } });
    expect(reports).toEqual([]);
    telemetry.setOperator({ name: 'late', endpoint: code.url });
    expect(reports).toMatchObject([{ code: 'overridden_by_environment', destination: 'late' }]);
    finishRequest(telemetry);
    await settle(telemetry);
    expect(code.requests).toHaveLength(0);
    expect(env.spans).toHaveLength(1);
  });

  it('outlives setOperator(null), whose call ends the notice', async () => {
    const env = await collector();
    const { telemetry } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url },
      operator: { endpoint: 'http://127.0.0.1:9' },
    });
    telemetry.setOperator(null);
    expect(telemetry.status().notices).toEqual([]);
    finishRequest(telemetry);
    await settle(telemetry);
    expect(env.spans).toHaveLength(1);
  });

  it('leaves ready-made exporters in place, at the start and by setOperator', async () => {
    const env = await collector();
    const [first, second]: [unknown[], unknown[]] = [[], []];
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url },
      operator: { name: 'mine', endpoint: 'http://127.0.0.1:9', exporters: { logs: fakeExporter(first) } },
    });
    expect(reports).toMatchObject([{ code: 'overridden_by_environment', destination: 'mine' }]);
    finishRequest(telemetry);
    await settle(telemetry);
    telemetry.setOperator({ name: 'mine', exporters: { traces: fakeExporter(second) } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect([first.length, second.length, env.logs.length, env.spans.length]).toEqual([1, 1, 2, 2]);
    expect(reports).toHaveLength(1);
    expect(telemetry.status().notices).toEqual([]);
  });

  it('keeps its name for itself, so that each name is one destination', () => {
    const operator = { name: 'environment', exporters: { logs: fakeExporter([]) } };
    expect(() => instance({ operator })).toThrow(/^operator\.name /);
    expect(() => instance().setOperator([operator])).toThrow(/^operator(\[0\])?\.name /);
    expect(() => instance({ tenants: { acme: operator } })).not.toThrow();
  });

  it('does not stop tenants', async () => {
    const [env, acme] = [await collector(), await collector()];
    const telemetry = instance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: env.url },
      tenants: { acme: { endpoint: acme.url } },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect([env.logs.length, acme.logs.length]).toEqual([1, 1]);
  });
});

describe('an endpoint variable of one signal', () => {
  it('is used as it is, with its query', async () => {
    const receiver = await collector();
    const telemetry = instance({
      env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${receiver.url}/v1/logs?key=1` },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/v1/logs?key=1']);
  });

  it('without a path is asked for at /', async () => {
    const receiver = await collector();
    const telemetry = instance({ env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: receiver.url } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/']);
  });

  it('wins over the general one for its signal alone', async () => {
    const [general, own] = [await collector(), await collector()];
    const telemetry = instance({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: general.url,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${own.url}/v1/traces`,
      },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(pathsOf(general)).toEqual(['/v1/logs', '/v1/metrics']);
    expect(pathsOf(own)).toEqual(['/v1/traces']);
  });

  it('alone overrides the whole operator in code', async () => {
    const [env, code] = [await collector(), await collector()];
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${env.url}/v1/logs` },
      operator: { endpoint: code.url },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(codesOf(reports)).toEqual(['overridden_by_environment']);
    expect(code.requests).toHaveLength(0);
    expect(pathsOf(env)).toEqual(['/v1/logs']);
  });

  it('that is bad counts as unset, and the general one serves', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'nonsense' },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(codesOf(reports)).toEqual(['environment_invalid']);
    expect(pathsOf(receiver)).toEqual(['/v1/logs', '/v1/metrics', '/v1/traces']);
  });
});

describe('header variables', () => {
  async function headersFrom(env: Record<string, string>): Promise<{ logs: object; traces: object }> {
    const receiver = await collector();
    const telemetry = instance({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env } });
    finishRequest(telemetry);
    await settle(telemetry);
    return {
      logs: { ...receiver.logs[0]?.requestHeaders },
      traces: { ...receiver.spans[0]?.requestHeaders },
    };
  }

  it.each<[string, Record<string, string>]>([
    ['authorization=Bearer%20a%3Db%2Cc', { authorization: 'Bearer a=b,c' }],
    [' a = 1 , b = 2 ', { a: '1', b: '2' }],
    ['a=b=c==', { a: 'b=c==' }],
    ['a=two words', { a: 'two words' }],
    ['a=%25', { a: '%' }],
    ['a=1,a=2', { a: '2' }],
    ['a=1,,b=2,', { a: '1', b: '2' }],
    ['API-Key=1', { 'api-key': '1' }],
  ])('are decoded: %s', async (text, expected) => {
    const { logs, traces } = await headersFrom({ OTEL_EXPORTER_OTLP_HEADERS: text });
    expect(logs).toMatchObject(expected);
    expect(traces).toMatchObject(expected);
  });

  it('of one signal win by name over the general ones', async () => {
    const { logs, traces } = await headersFrom({
      OTEL_EXPORTER_OTLP_HEADERS: 'shared=general,both=general',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'Both=own,more=own',
    });
    expect(logs).toMatchObject({ shared: 'general', both: 'own', more: 'own' });
    expect(traces).toMatchObject({ shared: 'general', both: 'general' });
    expect(traces).not.toHaveProperty('more');
  });

  it.each(['a', 'a=%', 'a=%zz', 'a=%0d%0ax: y', 'a=%C3%A4', 'a b=1', 'content-length=1', '=1'])(
    'that are bad are reported, count as unset as a whole and do not stop the endpoint: %s',
    async (text) => {
      const receiver = await collector();
      const { telemetry, reports } = reportingInstance({
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_HEADERS: `good=1,${text}` },
      });
      finishRequest(telemetry);
      await settle(telemetry);
      expect(codesOf(reports)).toEqual(['environment_invalid']);
      expect(reports[0]?.message).toMatch(/^OTEL_EXPORTER_OTLP_HEADERS.*counts as unset/);
      expect(receiver.spans).toHaveLength(1);
      expect(receiver.spans[0]?.requestHeaders['good']).toBeUndefined();
    },
  );
});

describe('header variables without an endpoint variable', () => {
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'x-env=general', OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-env=logs' };

  it('apply to a single endpoint in code that has no headers, signal by signal', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({ env, operator: { endpoint: receiver.url } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans[0]?.requestHeaders['x-env']).toBe('general');
    expect(receiver.logs[0]?.requestHeaders['x-env']).toBe('logs');
    expect(reports).toEqual([]);
  });

  it('apply to such an endpoint that setOperator brings', async () => {
    const receiver = await collector();
    const { telemetry } = reportingInstance({ env });
    telemetry.setOperator({ endpoint: receiver.url });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans[0]?.requestHeaders['x-env']).toBe('general');
  });

  it.each<[string, (url: string) => object]>([
    ['with headers of its own', (endpoint) => ({ endpoint, headers: { a: '1' } })],
    ['with a header function', (endpoint) => ({ endpoint, headers: () => ({}) })],
    ['with headers for one signal', (endpoint) => ({ endpoint, logs: { headers: 'a=1' } })],
    [
      'beside a second one',
      (endpoint) => [
        { name: 'a', endpoint },
        { name: 'b', endpoint },
      ],
    ],
  ])('do not apply to an endpoint %s, and that is reported', async (_what, operator) => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({ env, operator: operator(receiver.url) });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests.length).toBeGreaterThan(2);
    for (const { headers } of receiver.requests) expect(headers['x-env']).toBeUndefined();
    expect(codesOf(reports)).toEqual(['environment_invalid']);
    expect(reports[0]?.message).toContain('OTEL_EXPORTER_OTLP_HEADERS');
  });

  it('do not apply to one destination whose signals go to two places', async () => {
    const [one, two] = [await collector(), await collector()];
    const { telemetry, reports } = reportingInstance({
      env,
      operator: { logs: { endpoint: `${one.url}/v1/logs` }, traces: { endpoint: `${two.url}/v1/traces` } },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    for (const { headers } of [...one.requests, ...two.requests]) expect(headers['x-env']).toBeUndefined();
    expect(codesOf(reports)).toEqual(['environment_invalid']);
  });

  it('are named as they are in the report', () => {
    const { reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'a=1' },
      operator: { endpoint: 'http://127.0.0.1:9', headers: 'b=1' },
    });
    expect(reports[0]?.message).toContain('OTEL_EXPORTER_OTLP_LOGS_HEADERS');
  });

  it('are reported once for as long as they have no effect, and not when they have one again', () => {
    const { telemetry } = reportingInstance({ env });
    const endpoint = 'http://127.0.0.1:9';
    telemetry.setOperator({ endpoint, headers: 'a=1' });
    telemetry.setOperator({ endpoint, headers: 'a=2' });
    expect(telemetry.status().notices).toHaveLength(1);
    telemetry.setOperator({ endpoint });
    expect(telemetry.status().notices).toEqual([]);
  });
});

describe.each([
  ['TRACES', '/v1/traces'],
  ['LOGS', '/v1/logs'],
  ['METRICS', '/v1/metrics'],
])('OTEL_%s_EXPORTER', (name, path) => {
  const variable = `OTEL_${name}_EXPORTER`;
  const others = ['/v1/logs', '/v1/metrics', '/v1/traces'].filter((other) => other !== path);

  it.each(['none', 'NONE', ' none '])(
    'set to "%s" switches the signal off, also of an endpoint in code',
    async (value) => {
      const receiver = await collector();
      const { telemetry, reports } = reportingInstance({
        env: { [variable]: value },
        operator: { endpoint: receiver.url },
      });
      finishRequest(telemetry);
      await settle(telemetry);
      expect(pathsOf(receiver)).toEqual(others);
      expect(reports).toEqual([]);
    },
  );

  it('set to none switches it off for an endpoint in the environment, ready-made exporters and setOperator', async () => {
    const [env, late] = [await collector(), await collector()];
    const received: unknown[] = [];
    const exporters = { [name.toLowerCase()]: fakeExporter(received) };
    const telemetry = instance({
      env: { [variable]: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: env.url },
      operator: { exporters },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(pathsOf(env)).toEqual(others);
    const other = instance({ env: { [variable]: 'none' } });
    other.setOperator([
      { name: 'a', endpoint: late.url },
      { name: 'b', exporters },
    ]);
    finishRequest(other);
    await settle(other);
    expect(pathsOf(late)).toEqual(others);
    expect(received).toEqual([]);
  });

  it('set to otlp is nothing special', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { [variable]: 'otlp' },
      operator: { endpoint: receiver.url },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests).toHaveLength(3);
    expect(reports).toEqual([]);
  });

  it('set to something else is reported and counts as unset', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { [variable]: 'zipkin' },
      operator: { endpoint: receiver.url },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests).toHaveLength(3);
    expect(reports).toMatchObject([{ code: 'environment_invalid' }]);
    expect(reports[0]?.message).toContain(variable);
  });
});

it('OTEL_*_EXPORTER=none for the operator leaves tenants alone', async () => {
  const acme = await collector();
  const telemetry = instance({
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    operator: { endpoint: 'http://127.0.0.1:9' },
    tenants: { acme: { endpoint: acme.url } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expect(pathsOf(acme)).toEqual(['/v1/logs', '/v1/metrics']);
});

it('OTEL_*_EXPORTER=none for every signal shows the operator as disabled', () => {
  const telemetry = instance({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
    },
  });
  expect(telemetry.status().operator).toEqual([{ name: 'environment', state: 'disabled', signals: {} }]);
});

describe('OTEL_SDK_DISABLED', () => {
  it.each(['true', 'TRUE', 'True', ' true '])(
    'set to "%s" switches everything off for everyone',
    async (value) => {
      const [operator, acme] = [await collector(), await collector()];
      let asked = 0;
      const { telemetry, reports } = reportingInstance({
        env: { OTEL_SDK_DISABLED: value, OTEL_EXPORTER_OTLP_ENDPOINT: operator.url },
        tenants: () => {
          asked++;
          return { endpoint: acme.url };
        },
      });
      finishRequest(telemetry, 'acme');
      telemetry.tracer.startSpan('work').end();
      telemetry.logger.emit({ body: 'line' });
      telemetry.meter.createCounter('things').add(1);
      await settle(telemetry);
      expect([operator.requests.length, acme.requests.length, asked]).toEqual([0, 0, 0]);
      expect(telemetry.status().enabled).toBe(false);
      expect(reports).toEqual([]);
    },
  );

  it('is not undone by changes at run time', async () => {
    const [operator, acme] = [await collector(), await collector()];
    const telemetry = instance({ env: { OTEL_SDK_DISABLED: 'true' } });
    telemetry.setOperator({ endpoint: operator.url });
    telemetry.setTenant('acme', { endpoint: acme.url });
    telemetry.setTenants({ acme: { endpoint: acme.url } });
    await telemetry.refreshTenant('acme');
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect([operator.requests.length, acme.requests.length]).toEqual([0, 0]);
  });

  it('keeps span processors of the host quiet', async () => {
    const seen: unknown[] = [];
    const telemetry = instance({
      env: { OTEL_SDK_DISABLED: 'true' },
      spanProcessors: [
        {
          onStart: (span) => seen.push(span),
          onEnd: (span) => seen.push(span),
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    });
    finishRequest(telemetry);
    telemetry.tracer.startSpan('work').end();
    await settle(telemetry);
    expect(seen).toEqual([]);
  });

  it.each(['false', 'FALSE', '', ' '])(
    'set to "%s" changes nothing and is nothing to report',
    async (value) => {
      const receiver = await collector();
      const { telemetry, reports } = reportingInstance({
        env: { OTEL_SDK_DISABLED: value },
        operator: { endpoint: receiver.url },
      });
      finishRequest(telemetry);
      await settle(telemetry);
      expect(receiver.spans).toHaveLength(1);
      expect(reports).toEqual([]);
    },
  );

  it.each(['1', 'yes', 'on', 'garbage'])('set to "%s" counts as false and is reported', async (value) => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_SDK_DISABLED: value },
      operator: { endpoint: receiver.url },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
    expect(reports).toMatchObject([{ code: 'environment_invalid' }]);
    expect(reports[0]?.message).toMatch(/^OTEL_SDK_DISABLED /);
    expect(telemetry.status().notices).toEqual(reports);
  });
});

describe('the service name', () => {
  async function nameWith(env: Record<string, string>, options: object = {}): Promise<unknown> {
    const receiver = await collector();
    const telemetry = instance({ env, operator: { endpoint: receiver.url }, ...options });
    finishRequest(telemetry);
    await settle(telemetry);
    return receiver.spans[0]?.resource['service.name'];
  }

  it('comes from OTEL_SERVICE_NAME before everything else', async () => {
    const env = { OTEL_SERVICE_NAME: ' named ', OTEL_RESOURCE_ATTRIBUTES: 'service.name=resource' };
    expect(await nameWith(env, { serviceName: 'code' })).toBe('named');
  });

  it('comes from OTEL_RESOURCE_ATTRIBUTES before code', async () => {
    const env = { OTEL_SERVICE_NAME: '', OTEL_RESOURCE_ATTRIBUTES: 'service.name=re%20source' };
    expect(await nameWith(env, { serviceName: 'code' })).toBe('re source');
  });

  it('comes from code when the environment has none', async () => {
    expect(await nameWith({}, { serviceName: 'code' })).toBe('code');
    expect(await nameWith({}, { resourceAttributes: { 'service.name': 'attribute' } })).toBe('attribute');
  });

  it('is knoxcall when nobody says one', async () => {
    expect(await nameWith({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=' })).toBe('knoxcall');
  });
});

describe('OTEL_RESOURCE_ATTRIBUTES', () => {
  async function resourceWith(
    text: string,
  ): Promise<{ resource: Readonly<Record<string, unknown>>; reports: readonly { message: string }[] }> {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_RESOURCE_ATTRIBUTES: text },
      operator: { endpoint: receiver.url },
      resourceAttributes: { 'in.code': 'code', both: 'code' },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    return { resource: receiver.spans[0]?.resource ?? {}, reports };
  }

  it('win by key over those in code', async () => {
    const { resource, reports } = await resourceWith('both=env,more=env');
    expect(resource).toMatchObject({ 'in.code': 'code', both: 'env', more: 'env' });
    expect(reports).toEqual([]);
  });

  it('are decoded, and always strings', async () => {
    const { resource } = await resourceWith(' a = 1 , b=x%2Cy%3Dz%20 ,c=true');
    expect(resource).toMatchObject({ a: '1', b: 'x,y=z ', c: 'true' });
  });

  it('are decoded in their keys too, where comma and equals sign must be encoded', async () => {
    const { resource } = await resourceWith('a%2Cb%3Dc=1');
    expect(resource['a,b=c']).toBe('1');
  });

  it.each(['a', '=1', 'good=1,b', 'good=1,b=%zz'])(
    'are discarded as a whole and reported when bad: %s',
    async (text) => {
      const { resource, reports } = await resourceWith(text);
      expect(resource['good']).toBeUndefined();
      expect(resource['in.code']).toBe('code');
      expect(reports).toHaveLength(1);
      expect(reports[0]?.message).toMatch(/^OTEL_RESOURCE_ATTRIBUTES .*unset/);
    },
  );
});

describe('an environment', () => {
  it.each(['', ' ', '\t'])('with variables that are "%s" is an empty one', (value) => {
    const names = ['ENDPOINT', 'HEADERS', 'PROTOCOL'].flatMap((what) =>
      ['', 'TRACES_', 'LOGS_', 'METRICS_'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${what}`),
    );
    const more = [
      'OTEL_SDK_DISABLED',
      'OTEL_SERVICE_NAME',
      'OTEL_RESOURCE_ATTRIBUTES',
      'OTEL_TRACES_EXPORTER',
    ];
    const { telemetry, reports } = reportingInstance({
      env: Object.fromEntries([...names, ...more].map((name) => [name, value])),
    });
    expect(telemetry.status()).toMatchObject({ enabled: false, operator: [], notices: [] });
    expect(reports).toEqual([]);
  });

  it('with values that are not strings is taken for what is left of it', () => {
    const env = { OTEL_SDK_DISABLED: true, OTEL_SERVICE_NAME: 5, OTEL_EXPORTER_OTLP_ENDPOINT: undefined };
    expect(() => instance({ env: env as never })).not.toThrow();
  });

  it('that is bad in every way does not throw, and each variable is reported', () => {
    const bad: Record<string, string> = {
      OTEL_SDK_DISABLED: 'maybe',
      OTEL_RESOURCE_ATTRIBUTES: '%',
      OTEL_TRACES_EXPORTER: 'x',
      OTEL_LOGS_EXPORTER: 'x',
      OTEL_METRICS_EXPORTER: 'x',
    };
    for (const signal of ['', 'TRACES_', 'LOGS_', 'METRICS_']) {
      bad[`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`] = '\u0000';
      bad[`OTEL_EXPORTER_OTLP_${signal}HEADERS`] = '\uffff';
      bad[`OTEL_EXPORTER_OTLP_${signal}PROTOCOL`] = 'x';
    }
    const { telemetry, reports } = reportingInstance({ env: bad });
    expect(new Set(codesOf(reports))).toEqual(new Set(['environment_invalid']));
    for (const name of Object.keys(bad)) {
      expect(
        reports.some(({ message }) => message.startsWith(`${name} `)),
        name,
      ).toBe(true);
    }
    expect(telemetry.status().notices).toEqual(reports);
  });

  it('may hold anything in any variable without a throw', () => {
    const names = [
      'OTEL_SDK_DISABLED',
      'OTEL_SERVICE_NAME',
      'OTEL_RESOURCE_ATTRIBUTES',
      'OTEL_LOGS_EXPORTER',
    ];
    for (const what of ['ENDPOINT', 'HEADERS', 'PROTOCOL']) names.push(`OTEL_EXPORTER_OTLP_${what}`);
    const values = [
      '%',
      '%%',
      '=',
      ',',
      ',=,',
      '://',
      'http://',
      'http://[',
      'a=\ud800',
      '__proto__=1',
      '\u0000',
      'x'.repeat(100_000),
    ];
    for (const name of names) {
      for (const value of values)
        expect(() => instance({ env: { [name]: value } }), `${name}=${value.slice(0, 9)}`).not.toThrow();
    }
  });

  it('starts the gateway also when the listener of reports throws', () => {
    const onDiagnostic = (): never => {
      throw new Error('listener');
    };
    expect(() => instance({ env: { OTEL_SDK_DISABLED: 'maybe' }, onDiagnostic })).not.toThrow();
  });

  it('of other variables is ignored', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      operator: { endpoint: receiver.url },
      env: {
        OTEL_TRACES_SAMPLER_RATIO: '0',
        OTEL_BSP_SCHEDULE_DELAY: 'x',
        OTEL_METRIC_EXPORT_TIMEOUT: 'x',
        OTEL_LOG_LEVEL: 'debug',
        OTEL_EXPORTER_JAEGER_ENDPOINT: 'x',
      },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
    expect(reports).toEqual([]);
  });
});
