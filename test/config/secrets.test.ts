/** No secret shows: not in errors, reports, status, inspection or serialisation. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/index.js';
import { createGatewayTelemetry, standardExporters } from '../../src/index.js';
import { collector, finishRequest, instance, reportingInstance, settle, thrownBy } from './support.js';

const SECRET = 'sEcReT-cAnArY';

/** Everything that a log of the error could show. */
function everyFormOf(value: unknown): string {
  const error =
    value instanceof Error ? `${value.message}\n${value.stack?.split('\n')[0] ?? ''}\n${String(value)}` : '';
  const json = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}` : item));
  return `${error}\n${json ?? ''}\n${inspect(value, { depth: Infinity, showHidden: true, getters: true })}`;
}

function expectNoSecret(value: unknown): void {
  expect(everyFormOf(value).toLowerCase()).not.toContain(SECRET.toLowerCase());
}

const endpoint = 'http://127.0.0.1:9';

describe('an error in code holds no secret', () => {
  it.each<[string, object]>([
    ['a header value with a line break', { operator: { endpoint, headers: { a: `${SECRET}\n` } } }],
    ['a header value with foreign letters', { operator: { endpoint, headers: { a: `${SECRET}ä` } } }],
    ['a header value that is too long', { operator: { endpoint, headers: { a: SECRET.repeat(1000) } } }],
    ['a header value in an array', { operator: { endpoint, headers: { a: [SECRET] } } }],
    ['a header value in an object', { operator: { endpoint, headers: { a: { value: SECRET } } } }],
    ['a header string without equals', { operator: { endpoint, headers: SECRET } }],
    [
      'a header string in which the colon was taken for equals',
      { operator: { endpoint, headers: `authorization: ${SECRET}` } },
    ],
    ['a header string that begins with the value', { operator: { endpoint, headers: `Bearer ${SECRET}=` } }],
    ['a header string with a second bad pair', { operator: { endpoint, headers: `a=${SECRET},${SECRET}` } }],
    ['a header of the exporter', { operator: { endpoint, headers: { 'content-type': SECRET } } }],
    [
      'a good header beside an unknown option',
      { operator: { endpoint, headers: { a: SECRET }, url: SECRET } },
    ],
    [
      'a good header beside a field that is not built',
      { operator: { endpoint, headers: { a: SECRET }, tls: { key: SECRET } } },
    ],
    ['user info', { operator: { endpoint: `http://user:${SECRET}@host` } }],
    ['user info without a password', { operator: { endpoint: `http://${SECRET}@host` } }],
    ['user info and the gRPC port', { operator: { endpoint: `http://user:${SECRET}@host:4317` } }],
    ['user info and the gRPC scheme', { operator: { endpoint: `grpc://user:${SECRET}@host:4317` } }],
    ['user info without a scheme', { operator: { endpoint: `user:${SECRET}@host:4318` } }],
    ['a password alone without a scheme', { operator: { endpoint: `:${SECRET}@host:4318` } }],
    ['user info after two slashes', { operator: { endpoint: `//${SECRET}@host:4318` } }],
    ['user info and a wrong scheme', { operator: { endpoint: `ftp://user:${SECRET}@host` } }],
    ['user info and a wrong port', { operator: { endpoint: `http://user:${SECRET}@host:99999` } }],
    ['user info and a space', { operator: { endpoint: `http://user:${SECRET}@ho st` } }],
    ['a query and the gRPC port', { operator: { endpoint: `http://host:4317/?key=${SECRET}` } }],
    ['a query and the gRPC scheme', { operator: { endpoint: `grpcs://host/?key=${SECRET}` } }],
    ['a query without a scheme', { operator: { logs: { endpoint: `host:4318/v1/logs?key=${SECRET}` } } }],
    ['a query and nothing of a URL', { operator: { endpoint: `?key=${SECRET}` } }],
    ['a fragment and the gRPC port', { operator: { endpoint: `http://host:4317/#${SECRET}` } }],
    ['an endpoint that is too long', { operator: { endpoint: `http://host/${SECRET.repeat(1000)}` } }],
    ['a proxy with a path', { tenantEgress: { proxy: `http://user:${SECRET}@proxy/path` } }],
    ['a proxy with a bad password', { tenantEgress: { proxy: `http://user:${SECRET}%zz@proxy` } }],
    ['a proxy with a wrong scheme', { tenantEgress: { proxy: `socks5://user:${SECRET}@proxy` } }],
    ['a tenant with a header value', { tenants: { acme: { endpoint, headers: { a: `${SECRET}\n` } } } }],
    ['a resource attribute', { resourceAttributes: { a: { value: SECRET } } }],
    ['an environment that is a string', { env: `OTEL_EXPORTER_OTLP_HEADERS=a=${SECRET}` }],
    ['a duplicate name beside headers', { operator: [{ endpoint, headers: `a=${SECRET}` }, { endpoint }] }],
  ])('with %s', (_what, options) => {
    const error = thrownBy(() => createGatewayTelemetry({ env: false, ...options }));
    expect(error.name).toBe('ConfigurationError');
    expect(error.message).not.toMatch(/[\r\n]/);
    expectNoSecret(error);
  });

  it('of standardExporters, setOperator and setTenant', () => {
    const destination = { endpoint, headers: { a: `${SECRET}\n` } };
    expectNoSecret(thrownBy(() => standardExporters(destination)));
    expectNoSecret(thrownBy(() => instance().setOperator(destination)));
    expectNoSecret(thrownBy(() => instance().setTenant('acme', destination)));
    expectNoSecret(thrownBy(() => instance().setTenants({ acme: destination })));
  });

  it('and has no cause that could hold one', () => {
    const error = thrownBy(() => instance({ operator: { endpoint: `http://user:${SECRET}@host:99999` } }));
    expect(error.cause).toBeUndefined();
    expect(Object.keys(error).sort()).toEqual(['name', 'option']);
  });
});

describe('a report about the environment holds no secret', () => {
  it.each<[string, Record<string, string>]>([
    ['headers without equals', { OTEL_EXPORTER_OTLP_HEADERS: SECRET }],
    ['headers with a bad percent sign', { OTEL_EXPORTER_OTLP_HEADERS: `a=${SECRET}%` }],
    ['headers with a line break', { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `a=${SECRET}%0A` }],
    ['an endpoint with user info', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://u:${SECRET}@host` }],
    ['an endpoint without scheme', { OTEL_EXPORTER_OTLP_ENDPOINT: `u:${SECRET}@host:4318` }],
    ['a gRPC endpoint', { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `grpc://u:${SECRET}@host:4317/?k=${SECRET}` }],
    ['the gRPC port', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://host:4317/?k=${SECRET}` }],
    ['resource attributes', { OTEL_RESOURCE_ATTRIBUTES: `a=${SECRET},b` }],
    ['a protocol', { OTEL_EXPORTER_OTLP_PROTOCOL: SECRET }],
    ['an exporter', { OTEL_TRACES_EXPORTER: SECRET }],
    ['a switch', { OTEL_SDK_DISABLED: SECRET }],
  ])('with %s', (_what, env) => {
    const { telemetry, reports } = reportingInstance({ env });
    expect(reports).toHaveLength(1);
    expectNoSecret(reports);
    expectNoSecret(telemetry.status());
  });
});

describe('a running instance', () => {
  it('shows no header, query or user info in status, reports, results and inspection', async () => {
    const [operator, acme] = [await collector(), await collector()];
    operator.answerWith({ signal: 'logs', status: 401, body: SECRET });
    acme.answerWith({ signal: 'logs', partialSuccess: { rejected: 1, message: SECRET } });
    const reports: Diagnostic[] = [];
    const telemetry = instance({
      env: { OTEL_EXPORTER_OTLP_HEADERS: `x=${SECRET}` },
      operator: [
        { name: 'one', endpoint: operator.url, headers: { a: SECRET } },
        { name: 'two', headers: `b=${SECRET}`, logs: { endpoint: `${operator.url}/v1/logs?key=${SECRET}` } },
        { name: 'gone', endpoint: `http://127.0.0.1:9/?key=${SECRET}`, headers: () => ({ c: SECRET }) },
      ],
      tenants: { acme: { endpoint: acme.url, headers: { d: SECRET } } },
      onDiagnostic: (report) => reports.push(report),
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(acme.logs[0]?.requestHeaders['d']).toBe(SECRET);
    expect(reports.length).toBeGreaterThan(2);
    const result = await telemetry.shutdown();
    for (const shown of [reports, telemetry.status(), telemetry.status('acme'), result])
      expectNoSecret(shown);
    expectNoSecret(telemetry);
    expectNoSecret(telemetry.current());
  });
});
