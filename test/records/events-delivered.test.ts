/** Webhooks and security events on their way: ordinary records, redacted, counted, retried and lost as all others. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayTelemetry, Redact } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';

const CANARY = 'canary-4711';
const forTenants = { tenantRecords: { webhooks: true, securityEvents: true } };

/** One of each, for acme. */
function recordBoth({ telemetry }: { telemetry: GatewayTelemetry }): void {
  const attributes = { plan: CANARY };
  telemetry
    .webhook({ tenant: 'acme', eventType: `${CANARY}.created`, url: `http://${CANARY}.example/`, attributes })
    .end({ statusCode: 200 });
  telemetry.securityEvent({
    name: 'auth.denied',
    outcome: 'denied',
    tenant: 'acme',
    reason: CANARY,
    attributes,
  });
}

const textOf = ({ requests }: OtlpReceiver): string =>
  Buffer.concat(requests.map(({ bytes }) => bytes)).toString('latin1');

describe('the option redact', () => {
  it('sees each copy of each of them', async () => {
    const seen: string[] = [];
    const redact: Redact = (item) => {
      seen.push(`${item.signal} to ${item.audience}: ${item.name}`);
      for (const [key, value] of Object.entries(item.attributes))
        if (typeof value === 'string') item.attributes[key] = value.replaceAll(CANARY, '***');
      if (typeof item.body === 'string') item.body = item.body.replaceAll(CANARY, '***');
    };
    const gateway = await startGateway({ options: { ...forTenants, redact } });
    recordBoth(gateway);
    await gateway.flush();
    expect(seen.sort()).toEqual([
      'log to operator: knoxcall.security.auth.denied',
      'log to operator: knoxcall.webhook.delivery',
      'log to tenant: knoxcall.security.auth.denied',
      'log to tenant: knoxcall.webhook.delivery',
      'span to operator: POST',
      'span to operator: knoxcall.security.auth.denied',
    ]);
    expect(gateway.operator.logs).toHaveLength(2);
    expect(gateway.acme.logs).toHaveLength(2);
    expect(textOf(gateway.operator) + textOf(gateway.acme)).not.toContain(CANARY);
  });

  it('that fails lets none of them out, and they are counted', async () => {
    const redact: Redact = () => {
      throw new Error(CANARY);
    };
    const gateway = await startGateway({ options: { ...forTenants, redact } });
    recordBoth(gateway);
    await gateway.flush();
    const { operator: receiver, acme } = gateway;
    expect([...receiver.logs, ...receiver.spans, ...acme.logs]).toEqual([]);
    const { operator } = gateway.telemetry.status();
    expect(operator[0]?.signals.logs?.ledger.dropped).toEqual({ redaction_failed: 2 });
    expect(operator[0]?.signals.traces?.ledger.dropped).toEqual({ redaction_failed: 2 });
    expect(gateway.telemetry.status('acme').destinations[0]?.signals.logs?.ledger.dropped).toEqual({
      redaction_failed: 2,
    });
  });
});

describe('the account', () => {
  it('has them as accepted and delivered, of both', async () => {
    const gateway = await startGateway({ options: forTenants });
    recordBoth(gateway);
    recordBoth(gateway);
    await gateway.flush();
    const { operator } = gateway.telemetry.status();
    expect(operator[0]?.signals.logs?.ledger).toMatchObject({ accepted: 4, delivered: 4 });
    expect(operator[0]?.signals.traces?.ledger).toMatchObject({ accepted: 4, delivered: 4 });
    const acme = gateway.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
    expect(acme).toMatchObject({ accepted: 4, delivered: 4 });
  });

  it('has those that a collector refuses as rejected', async () => {
    const gateway = await startGateway({ options: forTenants });
    gateway.acme.answerWith({ signal: 'logs', status: 400, times: 1 });
    recordBoth(gateway);
    await gateway.flush();
    const acme = gateway.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
    expect(acme).toMatchObject({ accepted: 2, delivered: 0 });
    expect(gateway.operator.logs).toHaveLength(2);
  });

  it('counts nothing in the request metrics: nobody has requested them', async () => {
    const gateway = await startGateway({ options: forTenants });
    recordBoth(gateway);
    await gateway.flush();
    expect(gateway.operator.metricPoints.filter(({ name }) => name.includes('.proxy.'))).toEqual([]);
    expect(gateway.acme.metricPoints).toEqual([]);
  });
});

describe('a tenant that is looked up', () => {
  it('gets what came before the answer', async () => {
    const receiver = await startOtlpReceiver();
    const telemetry = createGatewayTelemetry({
      ...forTenants,
      env: false,
      tenantEgress: 'open',
      async tenants() {
        await pause(20);
        return { endpoint: receiver.url };
      },
    });
    try {
      recordBoth({ telemetry });
      await telemetry.flush();
      expect(receiver.logs.map(({ eventName }) => eventName)).toEqual([
        'knoxcall.webhook.delivery',
        'knoxcall.security.auth.denied',
      ]);
    } finally {
      await telemetry.shutdown();
      await receiver.close();
    }
  });

  it('is not asked for any more after shutdown', async () => {
    const asked: string[] = [];
    const telemetry = createGatewayTelemetry({
      ...forTenants,
      env: false,
      tenants: async (id) => {
        asked.push(id);
        return null;
      },
    });
    const late = telemetry.webhook({ tenant: 'late', eventType: 'a', url: 'http://a.example' });
    await telemetry.shutdown();
    late.end({ statusCode: 200 });
    recordBoth({ telemetry });
    await pause(20);
    expect(asked).toEqual([]);
  });
});

it('several instances in one process share nothing', async () => {
  const [first, second] = await Promise.all([startGateway(), startGateway()]);
  for (let index = 0; index < 200; index++)
    first.telemetry.securityEvent({ name: `event.number_${index}`, outcome: 'success' });
  second.telemetry.securityEvent({ name: 'auth.denied', outcome: 'denied' });
  await second.flush();
  expect(second.operator.logs.map(({ eventName }) => eventName)).toEqual(['knoxcall.security.auth.denied']);
  await first.flush();
  expect(first.operator.logs).toHaveLength(200);
});
