/** Metrics of calls to models as destinations get them: the operator's, and a tenant's own. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayOptions, GatewayTelemetry, GenAiEnd, GenAiOptions } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { deferred } from '../support/deferred.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const DURATION = 'gen_ai.client.operation.duration';
const TOKENS = 'gen_ai.client.token.usage';
const FIRST_CHUNK = 'gen_ai.client.operation.time_to_first_chunk';
const TO_TENANTS: GatewayOptions = { tenantRecords: { genAi: true } };

const CHAT: GenAiOptions = { operation: 'chat', provider: 'openai', model: 'gpt-4o', tenant: 'acme' };
const ANSWER: GenAiEnd = {
  statusCode: 200,
  model: 'gpt-4o-2024-08-06',
  usage: { inputTokens: 120, outputTokens: 45 },
};

/** One that began so long ago. */
function call(
  telemetry: GatewayTelemetry,
  {
    options = CHAT,
    end = ANSWER,
    msAgo = 0,
  }: { options?: GenAiOptions; end?: GenAiEnd; msAgo?: number } = {},
): void {
  telemetry.genAi({ ...options, startTimeMs: Date.now() - msAgo }).end(end);
}

const named = ({ metricPoints }: OtlpReceiver, name: string): readonly ReceivedMetricPoint[] =>
  metricPoints.filter((point) => point.name === name);

const ofCalls = ({ metricPoints }: OtlpReceiver): readonly ReceivedMetricPoint[] =>
  metricPoints.filter(({ name }) => /^(?:gen_ai|mcp)\./.test(name));

const countsOf = (points: readonly ReceivedMetricPoint[]): unknown[] => points.map(({ count }) => count);

const valuesOf = (receiver: OtlpReceiver, metric: string): unknown[] =>
  named(receiver, metric).map(({ unit, value, attributes }) => [unit, value, { ...attributes }]);

describe('the operator', () => {
  it.each(['cumulative', 'delta'] as const)('gets sums that are exact: %s', async (temporality) => {
    const gateway = await startGateway({ operator: { temporality } });
    const { telemetry, operator } = gateway;
    call(telemetry, { msAgo: 1_500 });
    call(telemetry, { msAgo: 3_000, end: { ...ANSWER, usage: { inputTokens: 5, outputTokens: 0 } } });
    await gateway.flush();
    call(telemetry, { end: { ...ANSWER, usage: { inputTokens: 1 } } });
    await gateway.flush();
    const [first, second] = named(operator, DURATION);
    expect(first).toMatchObject({ unit: 's', type: 'histogram', temporality, count: 2 });
    expect(first?.sum).toBeGreaterThan(4.4);
    expect(first?.sum).toBeLessThan(6);
    expect(second?.count).toBe(temporality === 'delta' ? 1 : 3);
    const tokens = named(operator, TOKENS).map(({ attributes, count, sum }) => [
      attributes['gen_ai.token.type'],
      count,
      sum,
    ]);
    expect(tokens).toEqual(
      temporality === 'delta'
        ? [
            ['input', 2, 125],
            ['output', 2, 45],
            ['input', 1, 1],
          ]
        : [
            ['input', 2, 125],
            ['output', 2, 45],
            ['input', 3, 126],
            ['output', 2, 45],
          ],
    );
    expect(named(operator, TOKENS)[0]).toMatchObject({ unit: '{token}', min: 5, max: 120 });
    expect(named(operator, FIRST_CHUNK)).toEqual([]);
    expect(ofCalls(gateway.acme)).toEqual([]);
  });

  it('gets the time to the first chunk of streams only', async () => {
    const gateway = await startGateway();
    for (const stream of [true, false]) {
      const one = gateway.telemetry.genAi({
        ...CHAT,
        request: { stream },
        startTimeMs: Date.now() - 2_000,
      });
      one.firstChunk();
      one.end(ANSWER);
    }
    await gateway.flush();
    const points = named(gateway.operator, FIRST_CHUNK);
    expect(points).toMatchObject([{ unit: 's', count: 1 }]);
    // The clocks of host and library agree to a few milliseconds.
    expect(points[0]?.sum).toBeGreaterThan(1.9);
    expect(points[0]?.attributes['error.type']).toBeUndefined();
  });

  it('is told of a failure by what failed', async () => {
    const gateway = await startGateway();
    call(gateway.telemetry);
    call(gateway.telemetry, { end: { statusCode: 429 } });
    call(gateway.telemetry, { end: { error: 'upstream_timeout' } });
    call(gateway.telemetry, { options: { ...CHAT, model: 'gpt-5000' }, end: { statusCode: 404 } });
    await gateway.flush();
    const told = named(gateway.operator, DURATION).map(({ attributes }) => [
      attributes['gen_ai.request.model'],
      attributes['error.type'],
    ]);
    expect(told).toEqual([
      ['gpt-4o', undefined],
      ['gpt-4o', '429'],
      ['gpt-4o', 'upstream_timeout'],
      ['_OTHER', '404'],
    ]);
    // Those that nobody has counted are no value.
    expect(named(gateway.operator, TOKENS)).toHaveLength(2);
  });

  it('has a call counted when its trace is not sampled, and an exemplar when it is', async () => {
    for (const ratio of [0, 1]) {
      const gateway = await startGateway({ options: { sampling: { ratio } } });
      const one = gateway.telemetry.genAi(CHAT);
      one.end(ANSWER);
      await gateway.flush();
      expect(gateway.operator.spans).toHaveLength(ratio);
      const [point] = named(gateway.operator, DURATION);
      expect(point?.count).toBe(1);
      expect(point?.exemplars?.map(({ traceId, spanId }) => [traceId, spanId])).toEqual(
        ratio === 0 ? [] : [[one.traceId, one.spanId]],
      );
      expect(named(gateway.operator, TOKENS)[0]?.exemplars).toEqual([]);
    }
  });

  it('has calls by the Model Context Protocol apart', async () => {
    const gateway = await startGateway();
    const { telemetry } = gateway;
    const options: GenAiOptions = {
      mcp: { method: 'tools/call', side: 'server', protocolVersion: '2025-06-18', transport: 'tcp' },
      tool: { name: 'search' },
      tenant: 'acme',
    };
    call(telemetry, { options, end: {} });
    call(telemetry, { options, end: { error: { code: -32602, message: 'no such thing' } } });
    call(telemetry, { options: { ...options, mcp: { method: 'tools/list' } }, end: {} });
    await gateway.flush();
    const common = {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'search',
      'mcp.protocol.version': '2025-06-18',
      'network.transport': 'tcp',
      'knoxcall.tenant_id': 'acme',
    };
    expect(
      named(gateway.operator, 'mcp.server.operation.duration').map(({ attributes }) => attributes),
    ).toEqual([common, { ...common, 'error.type': '-32602', 'rpc.response.status_code': '-32602' }]);
    expect(countsOf(named(gateway.operator, 'mcp.client.operation.duration'))).toEqual([1]);
    expect(named(gateway.operator, DURATION)).toEqual([]);
  });
});

describe('what calls cost', () => {
  const price = (): number => 0.25;

  it('is counted once, of a call in an exchange and of one alone', async () => {
    const gateway = await startGateway({
      options: { genAi: { price }, metrics: { attribution: ['team'] }, tenantRecords: { genAi: true } },
      adapter: { tenant: 'acme' },
      listener: (_request, response, exchange) => {
        exchange.setAttribution({ team: 'search' });
        exchange.recordCost({ amount: 1, provider: 'up' });
        for (let number = 0; number < 20; number++)
          call(gateway.telemetry, { options: { ...CHAT, tenant: undefined } });
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.idle();
    call(gateway.telemetry);
    await gateway.flush();
    const model = 'gpt-4o-2024-08-06';
    const paid = {
      'knoxcall.cost.currency': 'USD',
      'knoxcall.cost.provider': 'openai',
      'knoxcall.cost.model': model,
    };
    expect(valuesOf(gateway.operator, 'knoxcall.cost')).toEqual([
      ['USD', 5, { ...paid, 'knoxcall.team': 'search' }],
      [
        'USD',
        1,
        { 'knoxcall.cost.currency': 'USD', 'knoxcall.cost.provider': 'up', 'knoxcall.team': 'search' },
      ],
      ['USD', 0.25, paid],
    ]);
    expect(valuesOf(gateway.acme, 'knoxcall.cost')).toEqual([]);
  });

  it('reaches the tenant where the host says so', async () => {
    const gateway = await startGateway({
      options: { genAi: { price }, tenantRecords: { genAi: 'with_cost' } },
    });
    const one = gateway.telemetry.genAi(CHAT);
    one.setAttribution({ team: 'operators-own' });
    one.recordPolicy({ name: 'operators-policy', result: 'passed' });
    one.end(ANSWER);
    await gateway.flush();
    expect(valuesOf(gateway.acme, 'knoxcall.cost')).toEqual([
      [
        'USD',
        0.25,
        {
          'knoxcall.cost.currency': 'USD',
          'knoxcall.cost.provider': 'openai',
          'knoxcall.cost.model': 'gpt-4o-2024-08-06',
        },
      ],
    ]);
    expect(named(gateway.acme, 'knoxcall.policy.evaluations')).toEqual([]);
    expect(named(gateway.operator, 'knoxcall.policy.evaluations')).toHaveLength(1);
  });
});

describe('a tenant', () => {
  it('gets its own calls, without its id, and nobody else’s', async () => {
    const gateway = await startGateway({ options: TO_TENANTS, acme: { temporality: 'delta' } });
    const { telemetry, acme, globex } = gateway;
    call(telemetry, { options: { ...CHAT, model: 'canary-acme' } });
    call(telemetry, { options: { ...CHAT, model: 'canary-globex', tenant: 'globex' } });
    call(telemetry, { options: { ...CHAT, model: 'canary-nobody', tenant: null } });
    await gateway.flush();
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'canary-acme',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
    };
    expect(ofCalls(acme).map((point) => [point.name, point.temporality, point.attributes])).toEqual([
      [DURATION, 'delta', attributes],
      [TOKENS, 'delta', { 'gen_ai.token.type': 'input', ...attributes }],
      [TOKENS, 'delta', { 'gen_ai.token.type': 'output', ...attributes }],
    ]);
    expect(ofCalls(globex).map(({ temporality }) => temporality)).toEqual(Array(3).fill('cumulative'));
    for (const point of ofCalls(acme)) expect(point.exemplars ?? []).toEqual([]);
    for (const [receiver, canary] of [
      [acme, 'canary-acme'],
      [globex, 'canary-globex'],
    ] as const)
      for (const { bytes } of receiver.requests)
        expect(
          Buffer.from(bytes)
            .toString('latin1')
            .match(/canary-\w+/g) ?? [],
        ).not.toContainEqual(expect.not.stringMatching(canary));
  });

  it('gets them where there is no operator, and loses none in an outage', async () => {
    const gateway = await startGateway({
      options: TO_TENANTS,
      operator: null,
      acme: { temporality: 'delta' },
    });
    const { telemetry, acme } = gateway;
    call(telemetry);
    await gateway.flush();
    const [before] = named(acme, DURATION);
    acme.answerWith({ signal: 'metrics', status: 503, times: 1 });
    call(telemetry);
    await telemetry.flush({ timeoutMs: 50 });
    call(telemetry);
    await gateway.flush();
    await gateway.flush();
    const points = named(acme, DURATION).slice(1);
    expect(points.reduce((sum, { count }) => sum + Number(count), 0)).toBeGreaterThanOrEqual(2);
    expect(points[0]?.startTimeUnixNano).toBe(before?.timeUnixNano);
  });

  it('misses no call that ends while its destinations are looked up', async () => {
    const [operator, acme] = await Promise.all([startOtlpReceiver(), startOtlpReceiver()]);
    const answer = deferred();
    const telemetry = createGatewayTelemetry({
      env: false,
      tenantEgress: 'open',
      tenantRecords: { genAi: true },
      metrics: { intervalMs: 86_400_000, forgetAfterMs: 1_000 },
      operator: { endpoint: operator.url },
      async tenants(id) {
        if (id !== 'acme') return null;
        await answer.promise;
        return { endpoint: acme.url };
      },
    });
    onTestFinished(async () => {
      await telemetry.shutdown();
      await Promise.all([operator.close(), acme.close()]);
    });
    // No request has asked for this tenant.
    for (let number = 0; number < 3; number++) call(telemetry);
    call(telemetry, { options: { ...CHAT, tenant: 'unknown' } });
    await pause(20);
    call(telemetry);
    answer.resolve();
    await pause(20);
    call(telemetry);
    await telemetry.flush();
    expect(countsOf(named(acme, DURATION))).toEqual([5]);
    expect(named(operator, DURATION).reduce((sum, { count }) => sum + Number(count), 0)).toBe(6);
  });

  it('gets what its next destination has seen, after a move', async () => {
    const gateway = await startGateway({ options: TO_TENANTS });
    call(gateway.telemetry);
    await gateway.flush();
    gateway.telemetry.setTenant('acme', { endpoint: gateway.globex.url });
    call(gateway.telemetry);
    await gateway.flush();
    expect(countsOf(named(gateway.acme, DURATION))).toEqual([1]);
    expect(countsOf(named(gateway.globex, DURATION))).toEqual([1]);
  });

  it('gets nothing of it without the option', async () => {
    const gateway = await startGateway();
    call(gateway.telemetry);
    await gateway.flush();
    expect(gateway.acme.metricPoints).toEqual([]);
    expect(countsOf(named(gateway.operator, DURATION))).toEqual([1]);
  });
});

it.each([1, 'yes', {}])('tenantRecords.genAi is not %j', (genAi) => {
  expect(() => createGatewayTelemetry({ env: false, tenantRecords: { genAi } as never })).toThrow(
    "tenantRecords.genAi must be true, false or 'with_cost'",
  );
});

it.each([
  [{ models: 'gpt' }, 'genAi.models must be an array'],
  [{ models: [''] }, 'genAi.models[0] must not be empty'],
  [{ models: Array(1_001).fill('m') }, 'genAi.models must have at most 1000 entries'],
])('genAi is not %j', (genAi, message) => {
  expect(() => createGatewayTelemetry({ env: false, genAi: genAi as never })).toThrow(message);
});
