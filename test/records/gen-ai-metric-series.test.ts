/** Which series calls to models make: what they show, and how many there can be. */
import { describe, expect, it } from 'vitest';
import { genAiNames } from '../../src/model/gen-ai-names.js';
import type { FinishedGenAi } from '../../src/model/finished-gen-ai.js';
import type { GatewayMetricsOptions } from '../../src/signals/gateway-metrics.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { costing, failedCall, finishedCall, metricsOfCalls } from '../support/gen-ai-calls.js';
import { takenPoints } from '../support/taken-points.js';

const DURATION = 'gen_ai.client.operation.duration';
const TOKENS = 'gen_ai.client.token.usage';
const OVERFLOW = 'otel.metric.overflow';

/** What the operator is told of some calls. */
function toldOf(
  calls: Iterable<FinishedGenAi>,
  options: Partial<GatewayMetricsOptions> = {},
): readonly ReceivedMetricPoint[] {
  const { metrics, clock } = metricsOfCalls(options);
  const [reading] = metrics.openFurtherReadings('cumulative');
  for (const call of calls) metrics.recordCall(call, true);
  return takenPoints(reading?.take(clock.nowMs + 1_000) ?? []);
}

const named = (points: readonly ReceivedMetricPoint[], name: string): readonly ReceivedMetricPoint[] =>
  points.filter((point) => point.name === name);

const shownAs = (points: readonly ReceivedMetricPoint[], name: string): readonly object[] =>
  named(points, name).map(({ attributes, count }) => ({ ...attributes, count }));

const countOf = (points: readonly ReceivedMetricPoint[]): number =>
  points.reduce((sum, { count }) => sum + (count ?? 0), 0);

describe('a call to a model', () => {
  it('is one series of each metric, with all that the conventions ask for', () => {
    const points = toldOf([
      finishedCall({
        serverAddress: 'api.openai.com',
        serverPort: 443,
        timeToFirstChunkMs: 40,
        usage: { inputTokens: 12, outputTokens: 0 },
      }),
    ]);
    const common = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'server.address': 'api.openai.com',
      'server.port': 443,
      'knoxcall.tenant_id': 'acme',
    };
    expect(
      points.map(({ name, unit, type, sum, count, attributes }) => ({
        name,
        unit,
        type,
        sum,
        count,
        ...attributes,
      })),
    ).toEqual([
      { name: DURATION, unit: 's', type: 'histogram', sum: 0.25, count: 1, ...common },
      {
        name: 'gen_ai.client.operation.time_to_first_chunk',
        unit: 's',
        type: 'histogram',
        sum: 0.04,
        count: 1,
        ...common,
      },
      {
        name: TOKENS,
        unit: '{token}',
        type: 'histogram',
        sum: 12,
        count: 1,
        'gen_ai.token.type': 'input',
        ...common,
      },
      {
        name: TOKENS,
        unit: '{token}',
        type: 'histogram',
        sum: 0,
        count: 1,
        'gen_ai.token.type': 'output',
        ...common,
      },
    ]);
  });

  it('has the buckets of the conventions', () => {
    const points = toldOf([
      finishedCall({ usage: { inputTokens: 5 }, timeToFirstChunkMs: 1 }),
      finishedCall({ mcp: { method: 'ping', side: 'client' } }),
    ]);
    const bounds = Object.fromEntries(points.map(({ name, explicitBounds }) => [name, explicitBounds]));
    const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    expect(bounds).toEqual({
      [DURATION]: seconds,
      'gen_ai.client.operation.time_to_first_chunk': seconds,
      [TOKENS]: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
      'mcp.client.operation.duration': [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
    });
  });

  it('says nothing of tokens that nobody has counted', () => {
    expect(named(toldOf([finishedCall(), finishedCall({ usage: {} })]), TOKENS)).toEqual([]);
    expect(
      shownAs(toldOf([finishedCall({ usage: { outputTokens: 3 } })]), TOKENS).map((point) => ({ ...point })),
    ).toMatchObject([{ 'gen_ai.token.type': 'output' }]);
  });

  it('counts under the label of its tenant, or under none', () => {
    const told = (operatorTenantDimension: GatewayMetricsOptions['operatorTenantDimension']) =>
      named(
        toldOf([finishedCall(), finishedCall({ tenantId: 'globex' })], { operatorTenantDimension }),
        DURATION,
      ).map(({ attributes, count }) => [attributes['knoxcall.tenant_id'], count]);
    expect(told(true)).toEqual([
      ['acme', 1],
      ['globex', 1],
    ]);
    expect(told(false)).toEqual([[undefined, 2]]);
    expect(told((id) => (id === 'acme' ? 'gold' : undefined))).toEqual([
      ['gold', 1],
      [undefined, 1],
    ]);
  });
});

describe('a call by the Model Context Protocol', () => {
  const attributes = { 'mcp.protocol.version': '2025-06-18', 'network.transport': 'tcp' };

  it.each(['client', 'server'] as const)('is one series of its own metric: %s', (side) => {
    const points = toldOf([
      finishedCall({
        mcp: { method: 'tools/call', side },
        toolName: 'search',
        serverAddress: 'mcp.example.com',
        serverPort: 443,
        attributes,
      }),
    ]);
    expect(points.map(({ name }) => name)).toEqual([`mcp.${side}.operation.duration`]);
    expect(shownAs(points, `mcp.${side}.operation.duration`)).toEqual([
      {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'search',
        ...attributes,
        ...(side === 'client' && { 'server.address': 'mcp.example.com', 'server.port': 443 }),
        'knoxcall.tenant_id': 'acme',
        count: 1,
      },
    ]);
  });

  it('shows no method that the protocol does not have, and no tool that has never answered', () => {
    const call = (method: string, toolName: string | undefined, errorType?: string) =>
      finishedCall({ mcp: { method, side: 'server' }, toolName, errorType });
    const points = toldOf([
      call('tools/call', 'invented', '-32602'),
      call('tools/call', 'search'),
      call('tools/call', 'search', 'tool_error'),
      call('drop/table', undefined),
    ]);
    expect(
      points.map(({ attributes: { 'mcp.method.name': method, 'gen_ai.tool.name': tool } }) => [method, tool]),
    ).toEqual([
      ['tools/call', '_OTHER'],
      ['tools/call', 'search'],
      ['tools/call', 'search'],
      ['_OTHER', undefined],
    ]);
  });
});

describe('a model', () => {
  const modelsOf = (points: readonly ReceivedMetricPoint[]) =>
    named(points, DURATION).map(({ attributes, count }) => [attributes['gen_ai.request.model'], count]);

  it('is shown once somebody has answered for it', () => {
    const requestModel = 'new-model';
    const points = toldOf([
      failedCall({ requestModel }),
      // No error, and no word of who answered: nobody has.
      finishedCall({ requestModel, responseModel: undefined }),
      // An answer that broke off.
      finishedCall({ requestModel, errorType: 'stream_error' }),
      finishedCall({ requestModel }),
      failedCall({ requestModel }),
    ]);
    expect(modelsOf(points)).toEqual([
      ['_OTHER', 1],
      ['_OTHER', 1],
      ['_OTHER', 1],
      [requestModel, 1],
      [requestModel, 1],
    ]);
  });

  it.each([{ inputTokens: 3 }, { outputTokens: 0 }])('is shown once its tokens were counted: %j', (usage) => {
    const requestModel = 'amazon.nova-pro-v1:0';
    const unnamed = { requestModel, responseModel: undefined };
    const points = toldOf([
      finishedCall({ ...unnamed, usage, errorType: 'stream_error' }),
      finishedCall({ ...unnamed, usage: {} }),
      finishedCall({ ...unnamed, usage }),
    ]);
    expect(modelsOf(points)).toEqual([
      ['_OTHER', 1],
      ['_OTHER', 1],
      [requestModel, 1],
    ]);
  });

  it('is shown from the beginning where the host has named it', () => {
    const points = toldOf([failedCall(), failedCall({ requestModel: 'other' })], { genAiModels: ['gpt-4o'] });
    expect(modelsOf(points)).toEqual([
      ['gpt-4o', 1],
      ['_OTHER', 1],
    ]);
  });

  it('that was paid for is shown by the same rule', () => {
    const paid = (requestModel: string) =>
      failedCall({ requestModel, governance: costing(0.5, requestModel) });
    const costs = toldOf([finishedCall(), paid('gpt-4o'), paid('invented-1'), paid('invented-2')]).filter(
      ({ name }) => name === 'knoxcall.cost',
    );
    expect(costs.map(({ attributes, value }) => [attributes['knoxcall.cost.model'], value])).toEqual([
      ['gpt-4o', 0.5],
      ['_OTHER', 1],
    ]);
  });

  it('is cut, and cannot hold what tells series apart', () => {
    const long = 'm'.repeat(5_000);
    const points = toldOf([
      finishedCall({ requestModel: long }),
      finishedCall({ requestModel: 'a\nb' }),
      finishedCall({ requestModel: '__proto__' }),
    ]);
    expect(modelsOf(points)).toEqual([
      ['m'.repeat(128), 1],
      ['ab', 1],
      ['__proto__', 1],
    ]);
  });
});

describe('names that are invented', () => {
  /** Every name is a new one, and everything is answered: the worst that a provider can do for a client. */
  function* invented(count: number, tenants: number): Generator<FinishedGenAi> {
    for (let number = 0; number < count; number++) {
      const word = `w${number}`;
      yield finishedCall({
        tenantId: `greedy-${number % tenants}`,
        requestModel: word,
        responseModel: word,
        operation: word,
        provider: word,
        errorType: number % 2 === 0 ? undefined : word,
        serverAddress: `${word}.example.com`,
        serverPort: number,
        toolName: word,
        usage: { inputTokens: 1, outputTokens: 1 },
        mcp: number % 3 === 0 ? { method: word, side: 'client' } : undefined,
      });
    }
  }

  it('stop at the cap, and lose no count', () => {
    const count = 20_000;
    const cap = 100;
    const points = toldOf(invented(count, 500), { maxSeriesPerMetric: cap });
    const names = new Set(points.map(({ name }) => name));
    expect(names.size).toBe(3);
    for (const name of names) {
      const series = named(points, name);
      expect(series.length, name).toBeLessThanOrEqual(cap + 1);
      expect(series.filter(({ attributes }) => attributes[OVERFLOW] === true)).toHaveLength(1);
    }
    expect(countOf(named(points, DURATION)) + countOf(named(points, 'mcp.client.operation.duration'))).toBe(
      count,
    );
    expect(countOf(named(points, TOKENS))).toBe(2 * countOf(named(points, DURATION)));
  });

  it('of one tenant leave room for those of others, who come later', () => {
    const { metrics, clock } = metricsOfCalls({ maxSeriesPerMetric: 1_000 });
    const [reading] = metrics.openFurtherReadings('cumulative');
    for (const call of invented(30_000, 1)) metrics.recordCall(call, true);
    for (let tenant = 0; tenant < 100; tenant++)
      for (const requestModel of ['gpt-4o', 'claude'])
        metrics.recordCall(finishedCall({ tenantId: `late-${tenant}`, requestModel }), true);
    const points = named(takenPoints(reading?.take(clock.nowMs + 1_000) ?? []), DURATION);
    const owned = (prefix: string) =>
      points.filter(({ attributes }) => String(attributes['knoxcall.tenant_id']).startsWith(prefix));
    expect(owned('greedy').length).toBeGreaterThan(100);
    expect(owned('greedy').length).toBeLessThanOrEqual(500);
    expect(owned('late')).toHaveLength(200);
  });

  it('of many tenants leave at least one series for whoever comes late', () => {
    const { metrics, clock } = metricsOfCalls({ maxSeriesPerMetric: 2_000 });
    const [reading] = metrics.openFurtherReadings('cumulative');
    for (const call of invented(100_000, 500)) metrics.recordCall(call, true);
    metrics.recordCall(finishedCall({ tenantId: 'late' }), true);
    const points = named(takenPoints(reading?.take(clock.nowMs + 1_000) ?? []), DURATION);
    expect(points.filter(({ attributes }) => attributes['knoxcall.tenant_id'] === 'late')).toHaveLength(1);
  });

  it('are forgotten, and their room is free again', () => {
    const { metrics, clock, sweep } = metricsOfCalls({ maxSeriesPerMetric: 10 });
    const [reading] = metrics.openFurtherReadings('delta');
    const read = (): readonly ReceivedMetricPoint[] => {
      const parts = [...(reading?.take(clock.nowMs) ?? [])];
      const points = takenPoints(parts);
      for (const part of parts) part.settle('accepted');
      return named(points, DURATION);
    };
    for (let round = 0; round < 5; round++) {
      for (let number = 0; number < 5; number++)
        metrics.recordCall(
          finishedCall({ tenantId: `t-${round}`, requestModel: `m-${number}`, endMs: clock.nowMs }),
          true,
        );
      clock.nowMs += 10;
      const points = read();
      expect(points).toHaveLength(5);
      expect(points.every(({ attributes }) => attributes[OVERFLOW] === undefined)).toBe(true);
      clock.nowMs += 2_000;
      sweep();
    }
  });
});

describe('the later version of the conventions', () => {
  const LATEST = { genAiNames: genAiNames('latest'), operatorTenantDimension: false };

  it('has durations of its own for tools, agents and workflows', () => {
    const own = (operation: string, parts: Partial<FinishedGenAi> = {}) =>
      finishedCall({ operation, toolName: operation === 'execute_tool' ? 'search' : undefined, ...parts });
    const points = toldOf(
      [
        own('execute_tool', { agentName: 'planner', attributes: { 'gen_ai.tool.type': 'function' } }),
        own('execute_tool', { requestModel: undefined, attributes: { 'gen_ai.tool.type': 'mine' } }),
        own('invoke_agent', { agentName: 'planner' }),
        own('invoke_workflow', { workflowName: 'nightly' }),
        own('chat'),
      ],
      LATEST,
    );
    expect(points.map(({ name, attributes }) => [name, { ...attributes }])).toEqual([
      [
        'gen_ai.execute_tool.duration',
        { 'gen_ai.tool.name': 'search', 'gen_ai.agent.name': 'planner', 'gen_ai.tool.type': 'function' },
      ],
      ['gen_ai.execute_tool.duration', { 'gen_ai.tool.name': 'search' }],
      ['gen_ai.invoke_agent.duration', { 'gen_ai.agent.name': 'planner', 'gen_ai.request.model': 'gpt-4o' }],
      ['gen_ai.workflow.duration', { 'gen_ai.workflow.name': 'nightly' }],
      [DURATION, expect.objectContaining({ 'gen_ai.operation.name': 'chat' })],
    ]);
  });

  it('measures them as it advises', () => {
    const points = toldOf(
      [
        finishedCall({ operation: 'execute_tool' }),
        finishedCall({ operation: 'invoke_agent' }),
        finishedCall({ operation: 'invoke_workflow' }),
      ],
      LATEST,
    );
    expect(points.map(({ name, explicitBounds }) => [name, explicitBounds])).toEqual([
      [
        'gen_ai.execute_tool.duration',
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
      ],
      [
        'gen_ai.invoke_agent.duration',
        [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6],
      ],
      ['gen_ai.workflow.duration', [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200]],
    ]);
  });

  it('counts the tokens of agents, and the time to their first chunk, as the earlier one does', () => {
    const agent = finishedCall({
      operation: 'invoke_agent',
      agentName: 'planner',
      timeToFirstChunkMs: 40,
      usage: { inputTokens: 12, outputTokens: 3 },
    });
    const toldBy = (version: '1.41' | 'latest') =>
      toldOf([agent], { genAiNames: genAiNames(version) })
        .filter(({ name }) => !name.endsWith('.duration'))
        .map(({ name, sum, attributes }) => [name, sum, attributes]);
    expect(toldBy('latest').map(([name]) => name)).toEqual([
      'gen_ai.client.operation.time_to_first_chunk',
      TOKENS,
      TOKENS,
    ]);
    expect(toldBy('latest')).toEqual(toldBy('1.41'));
  });
});
