/** The bounds and times of delivery. Every buffer of this stage has its limit here. */

/** The bounds of one queue (one destination, one signal). */
export interface QueueBounds {
  /** Bytes waiting and in flight; over it the oldest waiting batch goes. */
  readonly maxBytes: number;
  /** Requests under way at once. */
  readonly maxInFlight: number;
}

/** About 30,000 records: a minute at 500 requests a second. */
export const OPERATOR_QUEUE: QueueBounds = { maxBytes: 16 * 1024 * 1024, maxInFlight: 4 };
/** One at a time keeps a slow tenant from holding many sockets. */
export const TENANT_QUEUE: QueueBounds = { maxBytes: 1024 * 1024, maxInFlight: 1 };

/** As the SDKs' batch processors. */
export const MAX_BATCH_ITEMS = 512;
/** With an envelope of up to 16 KiB a request of spans or log records has 512 KiB: far below the 4 MiB that receivers commonly take. */
export const MAX_BATCH_BYTES = 496 * 1024;
/** A queue holds at least so many batches, so that making room costs a small part of it only. */
export const MIN_BATCHES_PER_QUEUE = 4;
/** A larger one would push everybody else's out. */
export const MAX_RECORD_BYTES = 256 * 1024;
/** How long a record waits for company, jittered by a fifth. */
export const FLUSH_INTERVAL_MS = 1_000;
/** Sending gives the event loop back after so long; one batch more may be under way. */
export const SLICE_MS = 3;
/** An older batch is dropped instead of tried again. */
export const MAX_AGE_MS = 300_000;
/** Waits between attempts grow from the first to the second, jittered by half. */
export const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 64_000;
/** A destination's own wish is followed within these. */
export const MIN_RETRY_AFTER_MS = 1_000;
export const MAX_RETRY_AFTER_MS = 300_000;
/** How long a removed operator destination may still drain. */
export const DRAIN_MS = 10_000;
/** Failures in a row that make a destination `failing`, deliveries in a row that make it `active`. */
export const FAILING_AFTER = 5;
export const ACTIVE_AFTER = 3;

/** A tenant lookup's time. */
export const LOOKUP_TIMEOUT_MS = 5_000;
/** Lookups under way at once; further ones wait, so that invented ids do not storm the host's database. */
export const MAX_LOOKUPS = 64;
/** For how long a tenant without destinations is not asked about again. */
export const NO_DESTINATION_TTL_MS = 10_000;
/** Waits after failed lookups, doubling. */
export const FIRST_LOOKUP_BACKOFF_MS = 1_000;
export const MAX_LOOKUP_BACKOFF_MS = 60_000;
/** After about a minute of failures a tenant that was never known is given up until its next request. */
export const MAX_LOOKUP_FAILURES = 6;
/** Tenants known to have none; the oldest is forgotten. About 2 KB each. */
export const MAX_KNOWN_WITHOUT_DESTINATION = 10_000;
/** Tenants with destinations or being looked up. */
export const MAX_TENANTS = 20_000;
/** Records that wait for one lookup. */
export const MAX_WAITING_ITEMS = 512;
export const MAX_WAITING_BYTES = 256 * 1024;
