/** The bounds and times of delivery that are not options. Every buffer of this stage has its limit here or in `QueueBounds`. */

/** A queue holds at least so many batches, so that making room costs a small part of it only. */
export const MIN_BATCHES_PER_QUEUE = 4;
/** A larger one would push everybody else's out. */
export const MAX_RECORD_BYTES = 256 * 1024;
/** Retries and lookups are looked after so often, however patient the queues are. */
export const MAX_TICK_MS = 1_000;
/** Sending gives the event loop back after so long; one batch more may be under way. */
export const SLICE_MS = 3;
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
