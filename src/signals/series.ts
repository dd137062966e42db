/** One series of the request metrics: counter and histogram of one set of attributes, kept together. */
import type { MutableAttributes } from '../model/attributes.js';
import { ATTR_METRIC_OVERFLOW, type Names } from '../model/names.js';
import type { SeriesAttributes, SeriesFacts } from './series-facts.js';

/** Of the series in which a request counts, within its tenant. */
export function keyOf({ outcome, routeName, environment }: SeriesFacts): string {
  return textOf(outcome.statusCode, outcome.isError, routeName, environment);
}

/** Names are free of control characters, so separator and stand-in cannot occur in them. */
function textOf(
  statusCode: number | undefined,
  isError: boolean,
  routeName: string | undefined,
  environment: string | undefined,
): string {
  return `${statusCode ?? 0}\n${isError ? 1 : 0}\n${routeName ?? '\t'}\n${environment ?? '\t'}`;
}

/** Who sees a series, and what it is. */
export interface SeriesOptions {
  /** Of what the request says, nothing but that it did not fit. */
  readonly isOverflow: boolean;
  /** `false`: folded into the operator's overflow series. */
  readonly isVisible: boolean;
  readonly startMs: number;
  readonly buckets: number;
}

/**
 * Totals since the series was born. About 400 bytes with the usual 16 buckets: each active tenant has one or more, so its
 * attributes are made when it is read, and the buckets are a plain array, as a typed one costs twice as much.
 */
export class Series {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly bucketCounts: number[];
  /** The version of the aggregator at the last change; readings compare theirs with it. */
  version = 0;
  changedAtMs: number;
  /** Moves back once when the clock does. */
  startMs: number;
  readonly isVisible: boolean;
  /** It has left its table, while a reading may be on its way through that. */
  isForgotten = false;
  readonly #isOverflow: boolean;
  readonly #tenantId: string | undefined;
  readonly #statusCode: number | undefined;
  readonly #isError: boolean;
  readonly #routeName: string | undefined;
  readonly #environment: string | undefined;

  constructor(facts: SeriesFacts, { isOverflow, isVisible, startMs, buckets }: SeriesOptions) {
    this.#tenantId = facts.tenantId;
    this.#statusCode = facts.outcome.statusCode;
    this.#isError = facts.outcome.isError;
    this.#routeName = facts.routeName;
    this.#environment = facts.environment;
    this.#isOverflow = isOverflow;
    this.isVisible = isVisible;
    this.startMs = startMs;
    this.changedAtMs = startMs;
    this.bucketCounts = new Array<number>(buckets).fill(0);
  }

  /** Whether another request of the same tenant counts here. */
  isOf({ outcome, routeName, environment }: SeriesFacts): boolean {
    return (
      this.#statusCode === outcome.statusCode &&
      this.#routeName === routeName &&
      this.#isError === outcome.isError &&
      this.#environment === environment
    );
  }

  get key(): string {
    return textOf(this.#statusCode, this.#isError, this.#routeName, this.#environment);
  }

  add(durationMs: number, boundaries: readonly number[], version: number, nowMs: number): void {
    this.count++;
    this.sum += durationMs;
    if (durationMs < this.min) this.min = durationMs;
    if (durationMs > this.max) this.max = durationMs;
    let bucket = 0;
    // Upper bounds are inclusive. Most requests are in the first buckets, so a search from the left is the quickest.
    while (bucket < boundaries.length && durationMs > (boundaries[bucket] as number)) bucket++;
    (this.bucketCounts[bucket] as number)++;
    this.version = version;
    this.changedAtMs = nowMs;
  }

  /** A tenant's own do not name the tenant. */
  attributes(shown: SeriesAttributes, names: Names, forOperator: boolean): MutableAttributes {
    // By the specification the overflow series has this one attribute.
    if (this.#isOverflow) return { [ATTR_METRIC_OVERFLOW]: true };
    const statusCode = this.#statusCode;
    const attributes = shown.of(
      {
        tenantId: this.#tenantId,
        outcome: { ...(statusCode !== undefined && { statusCode }), isError: this.#isError },
        routeName: this.#routeName,
        environment: this.#environment,
      },
      names,
    );
    if (forOperator && this.#tenantId !== undefined) attributes[names.tenantId] = this.#tenantId;
    return attributes;
  }
}

/** The totals of a series at one moment. */
export interface SeriesTotals {
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: readonly number[];
}

export function totalsOf(series: Series): SeriesTotals {
  return { count: series.count, sum: series.sum, bucketCounts: series.bucketCounts.slice() };
}
