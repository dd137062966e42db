/** What a destination may leave out: the texts of its options `sampling` and `filter`. */
import type { Keep, KeptRequest } from './keep.js';

/** A share of what there is. Metrics are never sampled. */
export interface DestinationSampling {
  /**
   * The operator's only: share of the sampled traces that go here, 0 to 1, on the same bits of the trace id as
   * `sampling.ratio`, so that a destination of a lower ratio gets a part of what one of a higher ratio gets. It is of all
   * traces: 0.1 here beside a `sampling.ratio` of 0.2 is every second of those. Default 1: all that were sampled.
   */
  readonly traces?: number;
  /**
   * The operator's only: traces that come here whatever the ratios say, decided when the request has ended. Replaces
   * `sampling.keep` of the instance here; `[]` keeps nothing. Default: `sampling.keep`.
   */
  readonly keep?: Keep;
  /**
   * Share of the log records below WARN (severity number 13), 0 to 1, by the trace id where there is one, else by the request id,
   * so that the records of a trace stay together. WARN and worse always come. Default 1.
   */
  readonly logs?: number;
}

/**
 * What is not wanted here, of the records of a request together: its spans, its log record, and what is told of
 * its exception. Runtime logs, exceptions of single upstream calls and other records without a finished request know only
 * `minSeverity`, spans of `telemetry.tracer` nothing. Metrics are never filtered. A filter wins over `keep`.
 */
export interface DestinationFilter {
  /** Paths, as `url.path` of the log record; a `*` at the end stands for any rest: `/health`, `/internal/*`. */
  readonly excludePaths?: readonly string[];
  /** Route names, else route templates; with `*` as above. */
  readonly excludeRoutes?: readonly string[];
  /** Methods, as `http.request.method` of the log record: `OPTIONS`. */
  readonly excludeMethods?: readonly string[];
  /** The lowest severity number of log records, 1 to 24: 13 is WARN. Records without one come. */
  readonly minSeverity?: number;
  /**
   * The operator's only: asked when a request that the rest lets through has ended; `false` leaves it out. One that throws or
   * gives no boolean is reported and counts as `true`.
   */
  readonly where?: (request: KeptRequest) => boolean;
}
