/** The operator's further metrics: what options and the host's own calls ask for, beside the two of every request. */
import type { MetricReading, Scope } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { AttributionDimension, FurtherMetric } from '../model/metric-choices.js';
import type { Names } from '../model/names.js';
import { ActiveRequestsReading, type OpenRequest } from './active-requests.js';
import type { Exemplars } from './exemplars.js';
import { OperatorCalls, type GenAiMetricSettings } from './gen-ai-metrics.js';
import { GovernanceMetrics } from './governance-metrics.js';
import { createHttpServerMetrics } from './http-server-metrics.js';
import { InstrumentTable } from './instrument-table.js';
import { createProxyLatencyMetrics } from './proxy-latency-metrics.js';
import { CommonRoom, FairRoom } from './rooms.js';
import type { TenantLabels } from './tenant-labels.js';

export interface OperatorMetricsOptions extends GenAiMetricSettings {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
  /** The metrics that are asked for. */
  readonly also: readonly FurtherMetric[];
  readonly attribution: readonly AttributionDimension[];
  readonly durationBoundariesMs: readonly number[];
  readonly maxSeriesPerMetric: number;
  readonly forgetAfterMs: number;
  readonly exemplars: Exemplars;
  readonly tenantLabels: TenantLabels | undefined;
  openRequests(): Iterable<OpenRequest>;
  /** When the instance was made. */
  readonly bornMs: number;
  nowMs(): number;
  report(diagnostic: Diagnostic): void;
}

export interface OperatorMetrics {
  record(request: FinishedRequest): void;
  recordCall(call: FinishedGenAi): void;
  /** Those of one destination, with baselines of their own. */
  openReadings(temporality: 'cumulative' | 'delta'): readonly MetricReading[];
  sweep(): Generator<void>;
}

export function createOperatorMetrics(options: OperatorMetricsOptions): OperatorMetrics {
  const { also, maxSeriesPerMetric } = options;
  const table = new InstrumentTable({ ...options, newRoom: () => new CommonRoom(maxSeriesPerMetric) });
  const recorders = [
    createHttpServerMetrics(table, also),
    createProxyLatencyMetrics(table, also, options),
  ].filter((recorder) => recorder !== undefined);
  const governance = new GovernanceMetrics(table, {
    ...options,
    newRoom: () => new FairRoom(maxSeriesPerMetric),
  });
  let calls: OperatorCalls | undefined;
  return {
    record(request) {
      const { metricFacts } = request;
      if (request.governance !== undefined) governance.record(request, request.governance);
      if (metricFacts !== undefined) for (const recorder of recorders) recorder(request, metricFacts);
    },
    recordCall(call) {
      calls ??= new OperatorCalls(table, governance, options);
      calls.record(call);
    },
    openReadings: (temporality) => [
      table.openReading(temporality),
      ...(also.includes('http.server.active_requests') ? [new ActiveRequestsReading(options)] : []),
    ],
    sweep() {
      calls?.forgetUnused(options.nowMs());
      return table.sweep();
    },
  };
}
