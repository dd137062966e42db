/** What the delivery stage counts about itself for the operator's `otel.sdk.*` metrics. */
import type { Signal } from './signal.js';

/** One signal's exporter and the queue before it. Numbers are spans, log records or data points; totals never go down. */
export interface SelfCounts {
  /**
   * The exporter's type, a slash, and whose it is: `otlp_http_log_exporter/operator`. Once for each signal. Tenants share
   * one, `…/tenants`, so that they add no series.
   */
  readonly componentName: `${string}/${string}`;
  readonly signal: Signal;
  readonly serverAddress?: string;
  readonly serverPort?: number;
  /** Total that the destination took. */
  readonly exported: number;
  /** Totals by `error.type`. Under `queue_full` stands what never reached the exporter. */
  readonly failed: Readonly<Record<string, number>>;
  /** With the exporter now: from the first attempt to the end of the last, so pauses between attempts count too. */
  readonly inFlight: number;
  /** Waiting for the exporter now. */
  readonly queueItems: number;
  readonly queueCapacity: number;
}
