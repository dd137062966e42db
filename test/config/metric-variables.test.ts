/** The variables about metrics: how often they are read, and in which temporality the operator gets them. */
import { expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { resolveSettings } from '../../src/config/resolve.js';
import { startOtlpReceiver } from '../../src/testing/index.js';

const INTERVAL = 'OTEL_METRIC_EXPORT_INTERVAL';
const TEMPORALITY = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

it.each<[Readonly<Record<string, string>>, number]>([
  [{ [INTERVAL]: '5000' }, 5_000],
  [{ [INTERVAL]: ' 100 ' }, 100],
  [{ [INTERVAL]: '' }, 7_000],
  [{ [INTERVAL]: '99' }, 7_000],
  [{ [INTERVAL]: '5s' }, 7_000],
  [{}, 7_000],
])('%o gives an interval of %i ms over the 7 s of code', (env, expected) => {
  const settings = resolveSettings({ env, metrics: { intervalMs: 7_000 } });
  expect(settings.metrics.intervalMs).toBe(expected);
  const isBad = expected === 7_000 && (env[INTERVAL] ?? '') !== '';
  expect(settings.notices.map(({ message }) => message).join()).toMatch(isBad ? new RegExp(INTERVAL) : /^$/);
});

it('a wrong interval in code is a fault also where the environment stands over it', () => {
  expect(() => resolveSettings({ env: { [INTERVAL]: '5000' }, metrics: { intervalMs: 1 } })).toThrow(
    /metrics\.intervalMs/,
  );
});

it.each([
  ['delta', 'delta'],
  ['LowMemory', 'delta'],
  ['Cumulative', 'cumulative'],
  ['sideways', 'cumulative'],
])('%s makes the destination of the environment %s', (value, expected) => {
  const { operator, notices } = resolveSettings({ env: { ...ENDPOINT, [TEMPORALITY]: value } });
  expect(operator[0]?.temporality).toBe(expected);
  expect(notices.some(({ message }) => message.includes(TEMPORALITY))).toBe(value === 'sideways');
});

it('a temporality without an endpoint variable changes nothing, and that is said', () => {
  const { operator, operatorNotices } = resolveSettings({
    env: { [TEMPORALITY]: 'delta' },
    operator: { endpoint: 'http://127.0.0.1:4318' },
  });
  expect(operator[0]?.temporality).toBe('cumulative');
  expect(operatorNotices.map(({ message }) => message).join()).toContain(TEMPORALITY);
});

it('both reach the collector, and a tenant keeps its own temporality', async () => {
  const [operator, tenant] = await Promise.all([startOtlpReceiver(), startOtlpReceiver()]);
  const telemetry = createGatewayTelemetry({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: operator.url, [TEMPORALITY]: 'delta', [INTERVAL]: '100' },
    tenantEgress: 'open',
    tenants: { acme: { endpoint: tenant.url } },
  });
  try {
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    exchange.end({ statusCode: 200 });
    await operator.waitFor({ metricPoints: 2 });
    await tenant.waitFor({ metricPoints: 2 });
    expect(new Set(operator.metricPoints.map(({ temporality }) => temporality))).toEqual(new Set(['delta']));
    expect(new Set(tenant.metricPoints.map(({ temporality }) => temporality))).toEqual(
      new Set(['cumulative']),
    );
  } finally {
    await telemetry.shutdown();
    await operator.close();
    await tenant.close();
  }
});
