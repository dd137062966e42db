/** The operator's resource: who may say what, and what each destination and each tenant gets of it. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import { VERSION } from '../../src/model/version.js';
import { collector, finishRequest, instance, reportingInstance, settle, thrownBy } from './support.js';

/** The resource that one request's span, log record and metrics carry, which is the same. */
async function resourceWith(options: GatewayOptions): Promise<Readonly<Record<string, unknown>>> {
  const receiver = await collector();
  const telemetry = instance({ operator: { endpoint: receiver.url }, ...options });
  finishRequest(telemetry);
  await settle(telemetry);
  const [span] = receiver.spans;
  const [log] = receiver.logs;
  expect(log?.resource).toEqual(span?.resource);
  expect(receiver.metricPoints.length).toBeGreaterThan(0);
  for (const point of receiver.metricPoints) expect(point.resource).toEqual(span?.resource);
  return span?.resource ?? {};
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("the operator's resource", () => {
  it('says by itself what it knows, and no version but the own one of telemetry.sdk', async () => {
    const resource = await resourceWith({});
    expect(resource).toMatchObject({
      'service.name': 'knoxcall',
      'service.instance.id': expect.stringMatching(UUID) as string,
      'telemetry.sdk.name': 'gateway-otel',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.version': VERSION,
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
    });
    expect(resource).not.toHaveProperty('service.version');
    expect(resource).not.toHaveProperty('deployment.environment.name');
  });

  it('holds the version, the instance id and the environment that options give', async () => {
    const resource = await resourceWith({
      serviceVersion: '4.2.0',
      serviceInstanceId: 'edge-7',
      environment: 'production',
    });
    expect(resource).toMatchObject({
      'service.version': '4.2.0',
      'service.instance.id': 'edge-7',
      'deployment.environment.name': 'production',
    });
    // Deprecated: who needs it says it in `resourceAttributes`.
    expect(resource).not.toHaveProperty('deployment.environment');
  });

  it('takes the environment over options, options over attributes, attributes over its own', async () => {
    const resource = await resourceWith({
      serviceVersion: 'option',
      resourceAttributes: {
        'service.version': 'attribute',
        'host.name': 'attribute',
        'cloud.region': 'attribute',
        kept: 'attribute',
      },
      env: {
        OTEL_RESOURCE_ATTRIBUTES: 'cloud.region=variable,service.version=variable',
        OTEL_SERVICE_VERSION: '5.0.0',
      },
    });
    expect(resource).toMatchObject({
      'service.version': '5.0.0',
      'host.name': 'attribute',
      'cloud.region': 'variable',
      kept: 'attribute',
    });
    const withoutVersion = await resourceWith({
      serviceVersion: 'option',
      env: { OTEL_RESOURCE_ATTRIBUTES: 'service.version=variable' },
    });
    expect(withoutVersion['service.version']).toBe('variable');
  });

  it('has what a destination adds at that destination alone', async () => {
    const [one, two] = [await collector(), await collector()];
    const telemetry = instance({
      resourceAttributes: { team: 'all', zone: 'all' },
      operator: [
        { name: 'one', endpoint: one.url, serviceName: 'first', resourceAttributes: { team: 'one' } },
        { name: 'two', endpoint: two.url },
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(one.spans[0]?.resource).toMatchObject({ 'service.name': 'first', team: 'one', zone: 'all' });
    expect(two.spans[0]?.resource).toMatchObject({ 'service.name': 'knoxcall', team: 'all', zone: 'all' });
  });

  it('is nothing that a tenant gets, except the service name', async () => {
    const tenant = await collector();
    const telemetry = instance({
      serviceName: 'edge',
      serviceVersion: '4.2.0',
      serviceInstanceId: 'edge-7',
      environment: 'production',
      resourceAttributes: { team: 'canary' },
      resourceDetectors: [{ detect: () => ({ attributes: { 'cloud.region': 'canary' } }) }],
      tenants: { acme: { endpoint: tenant.url } },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(Object.keys(tenant.logs[0]?.resource ?? {}).sort()).toEqual([
      'service.instance.id',
      'service.name',
      'telemetry.sdk.language',
      'telemetry.sdk.name',
      'telemetry.sdk.version',
    ]);
    expect(tenant.logs[0]?.resource['service.instance.id']).toMatch(UUID);
  });

  it('throws one sentence for what is no text', () => {
    for (const option of ['serviceVersion', 'serviceInstanceId'] as const) {
      expect(thrownBy(() => instance({ [option]: 7 as never })).message).toContain(option);
      expect(thrownBy(() => instance({ [option]: '' })).message).toContain(`${option} must not be empty`);
    }
  });

  it('takes an empty variable as unset', async () => {
    const { telemetry, reports } = reportingInstance({ env: { OTEL_SERVICE_VERSION: ' ' } });
    expect(reports).toEqual([]);
    await telemetry.shutdown();
    const resource = await resourceWith({ serviceVersion: '1', env: { OTEL_SERVICE_VERSION: '' } });
    expect(resource['service.version']).toBe('1');
  });
});
