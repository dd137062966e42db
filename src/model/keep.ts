/** Rules for traces that are kept at their end although they were not sampled at their beginning. */
import type { Attributes } from './attributes.js';
import type { GovernanceFacts } from './governance.js';

/** A finished request, as rules of the host see it. A copy: changing it has no effect. */
export interface KeptRequest {
  /** A known method, or `_OTHER`. */
  readonly method: string;
  /** Path without query, capped. */
  readonly path: string;
  /** The route name, falling back to the route template. */
  readonly routeName: string | undefined;
  readonly tenantId: string | undefined;
  readonly environment: string | undefined;
  readonly requestId: string;
  /** Empty where there is no trace. */
  readonly traceId: string;
  /** What was decided at the beginning. */
  readonly isSampled: boolean;
  /** Absent where none was sent. */
  readonly statusCode: number | undefined;
  /** `error.type`; absent when it is not an error. */
  readonly errorType: string | undefined;
  /** 5xx, or no complete answer. */
  readonly isError: boolean;
  /** Of the log record. */
  readonly severityNumber: number;
  /** As `{ns}.latency_ms` of the log record. */
  readonly latencyMs: number;
  /** The upstream asked, else the host asked for. */
  readonly serverAddress: string | undefined;
  /** What `setAttribute` and `setTenantAttribute` have set. */
  readonly attributes: Attributes;
  /** What policies, costs and evaluations the host has told. */
  readonly governance: GovernanceFacts | undefined;
}

/** All conditions of a rule have to hold; a rule has at least one. */
export interface KeepRule {
  /** `true`: a 5xx, or no complete answer. */
  readonly errors?: true;
  /** The latency of the log record is more than so many milliseconds. */
  readonly slowerThanMs?: number;
  /** Statuses that were sent: numbers, or classes such as `5xx`. */
  readonly statusCodes?: readonly (number | string)[];
  /** Route names, else route templates; a `*` at the end stands for any rest. */
  readonly routes?: readonly string[];
  /** Tenant ids. */
  readonly tenants?: readonly string[];
  /** The costs told add up to more than this, whatever their currencies. */
  readonly costAbove?: number;
  /** A policy has given one of these results. */
  readonly policy?: readonly ('blocked' | 'warning')[];
}

/** One rule, several of which one has to hold, or a function that says `true`. */
export type Keep = KeepRule | readonly KeepRule[] | ((request: KeptRequest) => boolean);
