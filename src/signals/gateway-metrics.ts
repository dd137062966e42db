/** All metrics that requests make: the two of operator and tenants, and the operator's further ones. */
import type { MetricReading, MetricSource } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { ExemplarFilter, OperatorTenantDimension } from '../model/metric-choices.js';
import { Exemplars } from './exemplars.js';
import { createOperatorMetrics, type OperatorMetricsOptions } from './operator-metrics.js';
import { createRequestMetrics, type RequestMetricsOptions } from './request-metrics.js';
import { createTenantLabels } from './tenant-labels.js';

type Made = 'exemplars' | 'tenantLabels';

export interface GatewayMetricsOptions
  extends Omit<RequestMetricsOptions, Made>, Omit<OperatorMetricsOptions, Made> {
  readonly operatorTenantDimension: OperatorTenantDimension;
  readonly exemplarFilter: ExemplarFilter;
}

export interface GatewayMetrics extends MetricSource {
  /** `forOperator`: a destination of the operator's wants metrics. */
  record(request: FinishedRequest, forOperator: boolean): void;
  /** The operator's further ones, for one destination. */
  openFurtherReadings(temporality: 'cumulative' | 'delta'): readonly MetricReading[];
}

export function createGatewayMetrics(options: GatewayMetricsOptions): GatewayMetrics {
  const report = (diagnostic: Diagnostic): void => options.report(diagnostic);
  const tenantLabels = createTenantLabels(options.operatorTenantDimension, report);
  const made = { exemplars: new Exemplars(options.exemplarFilter), tenantLabels };
  const requests = createRequestMetrics({ ...options, ...made });
  const further = createOperatorMetrics({ ...options, ...made });
  return {
    record(request, forOperator) {
      requests.record(request);
      if (forOperator) further.record(request);
    },
    mark: (tenantId) => requests.mark(tenantId),
    openReading: (tenantId, temporality, mark) => requests.openReading(tenantId, temporality, mark),
    openFurtherReadings: (temporality) => further.openReadings(temporality),
    *sweep() {
      yield* iterate(requests.sweep());
      yield* further.sweep();
    },
  };
}

function* iterate(steps: Iterator<void>): Generator<void> {
  while (steps.next().done !== true) yield;
}
