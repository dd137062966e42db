import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Exchange } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

/** A gateway after one request of acme's, whose handler has told this. */
async function told(tell: (exchange: Exchange) => void, setup: GatewaySetup = {}): Promise<TestGateway> {
  const gateway = await startGateway({
    adapter: { tenant: 'acme' },
    ...setup,
    listener(_request, response, exchange) {
      tell(exchange);
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  expect(gateway.operator.logs).toHaveLength(1);
  return gateway;
}

const onSpan = (gateway: TestGateway): Record<string, unknown> => gateway.operator.spans[0]?.attributes ?? {};
const onLog = (gateway: TestGateway): Record<string, unknown> => gateway.operator.logs[0]?.attributes ?? {};

describe('policy, cost and quality', () => {
  it('show no key that was taken for a name', async () => {
    const key = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789';
    const gateway = await told((exchange) => {
      exchange.recordCost({ amount: 2, provider: key, model: key });
      exchange.recordPolicy({ name: key, result: 'warning' });
      exchange.recordEvaluation({ name: key, score: 1 });
      exchange.setBudget({ name: key, utilization: 80 });
      exchange.setAttribution({ team: key, customerId: key, project: key });
    });
    expect(inspect([gateway.operator.spans, gateway.operator.logs], { depth: 9 })).not.toContain(key);
  });

  it("stand on the operator's span and log record under the names that GenOps collectors know", async () => {
    const gateway = await told(
      (exchange) => {
        exchange.recordPolicy({ name: 'pii', result: 'blocked', reason: 'a card number' });
        exchange.recordCost({ amount: 2, provider: 'openai', model: 'gpt-4' });
        exchange.recordEvaluation({ name: 'faithfulness', score: 1, threshold: 0.8 });
        exchange.setBudget({ name: 'q3', utilization: 80 });
        exchange.setAttribution({ team: 'search', customerId: 'c-7' });
        exchange.setAttribution({ project: 'atlas' });
      },
      { options: { governanceNamespace: 'genops' } },
    );
    const expected = {
      'genops.policy.name': 'pii',
      'genops.policy.result': 'blocked',
      'genops.policy.reason': 'a card number',
      'genops.cost.total': 2,
      'genops.cost.currency': 'USD',
      'genops.cost.provider': 'openai',
      'genops.cost.model': 'gpt-4',
      'genops.eval.metric_name': 'faithfulness',
      'genops.eval.score': 1,
      'genops.eval.threshold': 0.8,
      'genops.eval.passed': true,
      'genops.budget.name': 'q3',
      'genops.budget.utilization': 80,
      'genops.team': 'search',
      'genops.customer_id': 'c-7',
      'genops.project': 'atlas',
    };
    expect(onSpan(gateway)).toMatchObject(expected);
    expect(onLog(gateway)).toMatchObject(expected);
  });

  it('have the namespace of the instance by default, and are doubles also when they are whole', async () => {
    const gateway = await told((exchange) => {
      exchange.recordCost({ amount: 3 });
      exchange.recordEvaluation({ name: 'tone', score: 1 });
    });
    expect(onSpan(gateway)).toMatchObject({ 'knoxcall.cost.total': 3, 'knoxcall.eval.score': 1 });
    // int_value is field 3 of AnyValue, double_value field 4: tag 0x21, then the 8 bytes of the number.
    const double = (value: number): Buffer => {
      const bytes = Buffer.alloc(9, 0x21);
      bytes.writeDoubleLE(value, 1);
      return bytes;
    };
    for (const signal of ['traces', 'logs'] as const) {
      const payload = gateway.operator.requests.find((request) => request.signal === signal);
      expect(Buffer.from(payload?.bytes ?? []).includes(double(3)), signal).toBe(true);
    }
  });

  it('never reach a tenant', async () => {
    const gateway = await told((exchange) => {
      exchange.setTenantAttribute('plan', 'gold');
      exchange.recordPolicy({ name: 'canary-policy', result: 'warning', reason: 'canary-reason' });
      exchange.recordCost({ amount: 1, provider: 'canary-provider' });
      exchange.recordEvaluation({ name: 'canary-evaluation', score: 1 });
      exchange.setBudget({ name: 'canary-budget', utilization: 1 });
      exchange.setAttribution({ team: 'canary-team' });
    });
    expect(gateway.acme.logs).toHaveLength(1);
    expect(inspect([gateway.acme.logs, gateway.acme.metricPoints], { depth: null })).not.toMatch(
      /canary|policy|cost|eval|budget|team/,
    );
    expect(onLog(gateway)).toMatchObject({ plan: 'gold', 'knoxcall.team': 'canary-team' });
  });

  it('of several of a kind: the worst stands out, each one is an event of the span', async () => {
    const gateway = await told((exchange) => {
      exchange.recordPolicy({ name: 'rate', result: 'passed' });
      exchange.recordPolicy({ name: 'pii', result: 'blocked' });
      exchange.recordPolicy({ name: 'tone', result: 'warning' });
      exchange.recordCost({ amount: 0.25, provider: 'openai', model: 'small' });
      exchange.recordCost({ amount: 0.5, provider: 'anthropic', model: 'large' });
      exchange.recordCost({ amount: 9, currency: 'EUR', provider: 'other' });
      exchange.recordEvaluation({ name: 'relevance', score: 0.9, threshold: 0.5 });
      exchange.recordEvaluation({ name: 'toxicity', score: 0.7, threshold: 0.1, passed: false });
      exchange.recordEvaluation({ name: 'brevity', score: 0.2 });
    });
    expect(onLog(gateway)).toMatchObject({
      'knoxcall.policy.name': 'pii',
      'knoxcall.policy.result': 'blocked',
      'knoxcall.policy.names': ['rate', 'pii', 'tone'],
      'knoxcall.policy.results': ['passed', 'blocked', 'warning'],
      'knoxcall.cost.total': 0.75,
      'knoxcall.cost.provider': 'anthropic',
      'knoxcall.cost.model': 'large',
      'knoxcall.eval.metric_name': 'toxicity',
      'knoxcall.eval.passed': false,
    });
    const events = gateway.operator.spans[0]?.events ?? [];
    expect(events.map(({ name }) => name)).toEqual([
      ...Array<string>(3).fill('knoxcall.policy'),
      ...Array<string>(3).fill('knoxcall.cost'),
      ...Array<string>(3).fill('knoxcall.evaluation'),
    ]);
    expect(events[5]?.attributes).toMatchObject({
      'knoxcall.cost.amount': 9,
      'knoxcall.cost.currency': 'EUR',
    });
  });

  it('are bounded, and what is beyond still counts', async () => {
    const gateway = await told((exchange) => {
      for (let count = 0; count < 40; count++) {
        exchange.recordPolicy({ name: `policy ${count}`, result: count === 39 ? 'blocked' : 'passed' });
        exchange.recordCost({ amount: 1 });
      }
    });
    expect(onSpan(gateway)).toMatchObject({ 'knoxcall.policy.name': 'policy 39', 'knoxcall.cost.total': 40 });
    expect(onSpan(gateway)['knoxcall.policy.names']).toHaveLength(16);
    expect(gateway.operator.spans[0]?.events).toHaveLength(32);
    expect(gateway.operator.spans[0]?.droppedEventsCount).toBe(48);
  });

  it('cut texts and lose control characters', async () => {
    const gateway = await told((exchange) =>
      exchange.recordPolicy({
        name: `a\u0000b${'x'.repeat(9_999)}`,
        result: 'passed',
        reason: 'y'.repeat(9_999),
      }),
    );
    expect(onLog(gateway)['knoxcall.policy.name']).toMatch(/^abx{253}$/);
    expect(onLog(gateway)['knoxcall.policy.reason']).toHaveLength(1024);
  });

  it('what makes no fact is reported and leaves no trace, whatever it is', async () => {
    const throwing = new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
      },
    );
    const junk: unknown[] = [undefined, null, 7, 'text', {}, throwing, { name: 'x', result: 'constructor' }];
    const gateway = await told((exchange) => {
      for (const one of [...junk, { name: '', result: 'passed' }]) exchange.recordPolicy(one as never);
      for (const one of [...junk, { amount: -1 }, { amount: Number.NaN }, { amount: 1e308 }, { amount: '1' }])
        exchange.recordCost(one as never);
      for (const one of [...junk, { name: 'x', score: Infinity }]) exchange.recordEvaluation(one as never);
      for (const one of junk) exchange.setBudget(one as never);
      for (const one of [undefined, null, throwing]) exchange.setAttribution(one as never);
    });
    const custom = /policy|cost|eval|budget|team|project/;
    expect(Object.keys({ ...onSpan(gateway), ...onLog(gateway) }).filter((key) => custom.test(key))).toEqual(
      [],
    );
    expect(gateway.operator.spans[0]?.events).toEqual([]);
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('callback_failed');
  });

  it('a fault of the option is one sentence', () => {
    expect(() => createGatewayTelemetry({ env: false, governanceNamespace: '9' })).toThrow(
      /^governanceNamespace must begin with a letter/,
    );
  });
});
