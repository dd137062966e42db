/** How exports are sent, as code and as the environment say it. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { resolveDestination } from '../../src/config/destination.js';
import { readEnvironment } from '../../src/config/environment.js';
import type { Sending } from '../../src/model/resolved-destination.js';
import { collector, finishRequest, instance, ofOwner, reportingInstance, settle } from './support.js';

const endpoint = 'http://127.0.0.1:4318';
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
const DEFAULT: Sending = {
  timeoutMs: 10_000,
  connectTimeoutMs: 3_000,
  compression: 'gzip',
  maxRequestBytes: 4_194_304,
};

/** What is in force for one signal, and what was reported. */
function read(env: Record<string, string>): {
  readonly traces: Sending | undefined;
  readonly logs: Sending | undefined;
  readonly metrics: Sending | undefined;
  readonly notices: readonly string[];
} {
  const { operator, notices } = readEnvironment({ ...ENDPOINT, ...env });
  const of = (signal: 'traces' | 'logs' | 'metrics'): Sending | undefined => {
    const target = operator?.targets[signal];
    return target?.kind === 'otlp' ? target.sending : undefined;
  };
  return {
    traces: of('traces'),
    logs: of('logs'),
    metrics: of('metrics'),
    notices: notices.map(({ message }) => message),
  };
}

describe.each(['operator', 'tenant'] as const)('in code, the %s', (owner) => {
  const sendingOf = (fields: object): Sending | undefined => {
    const target = resolveDestination({ endpoint, ...fields }, 'here', ...ofOwner(owner)).targets.logs;
    return target?.kind === 'otlp' ? target.sending : undefined;
  };

  it.each<[object, Partial<Sending>]>([
    [{}, {}],
    [{ timeoutMs: undefined, connectTimeoutMs: undefined, compression: undefined }, {}],
    [{ timeoutMs: 100 }, { timeoutMs: 100, connectTimeoutMs: 100 }],
    [{ timeoutMs: 3_000 }, { timeoutMs: 3_000 }],
    [{ timeoutMs: 600_000 }, { timeoutMs: 600_000 }],
    [{ connectTimeoutMs: 100 }, { connectTimeoutMs: 100 }],
    [{ connectTimeoutMs: 10_000 }, { connectTimeoutMs: 10_000 }],
    [
      { timeoutMs: 60_000, connectTimeoutMs: 60_000 },
      { timeoutMs: 60_000, connectTimeoutMs: 60_000 },
    ],
    [{ compression: 'gzip' }, {}],
    [{ compression: 'none' }, { compression: 'none' }],
    [{ maxRequestBytes: 65_536 }, { maxRequestBytes: 65_536 }],
    [{ maxRequestBytes: 67_108_864 }, { maxRequestBytes: 67_108_864 }],
    [{ maxRequestBytes: undefined }, {}],
  ])('%j is taken', (fields, differs) => {
    expect(sendingOf(fields)).toEqual({ ...DEFAULT, ...differs });
  });

  const whole = 'must be a whole number from 100 to 600000';
  it.each<[object, string]>([
    [{ timeoutMs: 99 }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: 600_001 }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: 0 }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: -1 }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: 1_000.5 }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: Number.NaN }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: '1000' }, `here.timeoutMs ${whole}`],
    [{ timeoutMs: null }, `here.timeoutMs ${whole}`],
    [{ connectTimeoutMs: 99 }, `here.connectTimeoutMs ${whole}`],
    [{ connectTimeoutMs: '500' }, `here.connectTimeoutMs ${whole}`],
    [
      { connectTimeoutMs: 10_001 },
      'here.connectTimeoutMs must be at most timeoutMs, which is 10000 and covers connecting too',
    ],
    [
      { timeoutMs: 2_000, connectTimeoutMs: 2_001 },
      'here.connectTimeoutMs must be at most timeoutMs, which is 2000 and covers connecting too',
    ],
    [{ compression: 'zstd' }, 'here.compression must be one of gzip, none'],
    [{ maxRequestBytes: 65_535 }, 'here.maxRequestBytes must be a whole number from 65536 to 67108864'],
    [{ maxRequestBytes: 67_108_865 }, 'here.maxRequestBytes must be a whole number from 65536 to 67108864'],
    [{ maxRequestBytes: '1MiB' }, 'here.maxRequestBytes must be a whole number from 65536 to 67108864'],
    [{ requestsPerMinute: 0 }, 'here.requestsPerMinute must be a whole number from 1 to 60000'],
    [{ requestsPerMinute: 60_001 }, 'here.requestsPerMinute must be a whole number from 1 to 60000'],
    [{ requestsPerMinute: 1.5 }, 'here.requestsPerMinute must be a whole number from 1 to 60000'],
    [{ compression: 'GZIP' }, 'here.compression must be one of gzip, none'],
    [{ compression: true }, 'here.compression must be one of gzip, none'],
    [{ compression: null }, 'here.compression must be one of gzip, none'],
    [{ compression: 'zstd', disabled: true }, 'here.compression must be one of gzip, none'],
  ])('%j is refused with the sentence', (fields, sentence) => {
    expect(() => sendingOf(fields)).toThrow(sentence);
  });
});

describe('in code', () => {
  it.each([undefined, 1, 60_000])('requestsPerMinute %s is taken', (requestsPerMinute) => {
    const resolved = resolveDestination({ endpoint, requestsPerMinute }, 'here', ...ofOwner('tenant'));
    expect(resolved.requestsPerMinute).toBe(requestsPerMinute);
  });

  it('a fault names the option by its path', () => {
    expect(() =>
      createGatewayTelemetry({
        env: false,
        tenantEgress: 'open',
        tenants: { acme: { endpoint, timeoutMs: 5 } },
      }),
    ).toThrow('tenants.acme.timeoutMs must be a whole number');
    expect(() =>
      createGatewayTelemetry({ env: false, operator: [{ endpoint }, { endpoint, name: 'b', timeoutMs: 5 }] }),
    ).toThrow('operator[1].timeoutMs must be a whole number');
  });

  it("it holds for a signal's own endpoint too", () => {
    const { targets } = resolveDestination(
      { endpoint, logs: { endpoint: `${endpoint}/x` }, timeoutMs: 500 },
      'here',
      'operator',
    );
    expect(targets.logs).toMatchObject({ sending: { timeoutMs: 500, connectTimeoutMs: 500 } });
    expect(targets.traces).toMatchObject({ sending: { timeoutMs: 500, connectTimeoutMs: 500 } });
  });
});

describe('in the environment', () => {
  it.each<[Record<string, string>, Partial<Sending>]>([
    [{}, {}],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '', OTEL_EXPORTER_OTLP_COMPRESSION: ' ' }, {}],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '5000' }, { timeoutMs: 5_000 }],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: ' 2500 ' }, { timeoutMs: 2_500, connectTimeoutMs: 2_500 }],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '600000' }, { timeoutMs: 600_000 }],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'none' }, { compression: 'none' }],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, {}],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: ' None ' }, { compression: 'none' }],
  ])('%j holds for all signals', (env, differs) => {
    const sending = { ...DEFAULT, ...differs };
    expect(read(env)).toEqual({ traces: sending, logs: sending, metrics: sending, notices: [] });
  });

  it("a signal's own variable wins, field by field", () => {
    const { traces, logs, metrics, notices } = read({
      OTEL_EXPORTER_OTLP_TIMEOUT: '4000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '5000',
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '6000',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '7000',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip',
    });
    expect(traces).toEqual({ ...DEFAULT, timeoutMs: 5_000, compression: 'none' });
    expect(logs).toEqual({ ...DEFAULT, timeoutMs: 6_000, compression: 'gzip' });
    expect(metrics).toEqual({ ...DEFAULT, timeoutMs: 7_000, compression: 'none' });
    expect(notices).toEqual([]);
  });

  it.each([
    '0',
    '99',
    '600001',
    '-5',
    '+5000',
    '5000.5',
    '5e3',
    '0x1388',
    '5s',
    '5000ms',
    'secret',
    '9'.repeat(400),
  ])('a time-out of %s is reported without its value and counts as unset', (value) => {
    const { logs, traces, notices } = read({
      OTEL_EXPORTER_OTLP_TIMEOUT: '4000',
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: value,
    });
    expect(logs).toEqual(traces);
    expect(logs?.timeoutMs).toBe(4_000);
    expect(notices).toEqual([
      'OTEL_EXPORTER_OTLP_LOGS_TIMEOUT must be a whole number from 100 to 600000; it counts as unset',
    ]);
  });

  it.each(['deflate', 'zstd', 'true', '1', 'gzip,none'])(
    'compression %s is reported and counts as unset',
    (value) => {
      const { logs, notices } = read({
        OTEL_EXPORTER_OTLP_COMPRESSION: value,
        OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: value,
      });
      expect(logs).toEqual(DEFAULT);
      expect(notices).toEqual([
        'OTEL_EXPORTER_OTLP_COMPRESSION must be one of gzip, none; it counts as unset',
        'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION must be one of gzip, none; it counts as unset',
      ]);
    },
  );

  it("it serves the operator's requests, and no tenant's", async () => {
    const [operator, acme] = [await collector(), await collector()];
    const { telemetry, reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: operator.url, OTEL_EXPORTER_OTLP_COMPRESSION: 'none' },
      tenants: { acme: { endpoint: acme.url } },
    });
    for (let count = 0; count < 20; count++) finishRequest(telemetry, 'acme');
    await settle(telemetry);
    const encodingsOf = (requests: typeof acme.requests) =>
      requests.filter(({ path }) => path === '/v1/logs').map(({ headers }) => headers['content-encoding']);
    expect(encodingsOf(operator.requests)).toEqual([undefined]);
    expect(encodingsOf(acme.requests)).toEqual(['gzip']);
    expect(reports).toEqual([]);
  });

  it('a time-out ends the export of its signal, and a bad one starts the gateway all the same', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { telemetry, reports } = reportingInstance({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '200',
        OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
      },
    });
    expect(reports).toMatchObject([{ code: 'environment_invalid' }]);
    finishRequest(telemetry);
    void telemetry.flush({ timeoutMs: 1 });
    const signals = () => telemetry.status().operator[0]?.signals;
    await vi.waitFor(() => expect(signals()?.logs?.lastError).toBe('timeout'), { timeout: 4_000 });
    expect(signals()?.traces?.lastError).toBeUndefined();
  });
});

describe('without an endpoint variable', () => {
  const env = {
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '300',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
  };
  const message =
    'OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_EXPORTER_OTLP_LOGS_TIMEOUT without effect: what the environment says about sending applies to an endpoint variable only';

  it('they leave an endpoint in code alone, which is reported once', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({ env, operator: { endpoint: receiver.url } });
    expect(reports).toEqual([{ code: 'environment_invalid', message }]);
    for (let count = 0; count < 20; count++) finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests.find(({ path }) => path === '/v1/logs')?.headers['content-encoding']).toBe(
      'gzip',
    );
    telemetry.setOperator({ endpoint: receiver.url, name: 'another' });
    expect(reports).toHaveLength(1);
    expect(telemetry.status().notices).toEqual(reports);
  });

  it('header variables may serve the endpoint all the same', async () => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      env: { ...env, OTEL_EXPORTER_OTLP_HEADERS: 'x-from=env' },
      operator: { endpoint: receiver.url },
    });
    expect(reports).toEqual([{ code: 'environment_invalid', message }]);
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests.map(({ headers }) => headers['x-from'])).toEqual(['env', 'env', 'env']);
  });

  it('a bad value is reported as bad only', () => {
    const { reports } = reportingInstance({
      env: { OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' },
      operator: { endpoint },
    });
    expect(reports.map((report) => report.message)).toEqual([
      'OTEL_EXPORTER_OTLP_TIMEOUT must be a whole number from 100 to 600000; it counts as unset',
    ]);
  });

  it.each([
    ['no operator', {}],
    [
      'ready-made exporters alone',
      { operator: { exporters: { logs: { export() {}, async shutdown() {} } } } },
    ],
    ['tenants alone', { tenants: { acme: { endpoint } } }],
  ])('nothing is said about %s', (_what, options) => {
    const { reports } = reportingInstance({ env, ...options });
    expect(reports).toEqual([]);
  });

  it('env: false reads none of them', () => {
    expect(instance({ env: false, operator: { endpoint } }).status().notices).toEqual([]);
  });
});
