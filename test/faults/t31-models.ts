/** T31 for calls to models: whatever models and tools clients invent, and even if everything is answered. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { heapBytes } from './heap.js';
import { createRandom, figure } from './support.js';

const DURATION = 'gen_ai.client.operation.duration';
const TOKENS = 'gen_ai.client.token.usage';
const TOOLS = 'mcp.server.operation.duration';
const COST = 'knoxcall.cost';
const MODELS = ['gpt-4o', 'claude-sonnet-4'];
/** With a destination of its own, and clients who invent whatever they can. */
const CARELESS = 'careless';
const MAX_SERIES_PER_TENANT = 50;
const FORGET_AFTER_MS = 1_000;
const MIB = 1024 * 1024;

export interface ModelFloodSize {
  /** With invented names. */
  readonly calls: number;
  /** That have destinations, and use two models. */
  readonly realTenants: number;
  /** That take part in inventing, without a destination. */
  readonly greedyTenants: number;
  readonly maxSeriesPerMetric: number;
}

function realCalls(telemetry: GatewayTelemetry, tenants: readonly string[]): void {
  for (const tenant of tenants)
    for (const model of MODELS)
      telemetry
        .genAi({ operation: 'chat', provider: 'openai', model, tenant })
        .end({ statusCode: 200, model, usage: { inputTokens: 10, outputTokens: 5 } });
}

/** A third fails, a third is answered under the very name that was invented, a third is a tool. */
function inventedCall(telemetry: GatewayTelemetry, tenant: string, random: () => number): void {
  const word = Math.floor(random() * 2 ** 48).toString(36);
  const kind = Math.floor(random() * 3);
  if (kind === 0) {
    telemetry.genAi({ operation: 'chat', provider: 'openai', model: word, tenant }).end({ statusCode: 404 });
    return;
  }
  if (kind === 1) {
    telemetry
      .genAi({ operation: word, provider: word, model: word, tenant, url: `https://${word}.example` })
      .end({ statusCode: 200, model: word, usage: { inputTokens: 1, outputTokens: 1 } });
    return;
  }
  telemetry
    .genAi({
      mcp: { method: 'tools/call', side: 'server', protocolVersion: word },
      tool: { name: word },
      tenant,
    })
    .end(random() < 0.5 ? {} : { error: word });
}

const isOverflow = ({ attributes }: ReceivedMetricPoint): boolean =>
  attributes['otel.metric.overflow'] === true;

const countOf = (points: readonly ReceivedMetricPoint[]): number =>
  points.reduce((sum, { count }) => sum + Number(count ?? 0), 0);

const pointsOf = (
  { metricPoints }: OtlpReceiver,
  owner: string,
  name: string,
): readonly ReceivedMetricPoint[] =>
  metricPoints.filter((point) => point.resource['test.owner'] === owner && point.name === name);

function expectBounds(receiver: OtlpReceiver, size: ModelFloodSize, tenants: readonly string[]): void {
  for (const name of [DURATION, TOKENS, TOOLS, COST]) {
    const points = pointsOf(receiver, 'operator', name);
    // Tools and costs tell apart hardly more than names that are known, which have a bound of their own.
    if (name === DURATION || name === TOKENS)
      expect(points.filter(isOverflow), `overflow series of ${name}`).toHaveLength(1);
    expect(points.length, name).toBeLessThanOrEqual(size.maxSeriesPerMetric + 1);
  }
  const counted =
    countOf(pointsOf(receiver, 'operator', DURATION)) + countOf(pointsOf(receiver, 'operator', TOOLS));
  expect(counted).toBe(size.calls + 2 * MODELS.length * tenants.length);
  for (const tenant of tenants) {
    // Its own series, as if nobody else were there.
    expect(
      pointsOf(receiver, tenant, DURATION).map(({ attributes, count }) => [
        attributes['gen_ai.request.model'],
        count,
      ]),
      tenant,
    ).toEqual(MODELS.map((model) => [model, 2]));
    // And those that the operator sees of it, which came before the flood.
    const seen = pointsOf(receiver, 'operator', DURATION).filter(
      ({ attributes }) => attributes['knoxcall.tenant_id'] === tenant,
    );
    expect(seen.map(({ attributes }) => attributes['gen_ai.request.model'])).toEqual(MODELS);
  }
  const own = receiver.metricPoints.filter(
    ({ resource, name }) => resource['test.owner'] === CARELESS && /^(?:gen_ai|mcp)\./.test(name),
  );
  expect(own.filter((point) => !isOverflow(point)).length).toBeLessThanOrEqual(MAX_SERIES_PER_TENANT);
  expect(countOf(own.filter(({ name }) => name !== TOKENS))).toBe(size.calls / 2);
}

/** The whole scenario. */
export async function floodOfModels(size: ModelFloodSize): Promise<void> {
  const { calls, realTenants, greedyTenants, maxSeriesPerMetric } = size;
  const real = Array.from({ length: realTenants }, (_unused, index) => `real-${index}`);
  const greedy = Array.from({ length: greedyTenants }, (_unused, index) => `greedy-${index}`);
  const receiver = await startOtlpReceiver();
  const tenantOf = (id: string) =>
    [
      id,
      { endpoint: receiver.url, signals: { logs: false }, resourceAttributes: { 'test.owner': id } },
    ] as const;
  const telemetry = createGatewayTelemetry({
    env: false,
    // One origin for all of them, at once.
    tenantEgress: { policy: 'open', trustedOrigins: [receiver.url] },
    delivery: { cpuShareOfTenants: 1 },
    resourceAttributes: { 'test.owner': 'operator' },
    tenantRecords: { genAi: true },
    genAi: { price: () => 0.25 },
    metrics: {
      intervalMs: 86_400_000,
      forgetAfterMs: FORGET_AFTER_MS,
      maxSeriesPerMetric,
      maxSeriesPerTenant: MAX_SERIES_PER_TENANT,
    },
    operator: { endpoint: receiver.url, signals: { traces: false, logs: false } },
    tenants: Object.fromEntries([...real, CARELESS].map(tenantOf)),
  });
  const flush = async (): Promise<void> => {
    let complete = false;
    for (let round = 0; round < 20 && !complete; round++)
      ({ complete } = await telemetry.flush({ timeoutMs: 30_000 }));
    expect(complete).toBe(true);
  };
  try {
    const before = await heapBytes();
    realCalls(telemetry, real);
    const random = createRandom(31);
    for (let number = 0; number < calls; number++) {
      if (number % 1_000 === 0) await turn();
      const who = number % 2 === 0 ? CARELESS : (greedy[number % greedyTenants] ?? CARELESS);
      inventedCall(telemetry, who, random);
    }
    realCalls(telemetry, real);
    const atCaps = (await heapBytes()) - before;
    await flush();
    expectBounds(receiver, size, real);
    receiver.reset();
    await pause(FORGET_AFTER_MS + 50);
    await flush();
    await flush();
    receiver.reset();
    const settled = (await heapBytes()) - before;
    figure(
      'T31',
      `${calls} calls: heap +${(atCaps / MIB).toFixed(1)} MiB at the caps, +${(settled / MIB).toFixed(1)} MiB afterwards`,
    );
    // At the caps with the defaults: four times 2,000 series of about 800 bytes, 2,000 names, and tenants' own.
    expect(atCaps).toBeLessThan(20 * MIB);
    expect(settled).toBeLessThan(10 * MIB);
  } finally {
    await telemetry.shutdown({ timeoutMs: 10_000 });
    await receiver.close();
  }
}
