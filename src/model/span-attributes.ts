/** Opt-in attributes of spans, all of them for the operator alone. */

/** Headers by name, in any case; each becomes `http.request.header.{name}` or `http.response.header.{name}`. */
export interface SpanHeaderOptions {
  /**
   * Request headers to record. Names that carry credentials (`authorization`, `cookie`, `x-api-key`, …) are refused. At most
   * 64. Default: none.
   */
  readonly requestHeaders?: readonly string[];
  /** Response headers to record, under the same rules. Default: none. */
  readonly responseHeaders?: readonly string[];
}

/** Of SERVER spans. */
export interface ServerSpanAttributeOptions extends SpanHeaderOptions {
  /** `true`: `client.port`, `network.local.address`, `network.local.port`, `network.transport`. Default `false`. */
  readonly network?: boolean;
  /** `true`: `user_agent.synthetic.type`, by the user agent's own words: `bot` or `test`. Default `false`. */
  readonly syntheticType?: boolean;
}

/** Of CLIENT spans. */
export interface ClientSpanAttributeOptions extends SpanHeaderOptions {
  /** `true`: `network.transport` and `url.scheme`. Default `false`. */
  readonly network?: boolean;
  /** `true`: `user_agent.original`, as it goes out. Default `false`. */
  readonly userAgent?: boolean;
}

/** Which of the conventions' opt-in attributes are recorded. */
export interface SpanAttributeOptions {
  readonly server?: ServerSpanAttributeOptions;
  readonly client?: ClientSpanAttributeOptions;
}

/** Names in lower case. */
export interface HeaderNames {
  readonly request: readonly string[];
  readonly response: readonly string[];
}

/** The options, checked; `undefined` where nothing of it is asked for. */
export interface SpanAttributeRules {
  readonly server: (HeaderNames & { readonly network: boolean; readonly syntheticType: boolean }) | undefined;
  readonly client: (HeaderNames & { readonly network: boolean; readonly userAgent: boolean }) | undefined;
}
