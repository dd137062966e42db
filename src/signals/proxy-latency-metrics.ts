/** How much of a request's time its upstream took, and how much the gateway itself. */
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { FurtherMetric } from '../model/metric-choices.js';
import type { MetricFacts } from '../model/metric-facts.js';
import type { Names } from '../model/names.js';
import type { FurtherRecorder } from './http-server-metrics.js';
import type { InstrumentTable } from './instrument-table.js';
import type { TenantLabels } from './tenant-labels.js';

export interface ProxyLatencyOptions {
  readonly names: Names;
  readonly durationBoundariesMs: readonly number[];
  /** `undefined`: every tenant under its own id. */
  readonly tenantLabels: TenantLabels | undefined;
}

interface Told {
  readonly request: FinishedRequest;
  readonly tenant: string | undefined;
}

/** `undefined`: neither is wanted. */
export function createProxyLatencyMetrics(
  table: InstrumentTable,
  wanted: readonly FurtherMetric[],
  { names, durationBoundariesMs: boundaries, tenantLabels }: ProxyLatencyOptions,
): FurtherRecorder | undefined {
  const head = { unit: 'ms', kind: 'histogram', boundaries, hasExemplars: true } as const;
  const upstream = wanted.includes('upstream_duration')
    ? table.add({
        ...head,
        name: names.metrics.upstreamDuration,
        description: 'Time that the upstream took for a request',
      })
    : undefined;
  const gateway = wanted.includes('gateway_duration')
    ? table.add({
        ...head,
        name: names.metrics.gatewayDuration,
        description: 'Time of a request that its upstream did not take',
      })
    : undefined;
  if (upstream === undefined && gateway === undefined) return undefined;

  const attributesOf = ({ request, tenant }: Told): MutableAttributes => {
    const attributes: MutableAttributes = {};
    if (request.routeName !== undefined) attributes[names.routeName] = request.routeName;
    if (request.environment !== undefined) attributes[names.environment] = request.environment;
    if (tenant !== undefined) attributes[names.tenantId] = tenant;
    return attributes;
  };
  return (request: FinishedRequest, { upstreamLatencyMs }: MetricFacts) => {
    // Without an upstream there is nothing to tell apart.
    if (upstreamLatencyMs === undefined) return;
    const { tenantId, routeName, environment, startMs, endMs } = request;
    const tenant = tenantLabels === undefined ? tenantId : tenantLabels(tenantId);
    // Tenant ids may hold anything, so they stand last.
    const key = `${routeName ?? '\t'}\n${environment ?? '\t'}\n${tenant ?? ''}`;
    const told = { request, tenant };
    upstream?.record(key, told, attributesOf, upstreamLatencyMs, request);
    const ownMs = Math.max(0, endMs - startMs - upstreamLatencyMs);
    gateway?.record(key, told, attributesOf, ownMs, request);
  };
}
