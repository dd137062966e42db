/** Completes the options of the request metrics. */
import { fault } from '../model/configuration-error.js';
import {
  ATTRIBUTION_DIMENSIONS,
  FURTHER_METRICS,
  METRIC_ATTRIBUTES,
  type AttributionDimension,
  type ExemplarFilter,
  type FurtherMetric,
  type MetricAttribute,
} from '../model/metric-choices.js';
import { asBoolean, asObject, asOneOf, asWhole, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';
import type { MetricOptions } from './metric-options.js';

const METRIC_FIELDS = [
  'intervalMs',
  'durationBoundariesMs',
  'maxSeriesPerTenant',
  'maxSeries',
  'forgetAfterMs',
  'attributes',
  'operatorTenantDimension',
  'also',
  'attribution',
  'maxSeriesPerMetric',
  'exemplars',
];

/** The part of the environment that is about the request metrics. */
export interface MetricVariables {
  readonly metricIntervalMs: number | undefined;
  readonly exemplarFilter: ExemplarFilter | undefined;
}

export interface MetricSettings extends Required<Omit<MetricOptions, 'exemplars'>> {
  readonly exemplarFilter: ExemplarFilter;
  /** A metric of every request needs more than the two of operator and tenants. */
  readonly tellsFacts: boolean;
  /** One needs the sizes of bodies. */
  readonly countsBodies: boolean;
}

const BODY_SIZES: readonly FurtherMetric[] = [
  'http.server.request.body.size',
  'http.server.response.body.size',
];

/** 100 ms to a day. */
export function asMetricIntervalMs(value: unknown, option: string): number {
  return asWhole(value, option, 100, 86_400_000);
}

function resolveBoundaries(value: readonly number[] | undefined): readonly number[] {
  if (value === undefined) return DEFAULTS.durationBoundariesMs;
  const option = 'metrics.durationBoundariesMs';
  if (!Array.isArray(value) || value.length > 100)
    throw fault(option, 'must be an array of at most 100 numbers');
  value.forEach((bound: unknown, index) => {
    const before: unknown = index === 0 ? Number.NEGATIVE_INFINITY : value[index - 1];
    if (typeof bound !== 'number' || !Number.isFinite(bound) || bound <= (before as number)) {
      throw fault(option, 'must hold finite numbers, each greater than the one before');
    }
  });
  return [...(value as readonly number[])];
}

/** A list of names out of a closed set, without doubles. */
function asListOf<T extends string>(value: unknown, option: string, allowed: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw fault(option, `must be an array of ${allowed.join(', ')}`);
  return [...new Set(value.map((item: unknown) => asOneOf(item, option, allowed)))];
}

function resolveTenantDimension(value: unknown): MetricSettings['operatorTenantDimension'] {
  if (value === undefined) return true;
  if (typeof value === 'function') return value as (tenantId: string) => string | undefined;
  if (typeof value === 'boolean') return value;
  throw fault('metrics.operatorTenantDimension', 'must be true, false or a function');
}

/** What the environment says wins over code. */
export function resolveMetrics(
  metrics: MetricOptions | undefined,
  { metricIntervalMs: intervalFromEnvironmentMs, exemplarFilter }: MetricVariables,
): MetricSettings {
  const given = metrics === undefined ? {} : (asObject(metrics, 'metrics') as MetricOptions);
  checkFields(given as Readonly<Record<string, unknown>>, 'metrics', METRIC_FIELDS);
  const whole = (
    field: 'maxSeriesPerTenant' | 'maxSeries' | 'maxSeriesPerMetric' | 'forgetAfterMs',
    fallback: number,
    min: number,
    max: number,
  ): number => (given[field] === undefined ? fallback : asWhole(given[field], `metrics.${field}`, min, max));
  // Checked also where the environment stands over it.
  const intervalInCodeMs =
    given.intervalMs === undefined
      ? DEFAULTS.metricIntervalMs
      : asMetricIntervalMs(given.intervalMs, 'metrics.intervalMs');
  const filterInCode = (
    given.exemplars === undefined ? DEFAULTS.exemplars : asBoolean(given.exemplars, 'metrics.exemplars')
  )
    ? 'trace_based'
    : 'always_off';
  const also =
    given.also === undefined ? [] : asListOf<FurtherMetric>(given.also, 'metrics.also', FURTHER_METRICS);
  return {
    intervalMs: intervalFromEnvironmentMs ?? intervalInCodeMs,
    durationBoundariesMs: resolveBoundaries(given.durationBoundariesMs),
    maxSeriesPerTenant: whole('maxSeriesPerTenant', DEFAULTS.maxSeriesPerTenant, 1, 100_000),
    maxSeries: whole('maxSeries', DEFAULTS.maxSeries, 1, 1_000_000),
    forgetAfterMs: whole('forgetAfterMs', DEFAULTS.forgetAfterMs, 1_000, 86_400_000),
    attributes:
      given.attributes === undefined
        ? METRIC_ATTRIBUTES
        : asListOf<MetricAttribute>(given.attributes, 'metrics.attributes', METRIC_ATTRIBUTES),
    operatorTenantDimension: resolveTenantDimension(given.operatorTenantDimension),
    also,
    attribution:
      given.attribution === undefined
        ? []
        : asListOf<AttributionDimension>(given.attribution, 'metrics.attribution', ATTRIBUTION_DIMENSIONS),
    maxSeriesPerMetric: whole('maxSeriesPerMetric', DEFAULTS.maxSeriesPerMetric, 1, 100_000),
    exemplarFilter: exemplarFilter ?? filterInCode,
    tellsFacts: also.some((name) => name !== 'http.server.active_requests'),
    countsBodies: also.some((name) => BODY_SIZES.includes(name)),
  };
}
