/** Every default, with its reason. The tables of the README and of docs/defaults.md are checked against this file. */

import type { DeliveryBounds, QueueBounds } from '../model/queue-options.js';

export const DEFAULTS = {
  /** The seed's name; a gateway of another name says so. */
  serviceName: 'knoxcall',
  /** Platforms answer within tens of milliseconds; where there is none, connecting to it hangs. */
  resourceDetectionTimeoutMs: 5_000,
  /** Prefix of custom attributes, event and metric names. */
  namespace: 'knoxcall',
  /** As the OpenTelemetry SDKs: one reading a minute is what backends and their prices expect. */
  metricIntervalMs: 60_000,
  /** The SDK's default boundaries, which suit milliseconds. */
  durationBoundariesMs: [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
  /** One tenant's series: routes × statuses of a busy tenant, and no more, so that it cannot crowd out others. */
  maxSeriesPerTenant: 200,
  /** The operator's series over all tenants: about 400 bytes each, and one reading of them stays under 4 MiB. */
  maxSeries: 5_000,
  /** Of each further metric of the operator's: the limit that the SDKs' specification has. */
  maxSeriesPerMetric: 2_000,
  /** As the SDKs' specification has it: one for each bucket and reading leads from a slow request to its trace. */
  exemplars: true,
  /** As long as Prometheus takes to call a series stale. */
  forgetAfterMs: 300_000,
  /** A change reaches every process within a minute, without a message bus. */
  tenantTtlMs: 60_000,
  /** Every trace: a gateway that records fewer says so. */
  samplingRatio: 1,
  /** The specification's default, for each record, event and link. */
  maxAttributes: 128,
  /** Characters of a value. The specification has no default limit, which is a way to be flooded. */
  maxValueLength: 4_096,
  /** The specification's default: events of a span, and links. */
  maxSpanItems: 128,
  /** Those of the HTTP conventions. */
  knownMethods: ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
  /** INFO: what is written to find a fault in development costs too much, and says too much, in production. */
  runtimeLogMinSeverity: 9,
  /** The last release of the semantic conventions that has them. */
  genAiSemconv: '1.41',
  /** `flush` and `shutdown`: well inside the 10 s that orchestrators give before they kill. */
  flushTimeoutMs: 5_000,
} as const;

const OPERATOR_QUEUE: QueueBounds = {
  /** As the SDKs' batch processors. */
  maxBatchItems: 512,
  /** With an envelope of up to 16 KiB a request has 512 KiB: far below the 4 MiB that receivers commonly take. */
  maxBatchBytes: 496 * 1024,
  /** Fresh enough for a person who watches, and one request a second at most per signal of a quiet gateway. */
  flushIntervalMs: 1_000,
  /** More than the bytes usually hold; it bounds what many tiny records cost besides their bytes. */
  maxItems: 65_536,
  /** About 30,000 records: a minute at 500 requests a second. */
  maxBytes: 16 * 1024 * 1024,
  /** A collector's restart or a deploy; older telemetry helps nobody and would only delay what is new. */
  maxAgeMs: 300_000,
  /** What the OTLP specification suggests to begin with. */
  initialRetryDelayMs: 1_000,
  /** About once a minute: an outage costs nothing, and its end is soon noticed. */
  maxRetryDelayMs: 64_000,
  /** Hides the round trip to a distant collector. */
  maxInFlight: 4,
};

/** The defaults of `delivery`. */
export const QUEUE_DEFAULTS: DeliveryBounds = {
  operator: OPERATOR_QUEUE,
  tenants: {
    ...OPERATOR_QUEUE,
    /** A tenant's 1 MiB holds about half as many. */
    maxItems: 4_096,
    maxBytes: 1024 * 1024,
    /** One at a time keeps a slow tenant from holding many sockets. */
    maxInFlight: 1,
  },
  /** A small part of a gateway's memory, and 64 tenants' worth of full queues. */
  maxBytesOfAllTenants: 64 * 1024 * 1024,
  /** A gateway's core is for its requests. */
  cpuShareOfTenants: 0.1,
};
