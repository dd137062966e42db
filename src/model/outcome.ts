/** How an exchange came out, the same on span, log record and metrics. */

/** What is known when an exchange has ended; given to the `severity` option. */
export interface Outcome {
  /** The status sent to the client; absent when none was. */
  readonly statusCode?: number;
  /** `error.type`, from the documented list; absent when it is not an error. */
  readonly errorType?: string;
  /** 5xx, or no complete answer. */
  readonly isError: boolean;
  /** OpenTelemetry severity number of the log record: 9 INFO, 13 WARN, 17 ERROR. */
  readonly severityNumber: number;
}
