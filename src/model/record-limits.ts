/** How much a record may hold of what hosts and clients put into it. The library's own attributes do not count. */

/** The option `limits`. In brackets the variables of the environment, which win field by field. */
export interface LimitOptions {
  /** Attributes of a record, 0 to 1,024 (`OTEL_ATTRIBUTE_COUNT_LIMIT`). Default 128, as the specification has it. */
  readonly attributes?: number;
  /**
   * Characters of a text value, 1 to 65,536 (`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`). Default 4,096: the specification's default is
   * no limit, which is a way to be flooded. Paths, queries and URLs are cut at 4,096 in any case.
   */
  readonly valueLength?: number;
  /** Of spans, instead of `attributes` (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`). */
  readonly spanAttributes?: number;
  /** Of spans, instead of `valueLength` (`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`). */
  readonly spanValueLength?: number;
  /** Events of a span, 0 to 1,024 (`OTEL_SPAN_EVENT_COUNT_LIMIT`). Default 128. */
  readonly spanEvents?: number;
  /** Links of a span, 0 to 1,024 (`OTEL_SPAN_LINK_COUNT_LIMIT`). Default 128. */
  readonly spanLinks?: number;
  /** Attributes of an event of a span, 0 to 1,024 (`OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`). Default 128. */
  readonly eventAttributes?: number;
  /** Attributes of a link, 0 to 1,024 (`OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`). Default 128. */
  readonly linkAttributes?: number;
  /** Of log records, instead of `attributes` (`OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT`). */
  readonly logAttributes?: number;
  /** Of log records, instead of `valueLength` (`OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT`). */
  readonly logValueLength?: number;
}

export interface AttributeLimits {
  readonly maxAttributes: number;
  readonly maxValueLength: number;
}

export interface SpanLimits extends AttributeLimits {
  readonly maxEvents: number;
  readonly maxLinks: number;
  readonly maxEventAttributes: number;
  readonly maxLinkAttributes: number;
}

/** The option and the environment, completed. */
export interface RecordLimits {
  readonly span: SpanLimits;
  readonly log: AttributeLimits;
}
