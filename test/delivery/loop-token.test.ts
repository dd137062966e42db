/** A tenant that aims its telemetry at the gateway: what comes back is not recorded for it once more. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGatewayTelemetry, type ReadableHeaders, type WritableHeaders } from '../../src/index.js';
import { startOtlpReceiver, type OtlpReceiver } from '../../src/testing/index.js';
import { eventually, expectLaw, marksAt, requestsCounted, send, withTelemetry } from './support.js';

const LOOP = 'gateway-otel-loop';
const TENANTS = ['acme', 'globex'];

async function receiver(): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver();
  onTestFinished(() => started.close());
  return started;
}

describe('an export of a tenant', () => {
  it('carries a token, and is not recorded for that tenant when it comes back; the operator sees it', async () => {
    const [operator, acme, globex] = [await receiver(), await receiver(), await receiver()];
    const options = {
      operator: { endpoint: operator.url },
      tenants: { acme: { endpoint: acme.url }, globex: { endpoint: globex.url } },
    };
    await withTelemetry(options, async (telemetry) => {
      const arrive = (tenantId: string, mark: string, headers: ReadableHeaders): void => {
        const exchange = telemetry.begin({ method: 'POST', url: `/r/${mark}`, headers });
        exchange.setTenant(tenantId);
        exchange.end({ statusCode: 200 });
      };
      send(telemetry, 'acme', 'first');
      await telemetry.flush();
      await eventually(() => expect(acme.logs).toHaveLength(1));
      const token = acme.requests[0]?.headers[LOOP] ?? '';
      expect(token).toMatch(/^[\w-]{22}$/);

      arrive('acme', 'object', { host: 'h', [LOOP]: token });
      arrive('acme', 'pairs', [
        ['Host', 'h'],
        ['Gateway-Otel-Loop', token],
      ]);
      arrive('acme', 'flat', ['Host', 'h', 'Gateway-Otel-Loop', token]);
      arrive('acme', 'fetch', new Headers({ [LOOP]: token }));
      arrive('acme', 'forged', { [LOOP]: token.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')) });
      arrive('acme', 'several', { [LOOP]: [token, token] });
      // Whoever sees a tenant's tokens hides nothing from another one with them.
      arrive('globex', 'foreign', { [LOOP]: token });
      await telemetry.flush();

      expect(marksAt(acme).sort()).toEqual(['first', 'forged', 'several']);
      expect(marksAt(globex)).toEqual(['foreign']);
      expect(marksAt(operator).sort()).toEqual(
        ['fetch', 'first', 'flat', 'foreign', 'forged', 'object', 'pairs', 'several'].sort(),
      );
      expect(operator.spans).toHaveLength(8);
      expect(requestsCounted(acme)).toBe(3);
      expect(requestsCounted(globex)).toBe(1);
      expect(requestsCounted(operator)).toBe(8);
      expect(requestsCounted(operator, 'acme')).toBe(3);
      // Not the operator's, and not for anybody who wants to try a destination.
      for (const { headers } of operator.requests) expect(headers[LOOP]).toBeUndefined();
      const tried = await receiver();
      await telemetry.testDestination({ endpoint: tried.url });
      for (const { headers } of tried.requests) expect(headers[LOOP]).toBeUndefined();
      expectLaw(telemetry, TENANTS);
    });
  });

  it('has a token for each attempt, which no header of a tenant replaces', async () => {
    const at = await receiver();
    for (const headers of [{ 'Gateway-Otel-Loop': 'x' }, `${LOOP}=x`])
      await withTelemetry({}, async (telemetry) =>
        expect(() => telemetry.setTenant('acme', { endpoint: at.url, headers })).toThrow('exporter owns it'),
      );
    const headers = () => Promise.resolve({ [LOOP]: 'x' });
    await withTelemetry({ tenants: { acme: { endpoint: at.url, headers } } }, async (telemetry) => {
      send(telemetry, 'acme', 1);
      await telemetry.flush();
      expect(telemetry.status('acme').destinations[0]?.signals.logs?.lastError).toBe('headers');
      expect(at.requests).toHaveLength(0);
      expectLaw(telemetry, TENANTS);
    });
  });
});

describe('a token that came in', () => {
  it.each<[string, () => WritableHeaders, (headers: WritableHeaders) => string[]]>([
    ['an object', () => ({ [LOOP]: 'x', accept: '*/*' }), (headers) => Object.keys(headers)],
    [
      'pairs',
      () => [
        ['Gateway-Otel-Loop', 'x'],
        ['accept', '*/*'],
      ],
      (headers) => (headers as [string, string][]).map(([name]) => name),
    ],
    [
      'Headers',
      () => new Headers({ [LOOP]: 'x', accept: '*/*' }),
      (headers) => [...(headers as Headers).keys()],
    ],
  ])('is not passed on to the upstream in %s', (_what, make, namesOf) => {
    const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: 'http://127.0.0.1:9' } });
    onTestFinished(() => void telemetry.shutdown({ timeoutMs: 0 }));
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: { [LOOP]: 'x' } });
    for (const inject of [exchange, exchange.startUpstreamCall()]) {
      const headers = make();
      inject.inject(headers);
      expect(namesOf(headers).map((name) => name.toLowerCase())).toEqual(['accept', 'traceparent']);
    }
    const frozen = Object.freeze({ [LOOP]: 'x' });
    expect(() => exchange.inject(frozen)).not.toThrow();
    exchange.end({ statusCode: 200 });
  });
});
