/** Nothing of the operator's destination in the environment reaches a tenant; the gateway's service name may. */
import { describe, expect, it, vi } from 'vitest';
import type { Destinations, GatewayOptions, ReadyMadeExporter } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, finishRequest, instance, settle } from './support.js';

const CANARY = 'canary';

/** Every variable of the operator's destination, each with a canary in it. */
function operatorEnvironment(url: string): Record<string, string> {
  const env: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/canary`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary,x-canary=1',
    OTEL_RESOURCE_ATTRIBUTES: 'canary=1,host.name=canary,service.namespace=canary',
    OTEL_SERVICE_NAME: 'edge-of-env',
  };
  for (const signal of ['LOGS', 'METRICS']) {
    env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`] = 'x-canary-signal=1';
    env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] = `${url}/v1/${signal.toLowerCase()}?canary=1`;
  }
  return env;
}

function expectNoCanary(receiver: OtlpReceiver): void {
  expect(receiver.requests.length).toBeGreaterThan(0);
  for (const { path, headers, bytes } of receiver.requests) {
    const all = `${path}\n${JSON.stringify(headers)}\n${Buffer.from(bytes).toString('latin1')}`;
    expect(all.toLowerCase()).not.toContain(CANARY);
  }
}

interface WayToConfigure {
  readonly name: string;
  readonly options: (url: string) => GatewayOptions;
  /** For `setTenant`. */
  readonly later?: (url: string) => Destinations;
}

const waysToConfigure: readonly WayToConfigure[] = [
  { name: 'a record', options: (endpoint) => ({ tenants: { acme: { endpoint } } }) },
  { name: 'a lookup', options: (endpoint) => ({ tenants: async () => ({ endpoint }) }) },
  { name: 'setTenant', options: () => ({}), later: (endpoint) => ({ endpoint }) },
  {
    name: 'endpoints of signals',
    options: (url) => ({
      tenants: {
        acme: { logs: { endpoint: `${url}/v1/logs` }, metrics: { endpoint: `${url}/v1/metrics` } },
      },
    }),
  },
  {
    name: 'headers of its own',
    options: (endpoint) => ({ tenants: { acme: { endpoint, headers: { 'x-own': '1' } } } }),
  },
];

describe.each(waysToConfigure)('a tenant with $name', ({ options, later }) => {
  it.each(['the env option', 'the process'])('gets nothing of the destination in %s', async (source) => {
    const [operator, acme] = [await collector(), await collector()];
    const env = operatorEnvironment(operator.url);
    if (source === 'the process') for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    try {
      const telemetry = instance({
        ...options(acme.url),
        ...(source === 'the process' ? { env: process.env } : { env }),
      });
      if (later !== undefined) telemetry.setTenant('acme', later(acme.url));
      finishRequest(telemetry, 'acme');
      await telemetry.refreshTenant('acme');
      await settle(telemetry);
      expect(operator.logs).toHaveLength(1);
      expect(operator.logs[0]?.requestHeaders['x-canary']).toBe('1');
      expect(operator.logs[0]?.resource['canary']).toBe('1');
      expect([acme.logs.length, acme.metricPoints.length]).toEqual([1, 2]);
      expectNoCanary(acme);
      expect(acme.logs[0]?.resource['service.name']).toBe('edge-of-env');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

it('a service name from OTEL_RESOURCE_ATTRIBUTES reaches a tenant, and nothing beside it', async () => {
  const acme = await collector();
  const telemetry = instance({
    env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=edge-of-env,canary=1' },
    tenants: { acme: { endpoint: acme.url } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expectNoCanary(acme);
  expect(acme.logs[0]?.resource['service.name']).toBe('edge-of-env');
});

it("a tenant's own service name wins over the environment's", async () => {
  const acme = await collector();
  const telemetry = instance({
    env: { OTEL_SERVICE_NAME: 'canary' },
    tenants: { acme: { endpoint: acme.url, serviceName: 'mine', resourceAttributes: { own: true } } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expectNoCanary(acme);
  expect(acme.logs[0]?.resource).toMatchObject({ 'service.name': 'mine', own: true });
});

it('header variables without an endpoint do not reach a tenant that has the only endpoint', async () => {
  const acme = await collector();
  const telemetry = instance({
    env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-canary=1' },
    tenants: { acme: { endpoint: acme.url } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expectNoCanary(acme);
});

it("a tenant's ready-made exporter is given nothing of the environment but the service name", async () => {
  const operator = await collector();
  const received: unknown[] = [];
  const exporter: ReadyMadeExporter = {
    export(items, done) {
      received.push(items);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const telemetry = instance({
    env: operatorEnvironment(operator.url),
    tenants: { acme: { exporters: { logs: exporter, metrics: exporter } } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expect(received).toHaveLength(2);
  const all = JSON.stringify(received);
  expect(all.toLowerCase()).not.toContain(CANARY);
  expect(all).toContain('edge-of-env');
});

it('a tenant without a destination gets none from the environment', async () => {
  const operator = await collector();
  const telemetry = instance({ env: operatorEnvironment(operator.url), tenants: { acme: null } });
  finishRequest(telemetry, 'acme');
  finishRequest(telemetry, 'unknown');
  await settle(telemetry);
  expect(operator.logs).toHaveLength(2);
  expect(telemetry.status('acme')).toMatchObject({ state: 'none', destinations: [] });
});

it("a tenant's status shows nothing of the environment", async () => {
  const [operator, acme] = [await collector(), await collector()];
  const telemetry = instance({
    env: { ...operatorEnvironment(operator.url), OTEL_SDK_DISABLED: 'canary' },
    tenants: { acme: { endpoint: acme.url } },
  });
  finishRequest(telemetry, 'acme');
  await settle(telemetry);
  expect(JSON.stringify(telemetry.status('acme'))).not.toContain(CANARY);
});
