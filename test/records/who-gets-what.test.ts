import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { OtlpReceiver, ReceivedAttributes } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The tenant comes in a header. */
async function serve(setup: GatewaySetup, tenants: readonly (string | undefined)[]): Promise<TestGateway> {
  const gateway = await startGateway({
    adapter: { tenant: (request) => request.headers['x-tenant'] },
    ...setup,
  });
  for (const tenant of tenants) {
    await send(gateway.url, tenant === undefined ? {} : { headers: { 'x-tenant': tenant } });
  }
  await gateway.flush();
  return gateway;
}

/** The one resource that all records of a receiver have. */
function resourceOf({ spans, logs, metricPoints }: OtlpReceiver): ReceivedAttributes {
  const all = [...spans, ...logs, ...metricPoints].map(({ resource }) => ({ ...resource }));
  expect(all.length).toBeGreaterThan(0);
  for (const resource of all) expect(resource).toEqual(all[0]);
  return all[0] ?? {};
}

describe('the resource', () => {
  it('of the operator tells everything', async () => {
    const gateway = await serve(
      {
        options: {
          serviceName: 'edge',
          environment: 'production',
          resourceAttributes: { 'k8s.pod.name': 'edge-7', 'cloud.region': 'eu-1' },
        },
      },
      ['acme'],
    );
    expect(resourceOf(gateway.operator)).toEqual({
      'service.name': 'edge',
      'service.instance.id': expect.stringMatching(UUID),
      'telemetry.sdk.name': 'gateway-otel',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
      'deployment.environment.name': 'production',
      'k8s.pod.name': 'edge-7',
      'cloud.region': 'eu-1',
    });
  });

  it('of a tenant is the service’s name, an instance id, the SDK, and nothing else of the gateway', async () => {
    const gateway = await serve(
      {
        options: {
          serviceName: 'edge',
          environment: 'production',
          resourceAttributes: { 'k8s.pod.name': 'edge-7', 'cloud.region': 'eu-1' },
        },
        operator: { serviceName: 'operator only', resourceAttributes: { 'operator.only': true } },
      },
      ['acme'],
    );
    expect(resourceOf(gateway.acme)).toEqual({
      'service.name': 'edge',
      'service.instance.id': expect.stringMatching(UUID),
      'telemetry.sdk.name': 'gateway-otel',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(resourceOf(gateway.operator)).toMatchObject({
      'service.name': 'operator only',
      'operator.only': true,
      'k8s.pod.name': 'edge-7',
    });
  });

  it('of a tenant has its own name and attributes, which nobody else gets', async () => {
    const gateway = await serve(
      { acme: { serviceName: 'acme-edge', resourceAttributes: { team: 'a', 'service.version': '3' } } },
      ['acme', 'globex'],
    );
    expect(resourceOf(gateway.acme)).toMatchObject({
      'service.name': 'acme-edge',
      team: 'a',
      'service.version': '3',
    });
    for (const other of [gateway.globex, gateway.operator]) {
      expect(resourceOf(other)['service.name']).toBe('knoxcall');
      expect(resourceOf(other)).not.toHaveProperty('team');
    }
  });

  it('has an instance id that differs by owner and by instance, and stays the same within one', async () => {
    const gateways = [
      await serve({}, ['acme', 'globex', 'acme']),
      await serve({}, ['acme', 'globex', 'acme']),
    ];
    const ids = gateways.flatMap(({ operator, acme, globex }) =>
      [operator, acme, globex].map((receiver) => resourceOf(receiver)['service.instance.id']),
    );
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(6);
  });

  it('keeps its instance id over a change of the destination', async () => {
    const gateway = await serve({}, ['acme']);
    gateway.telemetry.setTenant('acme', { endpoint: gateway.acme.url, headers: { 'x-key': 'new' } });
    await send(gateway.url, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    expect(gateway.acme.logs).toHaveLength(2);
    resourceOf(gateway.acme);
  });
});

describe('a tenant', () => {
  it('gets its own logs and metrics and no traces; the operator gets all', async () => {
    const gateway = await serve({}, ['acme', 'acme', 'globex', undefined, 'unknown']);
    expect(gateway.operator.spans).toHaveLength(5);
    expect(gateway.operator.logs).toHaveLength(5);
    expect(gateway.acme.logs).toHaveLength(2);
    expect(gateway.globex.logs).toHaveLength(1);
    for (const [id, receiver] of [
      ['acme', gateway.acme],
      ['globex', gateway.globex],
    ] as const) {
      expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/v1/logs', '/v1/metrics']);
      expect(new Set(receiver.logs.map(({ attributes }) => attributes['knoxcall.tenant_id']))).toEqual(
        new Set([id]),
      );
    }
    const bytesOf = ({ requests }: OtlpReceiver): string =>
      requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('');
    expect(bytesOf(gateway.acme)).not.toContain('globex');
    expect(bytesOf(gateway.globex)).not.toContain('acme');
  });

  it('gets records only of the signals that it wants', async () => {
    const gateway = await serve(
      { acme: { signals: { metrics: false } }, globex: { signals: { logs: false } } },
      ['acme', 'globex'],
    );
    expect(gateway.acme.requests.map(({ signal }) => signal)).toEqual(['logs']);
    expect(gateway.globex.requests.map(({ signal }) => signal)).toEqual(['metrics']);
  });

  it('gets setTenantAttribute as the operator does, and never setAttribute or the span’s', async () => {
    const gateway = await serve(
      {
        adapter: { tenant: 'acme', attributes: { 'from.adapter': 'operator' } },
        listener(_request, response, exchange) {
          exchange.setAttribute('own', 'operator');
          exchange.setAttributes({ 'own.more': 'operator' });
          exchange.span.setAttribute('own.span', 'operator');
          exchange.setTenantAttribute('plan', 'gold');
          exchange.setUpstream({ latencyMs: 3, attempts: 2, statusCode: 200 });
          response.end();
        },
      },
      [undefined],
    );
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({ plan: 'gold' });
    expect(JSON.stringify(gateway.acme.logs.map(({ attributes }) => attributes))).not.toMatch(
      /"operator"|upstream/,
    );
    expect(gateway.operator.logs[0]?.attributes).toMatchObject({
      plan: 'gold',
      own: 'operator',
      'own.more': 'operator',
      'from.adapter': 'operator',
    });
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      plan: 'gold',
      own: 'operator',
      'own.more': 'operator',
      'own.span': 'operator',
      'from.adapter': 'operator',
    });
  });

  it('keeps its attribute when the operator gets another value of the same key, the last one', async () => {
    const gateway = await serve(
      {
        adapter: { tenant: 'acme' },
        listener(_request, response, exchange) {
          exchange.setTenantAttribute('first.shared', 'for both');
          exchange.setAttribute('first.shared', 'for the operator');
          exchange.setAttribute('last.shared', 'for the operator');
          exchange.setTenantAttribute('last.shared', 'for both');
          response.end();
        },
      },
      [undefined],
    );
    const expected = { 'first.shared': 'for the operator', 'last.shared': 'for both' };
    expect(gateway.operator.spans[0]?.attributes).toMatchObject(expected);
    expect(gateway.operator.logs[0]?.attributes).toMatchObject(expected);
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({
      'first.shared': 'for both',
      'last.shared': 'for both',
    });
  });

  it('never gets runtime logs, custom spans, custom metrics or exception details', async () => {
    const gateway = await serve(
      {
        adapter: { tenant: 'acme' },
        listener(_request, response, exchange) {
          const { tracer, logger, meter } = gateway0.telemetry;
          tracer.startActiveSpan('canary-span', (span) => {
            logger.emit({ severityNumber: 9, body: 'canary-log' });
            span.recordException(new Error('canary-exception'));
            span.end();
          });
          meter.createCounter('canary.counter').add(1);
          exchange.span.recordException(new Error('canary-exception'));
          exchange.recordError(new Error('canary-error'));
          response.writeHead(500).end();
        },
      },
      [],
    );
    const gateway0 = gateway;
    await send(gateway.url);
    await gateway.flush();
    for (const { bytes } of gateway.acme.requests) {
      expect(Buffer.from(bytes).toString('latin1')).not.toContain('canary');
    }
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.operator.spans.map(({ name }) => name).sort()).toEqual(['GET', 'canary-span']);
    expect(gateway.operator.logs.map(({ body }) => body)).toContain('canary-log');
    expect(gateway.operator.metricPoints.map(({ name }) => name)).toContain('canary.counter');
  });

  it('has its records decided at the end, by what the exchange was told last', async () => {
    const gateway = await serve(
      {
        adapter: { tenant: 'globex' },
        listener(_request, response, exchange) {
          exchange.setTenant('globex');
          exchange.setTenant('acme');
          response.end();
        },
      },
      [undefined],
    );
    expect([gateway.acme.logs.length, gateway.globex.logs.length]).toEqual([1, 0]);
  });

  it('is nobody after setTenant(undefined), whatever the option says', async () => {
    const gateway = await serve(
      {
        adapter: { tenant: 'acme' },
        listener(_request, response, exchange) {
          exchange.setTenant(undefined);
          response.end();
        },
      },
      [undefined],
    );
    expect(gateway.acme.requests).toEqual([]);
    expect(gateway.operator.spans[0]?.attributes).not.toHaveProperty('knoxcall.tenant_id');
  });

  it.each([
    ['too long', 'x'.repeat(129)],
    ['empty', ''],
    ['not a string', 17],
    ['too long in bytes', 'ä'.repeat(65)],
  ])('with an id that is %s is nobody, and that is reported', async (_what, id) => {
    const gateway = await serve({ adapter: { tenant: () => id as string } }, [undefined]);
    expect(gateway.operator.spans[0]?.attributes).not.toHaveProperty('knoxcall.tenant_id');
    expect(gateway.operator.logs[0]?.attributes).not.toHaveProperty('knoxcall.tenant_id');
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['tenant_id_invalid']);
  });

  it('is served without any operator', async () => {
    const gateway = await serve({ operator: null }, ['acme', undefined]);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.operator.requests).toEqual([]);
  });
});

describe('several destinations of one owner', () => {
  it('get the same records each', async () => {
    const gateway = await startGateway({ adapter: { tenant: 'acme' } });
    gateway.telemetry.setTenant('acme', [
      { endpoint: gateway.acme.url },
      { name: 'second', endpoint: gateway.globex.url, serviceName: 'second' },
    ]);
    await send(gateway.url);
    await gateway.flush();
    const [first] = gateway.acme.logs;
    const [second] = gateway.globex.logs;
    expect(second?.attributes).toEqual(first?.attributes);
    expect(second?.timeUnixNano).toBe(first?.timeUnixNano);
    expect(second?.resource).toMatchObject({
      'service.name': 'second',
      'service.instance.id': first?.resource['service.instance.id'],
    });
  });
});
