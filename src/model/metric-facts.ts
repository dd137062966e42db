/** What only the opt-in metrics need to know of a request. */
export interface MetricFacts {
  readonly scheme: string;
  readonly protocolVersion: string | undefined;
  /** The route's template, as the framework has it. */
  readonly httpRoute: string | undefined;
  readonly upstreamLatencyMs: number | undefined;
}
