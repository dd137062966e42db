/** Cost, policy, budget and attribution of calls to models, and what becomes of them for the request. */
import { describe, expect, it, vi } from 'vitest';
import type { GenAiCall, GenAiPriced, GatewayOptions } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const CHAT = { operation: 'chat', provider: 'openai', model: 'gpt-4o' } as const;
const USAGE = { inputTokens: 1_000, outputTokens: 500 };
const SERVER = 2;
/** Else a model that has not answered is none that metrics show. */
const KNOWN = { models: ['gpt-4o'] };

type Price = NonNullable<NonNullable<GatewayOptions['genAi']>['price']>;

/** By the thousand. */
const price: Price = ({ usage }) => (usage.inputTokens ?? 0) / 1_000 + (usage.outputTokens ?? 0) / 100;

/** One request that makes these calls. */
async function requestWith(
  calls: (gateway: TestGateway) => void,
  setup: GatewaySetup = {},
): Promise<{ readonly gateway: TestGateway; readonly server: ReceivedSpan | undefined }> {
  const gateway: TestGateway = await startGateway({
    ...setup,
    listener: (_request, response) => {
      calls(gateway);
      response.end('ok');
    },
  });
  await send(gateway.url);
  await gateway.flush();
  return { gateway, server: gateway.operator.spans.find(({ kind }) => kind === SERVER) };
}

const call = ({ operator }: TestGateway): ReceivedSpan =>
  operator.spans.find(({ name }) => name === 'chat gpt-4o') as ReceivedSpan;

const costs = ({ operator }: TestGateway): unknown[] =>
  operator.metricPoints
    .filter(({ name }) => name === 'knoxcall.cost')
    .map(({ value, attributes }) => [
      attributes['knoxcall.cost.model'],
      attributes['knoxcall.cost.currency'],
      value,
    ])
    .sort();

describe('the cost of a call', () => {
  it('by the price function is on its span and in the sum of the request, and counted once', async () => {
    const asked = vi.fn(price);
    const { gateway, server } = await requestWith(
      ({ telemetry }) => {
        telemetry
          .genAi({ ...CHAT, tenant: 'acme' })
          .end({ model: 'gpt-4o-mini', usage: USAGE, serviceTier: 'flex' });
        telemetry.current().recordCost({ amount: 1, model: 'search' });
      },
      { options: { genAi: { ...KNOWN, price: asked } } },
    );
    expect(asked.mock.calls).toEqual([
      [
        {
          provider: 'openai',
          model: 'gpt-4o-mini',
          operation: 'chat',
          usage: expect.objectContaining(USAGE) as typeof USAGE,
          tenantId: 'acme',
          attribution: undefined,
          serviceTier: 'flex',
        } satisfies GenAiPriced,
      ],
    ]);
    expect(call(gateway).attributes).toMatchObject({
      'knoxcall.cost.total': 6,
      'knoxcall.cost.currency': 'USD',
      'knoxcall.cost.provider': 'openai',
      'knoxcall.cost.model': 'gpt-4o-mini',
    });
    expect(call(gateway).events).toMatchObject([
      { name: 'knoxcall.cost', attributes: { 'knoxcall.cost.amount': 6 } },
    ]);
    expect(server?.attributes).toMatchObject({
      'knoxcall.cost.total': 7,
      'knoxcall.cost.model': 'gpt-4o-mini',
    });
    expect(server?.events).toHaveLength(1);
    expect(costs(gateway)).toEqual([
      ['gpt-4o-mini', 'USD', 6],
      ['search', 'USD', 1],
    ]);
  });

  it('that the host tells stands in its place', async () => {
    const asked = vi.fn(price);
    const { gateway } = await requestWith(
      ({ telemetry }) => {
        const live = telemetry.genAi(CHAT);
        live.recordCost({ amount: 0.5, currency: 'EUR' });
        live.end({ usage: USAGE });
      },
      { options: { genAi: { ...KNOWN, price: asked } } },
    );
    expect(asked).not.toHaveBeenCalled();
    expect(costs(gateway)).toEqual([['gpt-4o', 'EUR', 0.5]]);
  });

  it('is kept apart from more costs of the request than are listed', async () => {
    const { gateway, server } = await requestWith(
      ({ telemetry }) => {
        const live = telemetry.genAi(CHAT);
        live.recordCost({ amount: 100 });
        live.end();
        const other = telemetry.genAi(CHAT);
        other.recordCost({ amount: 3, currency: 'EUR' });
        other.end();
        for (let index = 0; index < 20; index++) telemetry.current().recordCost({ amount: 1, model: 'own' });
      },
      { options: { genAi: KNOWN } },
    );
    expect(server?.attributes['knoxcall.cost.total']).toBe(120);
    expect(costs(gateway)).toEqual(
      [
        [undefined, 'USD', 4],
        ['gpt-4o', 'EUR', 3],
        ['gpt-4o', 'USD', 100],
        ['own', 'USD', 16],
      ].sort(),
    );
  });

  it('lets a rule keep a request by what it has cost', async () => {
    const { gateway } = await requestWith(
      ({ telemetry }) => {
        const live = telemetry.genAi(CHAT);
        live.end({ usage: USAGE });
      },
      { options: { genAi: { ...KNOWN, price }, sampling: { ratio: 0, keep: { costAbove: 5 } } } },
    );
    expect(gateway.operator.spans.some(({ kind }) => kind === SERVER)).toBe(true);
  });

  it('of a call that ends after its request counts by itself', async () => {
    let late: GenAiCall | undefined;
    const { gateway, server } = await requestWith(
      ({ telemetry }) => {
        late = telemetry.genAi(CHAT);
      },
      { options: { genAi: { ...KNOWN, price } }, adapter: { tenant: () => 'acme' } },
    );
    expect(server?.attributes).not.toHaveProperty('knoxcall.cost.total');
    late?.end({ usage: USAGE });
    await gateway.flush();
    expect(costs(gateway)).toEqual([['gpt-4o', 'USD', 6]]);
    // Its tenant is that of the request, also now.
    expect(call(gateway).attributes['knoxcall.tenant_id']).toBe('acme');
  });

  const useless: readonly (readonly [string, Price])[] = [
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['gives a text', () => 'a lot' as never],
    ['gives a promise', () => Promise.reject(new Error('x')) as never],
    ['gives less than nothing', () => -1],
    ['gives no number', () => Number.NaN],
    ['gives an object without an amount', () => ({}) as never],
  ];
  it.each(useless)('by a function that %s is none, which is reported', async (_what, broken) => {
    const { gateway, server } = await requestWith(
      ({ telemetry }) => telemetry.genAi(CHAT).end({ usage: USAGE }),
      { options: { genAi: { ...KNOWN, price: broken } } },
    );
    expect(server?.attributes).not.toHaveProperty('knoxcall.cost.total');
    expect(call(gateway).attributes['gen_ai.usage.input_tokens']).toBe(1_000);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
  });

  it('is not asked for where it knows nothing, or no tokens are known', async () => {
    const asked = vi.fn<Price>(() => undefined);
    const { gateway } = await requestWith(
      ({ telemetry }) => {
        telemetry.genAi(CHAT).end({ statusCode: 500 });
        expect(asked).not.toHaveBeenCalled();
        telemetry.genAi(CHAT).end({ usage: { inputTokens: 0 } });
      },
      { options: { genAi: { ...KNOWN, price: asked } } },
    );
    expect(asked).toHaveBeenCalledTimes(1);
    expect(gateway.diagnostics).toEqual([]);
  });
});

describe('a call', () => {
  it('is attributed as its request, where it says nothing of its own', async () => {
    const { gateway } = await requestWith(({ telemetry }) => {
      telemetry.current().setAttribution({ team: 'edge', customerId: 'c1' });
      const live = telemetry.genAi({ ...CHAT, attribution: { customerId: 'c2' } });
      live.setAttribution({ project: 'p1' });
      live.end();
    });
    expect(call(gateway).attributes).toMatchObject({
      'knoxcall.team': 'edge',
      'knoxcall.customer_id': 'c2',
      'knoxcall.project': 'p1',
    });
  });

  it('has policies, evaluations and a budget of its own, which the request has not', async () => {
    const { gateway, server } = await requestWith(({ telemetry }) => {
      const live = telemetry.genAi(CHAT);
      live.recordPolicy({ name: 'pii', result: 'warning', reason: 'r' });
      live.recordEvaluation({ name: 'relevance', score: 1, threshold: 0.5 });
      live.setBudget({ name: 'team', utilization: 50 });
      live.recordPolicy({ name: 'x', result: 'odd' as never });
      live.end();
      live.recordPolicy({ name: 'late', result: 'blocked' });
    });
    expect(call(gateway).attributes).toMatchObject({
      'knoxcall.policy.name': 'pii',
      'knoxcall.eval.passed': true,
      'knoxcall.budget.utilization': 50,
    });
    expect(call(gateway).events.map(({ name }) => name)).toEqual(['knoxcall.policy', 'knoxcall.evaluation']);
    expect(server?.attributes).not.toHaveProperty('knoxcall.policy.name');
    expect(gateway.diagnostics.map(({ message }) => message)).toEqual([
      'recordPolicy() was given something that cannot be read',
    ]);
  });

  it('belongs to the tenant that the adapter names when it ends, also before the request does', async () => {
    let tenant = 'globex';
    const { gateway, server } = await requestWith(
      ({ telemetry }) => {
        const live = telemetry.genAi(CHAT);
        tenant = 'acme';
        live.end({ usage: USAGE });
        tenant = 'globex';
      },
      {
        adapter: { tenant: () => tenant },
        options: { genAi: { events: true }, tenantRecords: { genAi: true } },
      },
    );
    expect(call(gateway).attributes['knoxcall.tenant_id']).toBe('acme');
    expect(server?.attributes['knoxcall.tenant_id']).toBe('globex');
    const events = (logs: TestGateway['acme']['logs']): number =>
      logs.filter(({ eventName }) => eventName?.startsWith('gen_ai.')).length;
    expect([events(gateway.acme.logs), events(gateway.globex.logs)]).toEqual([1, 0]);
  });
});
