/** The usual wrong endpoints, each answered with the address to use: in code by an error, in the environment by a report. */
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { collector, finishRequest, reportingInstance, settle, thrownBy } from './support.js';

/** What was written, what to use instead, and the word that names the fault. */
const cases: readonly (readonly [string, string, RegExp])[] = [
  ['grpc://collector:4317', 'http://collector:4318', /gRPC/],
  ['GRPC://collector:4317', 'http://collector:4318', /gRPC/],
  ['grpcs://collector:4317', 'https://collector:4318', /gRPC/],
  ['grpc://collector', 'http://collector:4318', /gRPC/],
  ['grpc://[::1]:4317/x', 'http://[::1]:4318/x', /gRPC/],
  ['http://collector:4317', 'http://collector:4318', /4317.*gRPC/],
  ['https://collector.example.com:4317/', 'https://collector.example.com:4318', /4317.*gRPC/],
  ['http://collector:4317/otlp', 'http://collector:4318/otlp', /4317.*gRPC/],
  ['http://127.0.0.1:4317', 'http://127.0.0.1:4318', /4317.*gRPC/],
  ['http://[::1]:4317', 'http://[::1]:4318', /4317.*gRPC/],
  ['collector:4318', 'http://collector:4318', /no scheme/],
  ['collector:4317', 'http://collector:4318', /no scheme/],
  ['localhost:4318/otlp', 'http://localhost:4318/otlp', /no scheme/],
  ['//collector:4318', 'http://collector:4318', /no scheme/],
  ['127.0.0.1:4318', 'http://127.0.0.1:4318', /no scheme/],
  ['[::1]:4318', 'http://[::1]:4318', /no scheme/],
  ['otlp.example.com', 'http://otlp.example.com:4318', /no scheme/],
  ['//otlp.example.com', 'http://otlp.example.com:4318', /no scheme/],
  ['user:pass@collector:4318', 'http://collector:4318', /no scheme/],
  ['grpc://user:pass@collector:4317', 'http://collector:4318', /gRPC/],
];

/** The address must stand alone: `http://a:43189` does not answer with `http://a:4318`. */
function expectAddress(message: string, address: string): void {
  const words = message.replace(/; it counts as unset$/, '').split(' ');
  expect(words, message).toContain(address);
}

describe.each(cases)('the endpoint %s', (endpoint, address, fault) => {
  it('in code throws a sentence with the address to use', () => {
    const { message } = thrownBy(() => createGatewayTelemetry({ env: false, operator: { endpoint } }));
    expect(message).toMatch(/^operator\.endpoint /);
    expect(message).toMatch(fault);
    expectAddress(message, address);
    expect(message).not.toContain('pass');
  });

  it('for one signal in code throws it too', () => {
    const { message } = thrownBy(() =>
      createGatewayTelemetry({ env: false, operator: { logs: { endpoint } } }),
    );
    expect(message).toMatch(/^operator\.logs\.endpoint /);
    expectAddress(message, address);
  });

  it.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'])(
    'in %s is reported with the address to use and counts as unset',
    async (variable) => {
      const code = await collector();
      const { telemetry, reports } = reportingInstance({
        env: { [variable]: endpoint },
        operator: { endpoint: code.url },
      });
      expect(reports).toHaveLength(1);
      expect(telemetry.status().notices).toEqual(reports);
      const [report] = reports;
      expect(report?.code).toBe('environment_invalid');
      expect(report?.message.startsWith(`${variable} `)).toBe(true);
      expect(report?.message).toMatch(/counts as unset/);
      expectAddress(report?.message ?? '', address);
      finishRequest(telemetry);
      await settle(telemetry);
      expect(code.spans).toHaveLength(1);
    },
  );
});

describe.each(['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL'])('%s', (variable) => {
  it.each(['grpc', 'GRPC', 'http/json', 'thrift'])(
    'set to %s is reported with the address to use',
    async (value) => {
      const receiver = await collector();
      const { telemetry, reports } = reportingInstance({
        env: { [variable]: value, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      });
      expect(reports).toHaveLength(1);
      expect(telemetry.status().notices).toEqual(reports);
      expect(reports[0]).toMatchObject({ code: 'environment_invalid' });
      expect(reports[0]?.message.startsWith(`${variable} `)).toBe(true);
      expect(reports[0]?.message).toContain(receiver.url);
      finishRequest(telemetry);
      await settle(telemetry);
      expect(receiver.requests.map(({ headers }) => headers['content-type'])).toEqual(
        Array(3).fill('application/x-protobuf'),
      );
    },
  );

  it('set to grpc beside the gRPC port says where OTLP/HTTP is', () => {
    const { reports } = reportingInstance({
      env: { [variable]: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' },
    });
    expect(reports.map(({ message }) => message.includes('http://collector:4318'))).toContain(true);
    expect(reports.every(({ message }) => !message.includes('such as http://collector:4317'))).toBe(true);
  });

  it('set to grpc alone names the port of OTLP/HTTP', () => {
    const { reports } = reportingInstance({ env: { [variable]: 'grpc' } });
    expect(reports[0]?.message).toContain('http://host:4318');
  });

  it.each(['http/protobuf', 'HTTP/Protobuf', '', '  '])('set to "%s" is nothing to report', (value) => {
    const { reports } = reportingInstance({ env: { [variable]: value } });
    expect(reports).toEqual([]);
  });
});

it.each([
  '"http://collector:4318"',
  "'http://collector:4318'",
  '`collector:4318`',
  '"https://u:pass@collector"',
])('an endpoint in quotation marks, as in %s, is told so', (endpoint) => {
  const { message } = thrownBy(() => createGatewayTelemetry({ env: false, operator: { endpoint } }));
  expect(message).toBe('operator.endpoint must not be in quotation marks');
  const { telemetry, reports } = reportingInstance({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
  expect(reports.map((report) => report.message)).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT must not be in quotation marks; it counts as unset',
  ]);
  expect(telemetry.status().enabled).toBe(false);
});
