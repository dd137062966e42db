/** Counters of policies and costs: for the operator, with capped dimensions. */
import { expect, it } from 'vitest';
import type { Exchange, GatewayOptions } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';

function request({ telemetry }: TestGateway, tell: (exchange: Exchange) => void): void {
  const exchange = telemetry.begin({ method: 'POST', url: '/', headers: {} });
  exchange.setTenant('acme');
  tell(exchange);
  exchange.end({ statusCode: 200 });
}

function valuesOf({ metricPoints }: OtlpReceiver, metric: string): unknown[] {
  return metricPoints
    .filter(({ name }) => name === metric)
    .map(({ unit, value, attributes }) => [unit, value, { ...attributes }]);
}

const start = (options: GatewayOptions = {}, temporality: 'cumulative' | 'delta' = 'cumulative') =>
  startGateway({ options, operator: { temporality } });

it.each(['cumulative', 'delta'] as const)('count policies by name and result: %s', async (temporality) => {
  const gateway = await start({}, temporality);
  request(gateway, (exchange) => {
    exchange.recordPolicy({ name: 'pii', result: 'passed' });
    exchange.recordPolicy({ name: 'budget', result: 'blocked', reason: 'over' });
    exchange.recordPolicy({ name: 'pii', result: 'passed' });
  });
  await gateway.flush();
  request(gateway, (exchange) => exchange.recordPolicy({ name: 'pii', result: 'passed' }));
  await gateway.flush();
  const pii = { 'knoxcall.policy.name': 'pii', 'knoxcall.policy.result': 'passed' };
  const budget = { 'knoxcall.policy.name': 'budget', 'knoxcall.policy.result': 'blocked' };
  const unit = '{evaluation}';
  expect(valuesOf(gateway.operator, 'knoxcall.policy.evaluations')).toEqual(
    temporality === 'delta'
      ? [
          [unit, 2, pii],
          [unit, 1, budget],
          [unit, 1, pii],
        ]
      : [
          [unit, 2, pii],
          [unit, 1, budget],
          [unit, 3, pii],
          [unit, 1, budget],
        ],
  );
  expect(valuesOf(gateway.acme, 'knoxcall.policy.evaluations')).toEqual([]);
  const points = gateway.operator.metricPoints.filter(({ name }) => name === 'knoxcall.policy.evaluations');
  for (const point of points) expect(point).toMatchObject({ type: 'sum', isMonotonic: true, temporality });
});

it('add up costs, a metric for each currency', async () => {
  const gateway = await start();
  const openai = { provider: 'openai', model: 'gpt-4' };
  request(gateway, (exchange) => {
    exchange.recordCost({ amount: 0.25, ...openai });
    exchange.recordCost({ amount: 0.5, currency: 'EUR', provider: 'mistral' });
  });
  request(gateway, (exchange) => exchange.recordCost({ amount: 1, ...openai }));
  await gateway.flush();
  const paid = { 'knoxcall.cost.provider': 'openai', 'knoxcall.cost.model': 'gpt-4' };
  expect(valuesOf(gateway.operator, 'knoxcall.cost')).toEqual([
    ['USD', 1.25, { 'knoxcall.cost.currency': 'USD', ...paid }],
    ['EUR', 0.5, { 'knoxcall.cost.currency': 'EUR', 'knoxcall.cost.provider': 'mistral' }],
  ]);
  expect(valuesOf(gateway.acme, 'knoxcall.cost')).toEqual([]);
});

it('tell whose work it was only where that is asked for, and under the governance namespace', async () => {
  for (const attribution of [undefined, ['team', 'project'] as const]) {
    const gateway = await start({
      governanceNamespace: 'genops',
      ...(attribution !== undefined && { metrics: { attribution } }),
    });
    request(gateway, (exchange) => {
      exchange.setAttribution({ team: 'search', customerId: 'c-1', project: 'p' });
      exchange.recordCost({ amount: 2 });
      exchange.recordPolicy({ name: 'pii', result: 'warning' });
    });
    await gateway.flush();
    const own = attribution === undefined ? {} : { 'genops.team': 'search', 'genops.project': 'p' };
    expect(valuesOf(gateway.operator, 'genops.cost')).toEqual([
      ['USD', 2, { 'genops.cost.currency': 'USD', ...own }],
    ]);
    expect(valuesOf(gateway.operator, 'genops.policy.evaluations')).toEqual([
      ['{evaluation}', 1, { 'genops.policy.name': 'pii', 'genops.policy.result': 'warning', ...own }],
    ]);
  }
});

it('hold against models that a client invents, and against currencies', async () => {
  const gateway = await start({ metrics: { maxSeriesPerMetric: 10 } });
  for (let number = 0; number < 50; number++)
    request(gateway, (exchange) => exchange.recordCost({ amount: 1, model: `model-${number}\n"` }));
  for (let number = 0; number < 30; number++)
    request(gateway, (exchange) => exchange.recordCost({ amount: 1, currency: `C${number}` }));
  await gateway.flush();
  const points = gateway.operator.metricPoints.filter(({ name }) => name === 'knoxcall.cost');
  const inDollars = points.filter(({ unit }) => unit === 'USD');
  expect(inDollars).toHaveLength(6);
  expect(inDollars.reduce((sum, { value }) => sum + Number(value), 0)).toBe(50);
  expect(inDollars.filter(({ attributes }) => attributes['otel.metric.overflow'] === true)).toMatchObject([
    { value: 45 },
  ]);
  expect(new Set(points.map(({ unit }) => unit)).size).toBe(16);
  const told = gateway.diagnostics.filter(({ message }) => message.includes('currencies'));
  expect(told).toMatchObject([{ code: 'dropped', signal: 'metrics' }]);
});

it('count no rounding error as a cost', async () => {
  const gateway = await start();
  request(gateway, (exchange) => {
    for (let number = 0; number < 17; number++) exchange.recordPolicy({ name: 'pii', result: 'passed' });
    for (const amount of [0.1, 0.2]) exchange.recordCost({ amount, model: 'm' });
  });
  await gateway.flush();
  const all = { 'knoxcall.cost.currency': 'USD', 'knoxcall.cost.model': 'm' };
  expect(valuesOf(gateway.operator, 'knoxcall.cost')).toEqual([['USD', 0.1 + 0.2, all]]);
});

it('miss nothing of a request that costs many times', async () => {
  const gateway = await start();
  request(gateway, (exchange) => {
    for (let number = 0; number < 40; number++) exchange.recordCost({ amount: 0.5, model: 'm' });
  });
  await gateway.flush();
  const points = valuesOf(gateway.operator, 'knoxcall.cost') as [string, number, object][];
  expect(points.map(([, value]) => value)).toEqual([8, 12]);
});
