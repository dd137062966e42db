/** What is read from the process itself, in processes of their own. */
import { describe, expect, it } from 'vitest';
import { runChild } from './child.js';
import { collector } from './support.js';

const oneRequest = `
  const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
  exchange.setTenant('acme');
  exchange.end({ statusCode: 200 });
  await telemetry.flush();
`;

describe("the process's environment", () => {
  it('is read when no env option is given', async () => {
    const operator = await collector();
    const { code, stdout, stderr } = await runChild(
      `import { createGatewayTelemetry } from './src/index.js';
       const telemetry = createGatewayTelemetry();
       ${oneRequest}
       await telemetry.shutdown();`,
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: operator.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-from=env%20ironment',
        OTEL_SERVICE_NAME: 'edge-of-env',
      },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(operator.spans).toHaveLength(1);
    expect(operator.logs).toHaveLength(1);
    expect(operator.spans[0]?.resource['service.name']).toBe('edge-of-env');
    expect(operator.spans[0]?.requestHeaders['x-from']).toBe('env ironment');
  });

  it('is not read with env: false', async () => {
    const operator = await collector();
    const { report, code } = await runChild(
      `import { createGatewayTelemetry } from './src/index.js';
       const telemetry = createGatewayTelemetry({ env: false });
       ${oneRequest}
       report(telemetry.status());
       await telemetry.shutdown();`,
      { OTEL_EXPORTER_OTLP_ENDPOINT: operator.url, OTEL_SDK_DISABLED: 'garbage' },
    );
    expect(code).toBe(0);
    expect(report).toMatchObject({ enabled: false, operator: [], notices: [] });
    expect(operator.requests).toHaveLength(0);
  });

  it('is not read when env is an object, even an empty one', async () => {
    const operator = await collector();
    const { report } = await runChild(
      `import { createGatewayTelemetry } from './src/index.js';
       const telemetry = createGatewayTelemetry({ env: {} });
       ${oneRequest}
       report(telemetry.status());
       await telemetry.shutdown();`,
      { OTEL_EXPORTER_OTLP_ENDPOINT: operator.url },
    );
    expect(report).toMatchObject({ enabled: false });
    expect(operator.requests).toHaveLength(0);
  });

  it('does not reach custom spans, logs and instruments through the SDK', async () => {
    const operator = await collector();
    const { code, stderr, stdout } = await runChild(
      `import { createGatewayTelemetry } from './src/index.js';
       const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: '${operator.url}' } });
       telemetry.tracer.startSpan('work', { attributes: { one: 'long value', two: 'long value' } }).end();
       telemetry.logger.emit({ body: 'line', attributes: { one: 'long value', two: 'long value' } });
       telemetry.meter.createCounter('things').add(1);
       await telemetry.flush();
       await telemetry.shutdown();`,
      {
        OTEL_TRACES_SAMPLER: 'always_off',
        OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
        OTEL_ATTRIBUTE_COUNT_LIMIT: '1',
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '1',
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
        OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '1',
        OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
        OTEL_RESOURCE_ATTRIBUTES: 'canary=resource',
        OTEL_SERVICE_NAME: 'canary-service',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-canary=1',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_LOG_LEVEL: 'verbose',
      },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const attributes = { one: 'long value', two: 'long value' };
    expect(operator.spans.map((span) => ({ ...span.attributes }))).toEqual([attributes]);
    expect(operator.logs.map((log) => ({ ...log.attributes }))).toEqual([attributes]);
    expect(operator.metricPoints.map((point) => point.name)).toContain('things');
    const everything = JSON.stringify(
      operator.requests.map(({ headers, bytes }) => [headers, Buffer.from(bytes).toString('latin1')]),
    );
    expect(everything).not.toContain('canary');
  });

  it("does not send a tenant's export through a proxy variable", async () => {
    const acme = await collector();
    const { code } = await runChild(
      `import { createGatewayTelemetry } from './src/index.js';
       const telemetry = createGatewayTelemetry({ tenantEgress: 'open', tenants: { acme: { endpoint: '${acme.url}' } } });
       ${oneRequest}
       await telemetry.shutdown();`,
      { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' },
    );
    expect(code).toBe(0);
    expect(acme.logs).toHaveLength(1);
  });
});
