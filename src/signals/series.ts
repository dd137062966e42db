/** One series of the request metrics: counter and histogram of one set of attributes, kept together. */
import type { MutableAttributes } from '../model/attributes.js';
import { ATTR_METRIC_OVERFLOW, type Names } from '../model/names.js';
import { Accumulation } from './accumulation.js';
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

/** Each active tenant has one or more, so its attributes are made when it is read. */
export class Series extends Accumulation {
  readonly isVisible: boolean;
  readonly #isOverflow: boolean;
  readonly #tenantId: string | undefined;
  readonly #statusCode: number | undefined;
  readonly #isError: boolean;
  readonly #routeName: string | undefined;
  readonly #environment: string | undefined;

  constructor(facts: SeriesFacts, { isOverflow, isVisible, startMs, buckets }: SeriesOptions) {
    super(startMs, buckets);
    this.#tenantId = facts.tenantId;
    this.#statusCode = facts.outcome.statusCode;
    this.#isError = facts.outcome.isError;
    this.#routeName = facts.routeName;
    this.#environment = facts.environment;
    this.#isOverflow = isOverflow;
    this.isVisible = isVisible;
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
