/** Resource detectors: what they find joins the operator's resource, and nothing that they do holds anything up for long. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Diagnostic, GatewayOptions, GatewayTelemetry, ResourceDetector } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, finishRequest, instance, reportingInstance, settle, thrownBy } from './support.js';

interface Started {
  readonly telemetry: GatewayTelemetry;
  readonly reports: readonly Diagnostic[];
  readonly receiver: OtlpReceiver;
}

async function start(options: GatewayOptions): Promise<Started> {
  const receiver = await collector();
  return { receiver, ...reportingInstance({ operator: { endpoint: receiver.url }, ...options }) };
}

const finding = (attributes: Readonly<Record<string, unknown>>): ResourceDetector => ({
  detect: () => ({ attributes }),
});
const never = new Promise<never>(() => undefined);
const failures = (reports: readonly Diagnostic[]): string[] =>
  reports.filter(({ code }) => code === 'resource_detector_failed').map(({ message }) => message);

describe('resource detectors', () => {
  it('are not run before the start is over', async () => {
    let asked = 0;
    const detector = {
      detect: () => {
        asked++;
        return { attributes: {} };
      },
    };
    const { telemetry } = await start({ resourceDetectors: [detector] });
    expect(asked).toBe(0);
    await settle(telemetry);
    expect(asked).toBe(1);
  });

  it('join the resource of every record, with values that are promised too', async () => {
    const { telemetry, receiver, reports } = await start({
      resourceDetectors: [
        finding({ 'cloud.region': 'eu-1', 'host.name': pause(50, 'node-9'), 'cloud.zones': ['a', 'b'] }),
        { detect: async () => ({ attributes: { 'cloud.provider': await pause(50, 'acme') } }) },
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    const found = {
      'cloud.region': 'eu-1',
      'host.name': 'node-9',
      'cloud.zones': ['a', 'b'],
      'cloud.provider': 'acme',
    };
    expect(receiver.spans[0]?.resource).toMatchObject(found);
    expect(receiver.logs[0]?.resource).toMatchObject(found);
    expect(receiver.metricPoints[0]?.resource).toMatchObject(found);
    expect(reports).toEqual([]);
  });

  it('stand over what the library knows, and under what the host and the environment say', async () => {
    const { telemetry, receiver } = await start({
      environment: 'production',
      resourceAttributes: { b: 'code', c: 'code' },
      env: { OTEL_RESOURCE_ATTRIBUTES: 'c=variable' },
      resourceDetectors: [
        finding({ a: 'first', b: 'detected', c: 'detected', 'deployment.environment.name': 'detected' }),
        finding({ a: 'second', 'host.name': 'detected' }),
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans[0]?.resource).toMatchObject({
      a: 'second',
      b: 'code',
      c: 'variable',
      'host.name': 'detected',
      'deployment.environment.name': 'production',
    });
  });

  it('do not say who sends', async () => {
    const { telemetry, receiver } = await start({
      resourceDetectors: [
        finding({
          'service.name': 'theirs',
          'service.instance.id': 'theirs',
          'telemetry.sdk.name': 'theirs',
          __proto__: { polluted: true },
          '': 'theirs',
        }),
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(Object.values(receiver.spans[0]?.resource ?? {})).not.toContain('theirs');
    expect(receiver.spans[0]?.resource['service.name']).toBe('knoxcall');
  });

  it('hold the first exports back until they are done, so that there is one resource', async () => {
    const { telemetry, receiver } = await start({
      delivery: { operator: { flushIntervalMs: 50 } },
      resourceDetectors: [finding({ 'cloud.region': pause(400, 'eu-1') })],
    });
    finishRequest(telemetry);
    await pause(200);
    expect(receiver.requests).toHaveLength(0);
    expect(telemetry.status().operator[0]?.signals.traces?.ledger).toMatchObject({
      accepted: 1,
      buffered: 1,
    });
    await receiver.waitFor({ spans: 1 });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(2);
    for (const { resource } of [...receiver.spans, ...receiver.logs, ...receiver.metricPoints])
      expect(resource['cloud.region']).toBe('eu-1');
  });

  it('have a limit: what hangs is left out, reported, and ignored when it comes', async () => {
    const { telemetry, receiver, reports } = await start({
      delivery: { operator: { flushIntervalMs: 50 } },
      resourceDetectionTimeoutMs: 100,
      resourceDetectors: [
        finding({ known: 'yes', late: pause(300, 'late') }),
        { detect: () => never },
        finding({ other: 'yes' }),
      ],
    });
    finishRequest(telemetry);
    await receiver.waitFor({ spans: 1 });
    expect(receiver.spans[0]?.resource).toMatchObject({ known: 'yes', other: 'yes' });
    expect(failures(reports)).toEqual([
      'Resource detectors had not answered after 100 ms, and what they say later is ignored: resourceDetectors[0], resourceDetectors[1]',
    ]);
    expect(telemetry.status().notices).toEqual(reports);
    await pause(400);
    finishRequest(telemetry);
    await settle(telemetry);
    for (const { resource } of receiver.spans) expect(resource).not.toHaveProperty('late');
  });

  it('cost a flush and a shutdown half of their time at most, and no record', async () => {
    const { telemetry, receiver } = await start({
      resourceDetectionTimeoutMs: 60_000,
      resourceDetectors: [{ detect: () => never }],
    });
    finishRequest(telemetry);
    const startMs = performance.now();
    const result = await telemetry.shutdown({ timeoutMs: 1_000 });
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(result.operator.traces).toMatchObject({ accepted: 1, delivered: 1 });
    expect(receiver.spans).toHaveLength(1);
  });

  it('may throw, reject and answer nonsense: what is of use counts, and the rest is reported', async () => {
    const secret = 'canary-secret';
    const nonsense: unknown[] = [undefined, null, 7, 'text', [], { attributes: null }, { attributes: 'x' }];
    const { telemetry, receiver, reports } = await start({
      resourceDetectors: [
        {
          detect() {
            throw new Error(secret);
          },
        },
        { detect: () => Promise.reject(new Error(secret)) },
        {
          detect: () => ({ attributes: { bad: Promise.reject(new Error(secret)), good: pause(20, 'kept') } }),
        },
        { detect: () => new Proxy({}, { get: () => fail() }) },
        ...nonsense.map((answer): ResourceDetector => ({ detect: () => answer as never })),
        finding({
          object: { a: 1 },
          fn: () => 1,
          symbol: Symbol('x'),
          empty: '',
          mixed: [{}],
          nothing: null,
        }),
        finding({ useful: 1.5, flag: true }),
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    const resource = receiver.spans[0]?.resource ?? {};
    expect(resource).toMatchObject({ good: 'kept', useful: 1.5, flag: true });
    for (const key of ['bad', 'object', 'fn', 'symbol', 'empty', 'mixed', 'nothing'])
      expect(resource).not.toHaveProperty(key);
    expect(failures(reports)).toHaveLength(4);
    expect(JSON.stringify(reports)).not.toContain(secret);
  });

  it('cannot make the resource large', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, 'x']));
    const { telemetry, receiver, reports } = await start({
      resourceDetectors: [finding(many), finding({ large: 'x'.repeat(100_000) })],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    const resource = receiver.spans[0]?.resource ?? {};
    expect(Object.keys(resource).filter((key) => /^k\d+$/.test(key))).toHaveLength(128);
    expect(resource).not.toHaveProperty('large');
    expect(failures(reports)).toEqual([expect.stringContaining('73 attributes were left out')]);
  });

  it('tell host span processors at once that there is more to come', async () => {
    const seen: { pending: unknown; region: unknown; later: unknown }[] = [];
    const waits: Promise<void>[] = [];
    interface SeenResource {
      readonly asyncAttributesPending?: boolean;
      readonly attributes: Readonly<Record<string, unknown>>;
      waitForAsyncAttributes?(): Promise<void>;
      merge(other: null): SeenResource;
      getRawAttributes(): readonly (readonly [string, unknown])[];
    }
    const { telemetry } = await start({
      resourceDetectors: [finding({ 'cloud.region': pause(100, 'eu-1') })],
      spanProcessors: [
        {
          onStart: () => undefined,
          onEnd(span) {
            const { resource } = span as { resource: SeenResource };
            const entry = {
              pending: resource.asyncAttributesPending,
              region: resource.attributes['cloud.region'],
              later: undefined as unknown,
            };
            seen.push(entry);
            waits.push(
              (resource.waitForAsyncAttributes?.() ?? Promise.resolve()).then(() => {
                expect(resource.merge(null).attributes).toEqual(resource.attributes);
                expect(Object.fromEntries(resource.getRawAttributes())).toEqual(resource.attributes);
                entry.later = resource.attributes['cloud.region'];
              }),
            );
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    finishRequest(telemetry);
    telemetry.tracer.startSpan('own').end();
    await Promise.all(waits);
    expect(seen).toEqual([
      { pending: true, region: undefined, later: 'eu-1' },
      { pending: true, region: undefined, later: 'eu-1' },
    ]);
  });

  it('reach ready-made exporters with the whole resource', async () => {
    const resources: Readonly<Record<string, unknown>>[] = [];
    const { telemetry } = reportingInstance({
      resourceDetectors: [finding({ 'cloud.region': pause(50, 'eu-1') })],
      operator: {
        exporters: {
          traces: {
            export(spans, done) {
              for (const { resource } of spans as {
                resource: { attributes: Readonly<Record<string, unknown>> };
              }[])
                resources.push(resource.attributes);
              done({ code: 0 });
            },
            shutdown: () => Promise.resolve(),
          },
        },
      },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(resources).toEqual([expect.objectContaining({ 'cloud.region': 'eu-1' })]);
  });

  it('do not run where the SDK is disabled, and hold nothing up of a tenant', async () => {
    let asked = 0;
    const hanging: ResourceDetector = {
      detect: () => {
        asked++;
        return never;
      },
    };
    const off = instance({ env: { OTEL_SDK_DISABLED: 'true' }, resourceDetectors: [hanging] });
    await pause(20);
    expect(asked).toBe(0);
    await off.shutdown();
    const tenant = await collector();
    const telemetry = instance({
      resourceDetectionTimeoutMs: 60_000,
      resourceDetectors: [hanging],
      delivery: { tenants: { flushIntervalMs: 50 } },
      tenants: { acme: { endpoint: tenant.url } },
    });
    finishRequest(telemetry, 'acme');
    await tenant.waitFor({ logs: 1 });
    expect(asked).toBe(1);
  });

  it('are refused in one sentence when they are none', () => {
    const refused = (resourceDetectors: unknown): string =>
      thrownBy(() => instance({ resourceDetectors: resourceDetectors as never })).message;
    expect(refused('aws')).toContain('resourceDetectors must be an array');
    expect(refused(['ec2'])).toContain('resourceDetectors[0] must be a detector, with detect(), or one of');
    expect(refused([{}])).toContain('resourceDetectors[0]');
    expect(refused([null])).toContain('resourceDetectors[0]');
    expect(refused(Array.from({ length: 33 }, () => 'aws'))).toContain('at most 32');
    for (const limit of [99, 60_001, 1.5, '100'])
      expect(thrownBy(() => instance({ resourceDetectionTimeoutMs: limit as never })).message).toContain(
        'resourceDetectionTimeoutMs must be a whole number',
      );
  });

  it('of the official packages are loaded by name, and where there is no such platform hold nothing up', async () => {
    const { telemetry, receiver, reports } = await start({
      resourceDetectionTimeoutMs: 3_000,
      resourceDetectors: ['container', 'aws', 'gcp', 'azure'],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.spans[0]?.resource['service.name']).toBe('knoxcall');
    // Whatever they answered here, none was missing.
    for (const message of failures(reports)) expect(message).not.toContain('could not be loaded');
    expect(receiver.requests.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});

function fail(): never {
  throw new Error('no look into a proxy may throw');
}
