/** What tells one series of the request metrics from another, and which of it is left out by option. */
import { ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { MetricAttribute } from '../model/metric-choices.js';
import { ATTR_ERROR, ATTR_STATUS_CLASS, type Names } from '../model/names.js';

/** The part of a finished request that its series has as attributes. */
export interface SeriesFacts {
  readonly tenantId: string | undefined;
  readonly outcome: { readonly statusCode?: number; readonly isError: boolean };
  readonly routeName: string | undefined;
  readonly environment: string | undefined;
}

/** `metrics.attributes`: what a series does not show does not tell it from others either. */
export class SeriesAttributes {
  readonly #hasStatusCode: boolean;
  readonly #hasStatusClass: boolean;
  readonly #hasError: boolean;
  readonly #hasRouteName: boolean;
  readonly #hasEnvironment: boolean;
  readonly #hasAll: boolean;

  constructor(allowed: readonly MetricAttribute[]) {
    this.#hasStatusCode = allowed.includes('http.response.status_code');
    this.#hasStatusClass = allowed.includes('http.response.status_class');
    this.#hasError = allowed.includes('error');
    this.#hasRouteName = allowed.includes('route_name');
    this.#hasEnvironment = allowed.includes('environment');
    this.#hasAll = this.#hasStatusCode && this.#hasError && this.#hasRouteName && this.#hasEnvironment;
  }

  /** The facts without those that are left out: the same object where none is. */
  shownOf(facts: SeriesFacts): SeriesFacts {
    if (this.#hasAll) return facts;
    const statusCode = this.#statusOf(facts.outcome.statusCode);
    return {
      tenantId: facts.tenantId,
      outcome: {
        ...(statusCode !== undefined && { statusCode }),
        isError: this.#hasError && facts.outcome.isError,
      },
      routeName: this.#hasRouteName ? facts.routeName : undefined,
      environment: this.#hasEnvironment ? facts.environment : undefined,
    };
  }

  /** The first of its class stands for all of them where only the class is shown. */
  #statusOf(statusCode: number | undefined): number | undefined {
    if (statusCode === undefined || this.#hasStatusCode) return statusCode;
    return this.#hasStatusClass ? statusCode - (statusCode % 100) : undefined;
  }

  of({ outcome, routeName, environment }: SeriesFacts, names: Names): MutableAttributes {
    const attributes: MutableAttributes = {};
    if (this.#hasError) attributes[ATTR_ERROR] = outcome.isError;
    const { statusCode } = outcome;
    if (statusCode !== undefined) {
      if (this.#hasStatusCode) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = statusCode;
      if (this.#hasStatusClass) attributes[ATTR_STATUS_CLASS] = `${Math.floor(statusCode / 100)}xx`;
    }
    if (routeName !== undefined) attributes[names.routeName] = routeName;
    if (environment !== undefined) attributes[names.environment] = environment;
    return attributes;
  }
}
