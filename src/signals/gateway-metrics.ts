/** All metrics that requests and calls make: the two of operator and tenants, the operator's further ones, and those of calls. */
import type { MetricMark, MetricReading, MetricSource } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { ExemplarFilter, OperatorTenantDimension } from '../model/metric-choices.js';
import { Exemplars } from './exemplars.js';
import { createTenantCalls, type TenantCallOptions } from './gen-ai-metrics.js';
import { createOperatorMetrics, type OperatorMetricsOptions } from './operator-metrics.js';
import { createRequestMetrics, type RequestMetricsOptions } from './request-metrics.js';
import { createTenantLabels } from './tenant-labels.js';

type Made = 'exemplars' | 'tenantLabels';

export interface GatewayMetricsOptions
  extends Omit<RequestMetricsOptions, Made>, Omit<OperatorMetricsOptions, Made>, TenantCallOptions {
  readonly operatorTenantDimension: OperatorTenantDimension;
  readonly exemplarFilter: ExemplarFilter;
}

export interface GatewayMetrics extends MetricSource {
  /** `forOperator`: a destination of the operator's wants metrics. */
  record(request: FinishedRequest, forOperator: boolean): void;
  /** `forOperator`: a destination of the operator's wants metrics. */
  recordCall(call: FinishedGenAi, forOperator: boolean): void;
  /** The operator's further ones, for one destination. */
  openFurtherReadings(temporality: 'cumulative' | 'delta'): readonly MetricReading[];
  /** Those of a tenant's calls, for one destination, from the mark on if there is one. */
  openCallReadings(
    tenantId: string,
    temporality: 'cumulative' | 'delta',
    mark: MetricMark | undefined,
  ): readonly MetricReading[];
}

/** Of requests and calls together. */
interface BothMarks extends MetricMark {
  readonly ofRequests: MetricMark;
  readonly ofCalls: MetricMark;
}

export function createGatewayMetrics(options: GatewayMetricsOptions): GatewayMetrics {
  const report = (diagnostic: Diagnostic): void => options.report(diagnostic);
  const tenantLabels = createTenantLabels(options.operatorTenantDimension, report);
  const made = { exemplars: new Exemplars(options.exemplarFilter), tenantLabels };
  const requests = createRequestMetrics({ ...options, ...made });
  const further = createOperatorMetrics({ ...options, ...made });
  const calls = createTenantCalls(options);
  return {
    record(request, forOperator) {
      requests.record(request);
      if (forOperator) further.record(request);
    },
    recordCall(call, forOperator) {
      if (forOperator) further.recordCall(call);
      calls?.record(call);
    },
    mark(tenantId): MetricMark {
      const ofRequests = requests.mark(tenantId);
      if (calls === undefined) return ofRequests;
      const ofCalls = calls.mark(tenantId);
      const both: BothMarks = {
        ofRequests,
        ofCalls,
        release() {
          ofRequests.release();
          ofCalls.release();
        },
      };
      return both;
    },
    openReading: (tenantId, temporality, mark) =>
      requests.openReading(
        tenantId,
        temporality,
        calls === undefined ? mark : (mark as BothMarks | undefined)?.ofRequests,
      ),
    openCallReadings: (tenantId, temporality, mark) =>
      calls === undefined
        ? NO_READINGS
        : [calls.openReading(tenantId, temporality, (mark as BothMarks | undefined)?.ofCalls)],
    openFurtherReadings: (temporality) => further.openReadings(temporality),
    *sweep() {
      yield* iterate(requests.sweep());
      yield* further.sweep();
      if (calls !== undefined) yield* calls.sweep();
    },
  };
}

const NO_READINGS: readonly MetricReading[] = [];

function* iterate(steps: Iterator<void>): Generator<void> {
  while (steps.next().done !== true) yield;
}
