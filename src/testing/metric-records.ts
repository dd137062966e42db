import { attributesOf } from './attribute-values.js';
import type { ReceivedAttributes } from './attribute-values.js';
import type { DecodedMessage } from './decode-request.js';
import {
  bigintOf,
  childOf,
  childrenOf,
  hexOf,
  numberOf,
  numbersOf,
  safeInteger,
  sentNumber,
  textOf,
} from './decoded-tree.js';
import { scopeGroupsOf } from './record-origin.js';
import type { ReceivedHeaders, ReceivedOrigin } from './record-origin.js';

/** The kinds of metric data in OTLP. */
export type ReceivedMetricType = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

/** An exemplar on a received metric point. Ids are lower-case hex, empty when not sent. */
export interface ReceivedExemplar {
  readonly value?: number | bigint;
  /** Nanoseconds since the epoch. */
  readonly timeUnixNano: bigint;
  readonly traceId: string;
  readonly spanId: string;
  readonly filteredAttributes: ReceivedAttributes;
}

/** One side of an exponential histogram. */
export interface ReceivedBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

/**
 * One data point as it arrived, together with the metric that it belongs to. What a kind of metric does not
 * have, or a sender left out, is missing. Counts are numbers: above 2^53 they lose precision.
 */
export interface ReceivedMetricPoint extends ReceivedOrigin {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: ReceivedMetricType;
  /** Missing on gauges and summaries, and when the sender left it unspecified. */
  readonly temporality?: 'delta' | 'cumulative';
  /** On sums only. */
  readonly isMonotonic?: boolean;
  readonly metadata: ReceivedAttributes;
  readonly attributes: ReceivedAttributes;
  /** Nanoseconds since the epoch; 0n when not sent. */
  readonly startTimeUnixNano: bigint;
  /** Nanoseconds since the epoch. */
  readonly timeUnixNano: bigint;
  /** Bit 0 says that there is no recorded value. */
  readonly flags: number;
  /** On gauges and sums. A bigint only for an integer that a number cannot hold exactly. */
  readonly value?: number | bigint;
  /** On both kinds of histogram and on summaries: how many values. */
  readonly count?: number;
  /** On both kinds of histogram (when sent) and on summaries: the total of the values. */
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** On histograms: one more than there are bounds. */
  readonly bucketCounts?: readonly number[];
  /** On histograms: the inclusive upper bounds. */
  readonly explicitBounds?: readonly number[];
  /** On exponential histograms. */
  readonly scale?: number;
  /** On exponential histograms. */
  readonly zeroCount?: number;
  /** On exponential histograms. */
  readonly zeroThreshold?: number;
  /** On exponential histograms. */
  readonly positive?: ReceivedBuckets;
  /** On exponential histograms. */
  readonly negative?: ReceivedBuckets;
  /** On summaries. */
  readonly quantileValues?: readonly { readonly quantile: number; readonly value: number }[];
  readonly exemplars: readonly ReceivedExemplar[];
}

type Common = Omit<ReceivedMetricPoint, 'temporality' | 'isMonotonic'>;

const TYPES: readonly ReceivedMetricType[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/** The points of a decoded metrics request in the order in which they were sent. */
export function metricPointsOf(request: DecodedMessage, headers: ReceivedHeaders): ReceivedMetricPoint[] {
  const fields = { resources: 'resourceMetrics', scopes: 'scopeMetrics' };
  return scopeGroupsOf(request, fields, headers).flatMap(({ group, origin }) =>
    childrenOf(group, 'metrics').flatMap((metric) => pointsOfMetric(metric, origin)),
  );
}

function pointsOfMetric(metric: DecodedMessage, origin: ReceivedOrigin): ReceivedMetricPoint[] {
  const type = TYPES.find((candidate) => childOf(metric, candidate) !== undefined);
  if (type === undefined) return [];
  const data = childOf(metric, type);
  const temporality = temporalityOf(data);
  return childrenOf(data, 'dataPoints').map((point) => ({
    ...commonOf(metric, type, point, origin),
    ...(temporality !== undefined && { temporality }),
    ...(type === 'sum' && { isMonotonic: data?.['isMonotonic'] === true }),
    ...kindSpecific(type, point),
  }));
}

function temporalityOf(data: DecodedMessage | undefined): 'delta' | 'cumulative' | undefined {
  const number = numberOf(data, 'aggregationTemporality');
  if (number === 1) return 'delta';
  return number === 2 ? 'cumulative' : undefined;
}

function commonOf(
  metric: DecodedMessage,
  type: ReceivedMetricType,
  point: DecodedMessage,
  origin: ReceivedOrigin,
): Common {
  return {
    name: textOf(metric, 'name'),
    description: textOf(metric, 'description'),
    unit: textOf(metric, 'unit'),
    type,
    metadata: attributesOf(metric, 'metadata'),
    attributes: attributesOf(point),
    startTimeUnixNano: bigintOf(point, 'startTimeUnixNano'),
    timeUnixNano: bigintOf(point, 'timeUnixNano'),
    flags: numberOf(point, 'flags'),
    exemplars: childrenOf(point, 'exemplars').map(exemplarOf),
    ...origin,
  };
}

function kindSpecific(type: ReceivedMetricType, point: DecodedMessage): Partial<ReceivedMetricPoint> {
  switch (type) {
    case 'gauge':
    case 'sum':
      return valueOf(point);
    case 'histogram':
      return {
        ...totalsOf(point),
        bucketCounts: numbersOf(point, 'bucketCounts') ?? [],
        explicitBounds: numbersOf(point, 'explicitBounds') ?? [],
      };
    case 'exponentialHistogram':
      return {
        ...totalsOf(point),
        scale: numberOf(point, 'scale'),
        zeroCount: Number(bigintOf(point, 'zeroCount')),
        zeroThreshold: numberOf(point, 'zeroThreshold'),
        ...bucketsOf(point, 'positive'),
        ...bucketsOf(point, 'negative'),
      };
    case 'summary':
      return {
        count: Number(bigintOf(point, 'count')),
        sum: numberOf(point, 'sum'),
        quantileValues: childrenOf(point, 'quantileValues').map((entry) => ({
          quantile: numberOf(entry, 'quantile'),
          value: numberOf(entry, 'value'),
        })),
      };
  }
}

function valueOf(message: DecodedMessage): { readonly value?: number | bigint } {
  const double = sentNumber(message, 'asDouble');
  if (double !== undefined) return { value: double };
  const integer = message['asInt'];
  return typeof integer === 'bigint' ? { value: safeInteger(integer) } : {};
}

function totalsOf(point: DecodedMessage): Partial<ReceivedMetricPoint> {
  const sum = sentNumber(point, 'sum');
  const min = sentNumber(point, 'min');
  const max = sentNumber(point, 'max');
  return {
    count: Number(bigintOf(point, 'count')),
    ...(sum !== undefined && { sum }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  };
}

function bucketsOf(point: DecodedMessage, side: 'positive' | 'negative'): Partial<ReceivedMetricPoint> {
  const buckets = childOf(point, side);
  if (buckets === undefined) return {};
  const value = {
    offset: numberOf(buckets, 'offset'),
    bucketCounts: numbersOf(buckets, 'bucketCounts') ?? [],
  };
  return side === 'positive' ? { positive: value } : { negative: value };
}

function exemplarOf(exemplar: DecodedMessage): ReceivedExemplar {
  return {
    ...valueOf(exemplar),
    timeUnixNano: bigintOf(exemplar, 'timeUnixNano'),
    traceId: hexOf(exemplar, 'traceId'),
    spanId: hexOf(exemplar, 'spanId'),
    filteredAttributes: attributesOf(exemplar, 'filteredAttributes'),
  };
}
