/** Finished calls to models, and metrics that count them, for tests below the public face. */
import type { Diagnostic } from '../../src/index.js';
import type { FinishedGenAi } from '../../src/model/finished-gen-ai.js';
import type { GovernanceFacts } from '../../src/model/governance.js';
import { genAiNames } from '../../src/model/gen-ai-names.js';
import { METRIC_ATTRIBUTES } from '../../src/model/metric-choices.js';
import { namesFor } from '../../src/model/names.js';
import { createEncoders } from '../../src/otlp/encoders.js';
import { createGatewayMetrics, type GatewayMetricsOptions } from '../../src/signals/gateway-metrics.js';

export const AT_MS = 1_700_000_000_000;

export const finishedCall = (parts: Partial<FinishedGenAi> = {}): FinishedGenAi =>
  ({
    startMs: AT_MS,
    endMs: AT_MS + 250,
    durationMs: 250,
    timeToFirstChunkMs: undefined,
    operation: 'chat',
    provider: 'openai',
    requestModel: 'gpt-4o',
    responseModel: 'gpt-4o-2024-08-06',
    serverAddress: undefined,
    serverPort: undefined,
    errorType: undefined,
    usage: undefined,
    answerFault: undefined,
    mcp: undefined,
    toolName: undefined,
    agentName: undefined,
    workflowName: undefined,
    statusCode: undefined,
    severityNumber: 9,
    exception: undefined,
    tenantId: 'acme',
    governance: undefined,
    attributes: {},
    requestId: undefined,
    operatorAttributes: undefined,
    droppedAttributes: 0,
    traceId: '',
    spanId: '',
    traceFlags: 0,
    isIdChosen: false,
    span: undefined,
    ...parts,
  }) satisfies FinishedGenAi;

/** Failed, and nobody has answered. */
export const failedCall = (parts: Partial<FinishedGenAi> = {}): FinishedGenAi =>
  finishedCall({ responseModel: undefined, errorType: '404', ...parts });

export const costing = (amount: number, model: string): GovernanceFacts => ({
  policies: [],
  worstPolicy: undefined,
  costs: [{ amount, currency: 'USD', model }],
  totalCost: amount,
  callCost: 0,
  currency: 'USD',
  evaluations: [],
  worstEvaluation: undefined,
  budget: undefined,
  attribution: undefined,
  dropped: 0,
  attributes: {},
});

/** Metrics that nothing delivers; `nowMs` is what the clock of the test says. */
export function metricsOfCalls(options: Partial<GatewayMetricsOptions> = {}) {
  const clock = { nowMs: AT_MS };
  const reported: Diagnostic[] = [];
  const metrics = createGatewayMetrics({
    names: namesFor('knoxcall'),
    genAiNames: genAiNames('1.41'),
    genAiModels: [],
    genAiToTenants: true,
    scope: { name: 's', version: '1', bytes: new Uint8Array() },
    encoders: createEncoders(),
    also: [],
    attribution: [],
    attributes: METRIC_ATTRIBUTES,
    durationBoundariesMs: [1],
    maxSeries: 5_000,
    maxSeriesPerTenant: 200,
    maxSeriesPerMetric: 2_000,
    forgetAfterMs: 1_000,
    operatorTenantDimension: true,
    exemplarFilter: 'trace_based',
    openRequests: () => [],
    bornMs: AT_MS,
    nowMs: () => clock.nowMs,
    report: (diagnostic) => void reported.push(diagnostic),
    ...options,
  });
  return {
    clock,
    metrics,
    reported,
    sweep() {
      const steps = metrics.sweep();
      while (steps.next().done !== true);
    },
  };
}
