/** The bounds and times of delivery that are not options. Every buffer of this stage has its limit here or in `QueueBounds`. */

/** A queue holds at least so many batches, so that making room costs a small part of it only. */
export const MIN_BATCHES_PER_QUEUE = 4;
/** A larger one would push everybody else's out. */
export const MAX_RECORD_BYTES = 256 * 1024;
/** Queues are looked after so often while the more impatient of them waits for company. */
export const TICKS_PER_FLUSH = 4;
/**
 * Retries, lookups, and who waits for what comes with time are looked after so often, however patient the queues are: more
 * seldom, and what is saved up in between would be more than the bursts below allow.
 */
export const MAX_TICK_MS = 250;
/** No lane that has something is left alone for longer, whatever it waits for. */
export const MAX_UNSEEN_MS = 5_000;
/** Sending gives the event loop back after so long; one batch more may be under way. */
export const SLICE_MS = 3;
/** A destination's own wish is followed within these. */
export const MIN_RETRY_AFTER_MS = 1_000;
export const MAX_RETRY_AFTER_MS = 300_000;
/** How long a removed operator destination may still drain. */
export const DRAIN_MS = 10_000;
/** Former places that drain at the same time, and removed destinations; the oldest goes at once. */
export const MAX_DRAINING = 8;
/** A wait is at most this share of the outage so far: 30 s without a collector cost 8 s more at most, not a minute. */
export const MAX_SHARE_OF_OUTAGE = 0.25;
/** Failures in a row that make a destination `failing`, deliveries in a row that make it `active`. */
export const FAILING_AFTER = 5;
export const ACTIVE_AFTER = 3;
/**
 * What 429 without a usable `Retry-After` costs, in first retry delays, the first time and again: by default 2.5 s, then 10 s,
 * so that one who asks for less gets two requests in ten seconds, and one that asked once is not kept waiting.
 */
export const THROTTLED_DELAYS = 2.5;
export const THROTTLED_AGAIN_DELAYS = 10;
/** After so long without success a destination is asked only now and then, and after five days not any more. */
export const LONG_DEAD_AFTER_MS = 3_600_000;
export const LONG_DEAD_RETRY_MS = 300_000;
export const DISABLED_AFTER_MS = 120 * 3_600_000;
/** Batches stay open and grow while nothing can be sent, but not for more than so many flush intervals. */
export const MAX_FLUSH_INTERVALS = 10;
/** All tenants' requests under way: 64 round trips of 50 ms are 1,280 a second, more than a core can make. */
export const MAX_TENANT_REQUESTS = 64;
/** Of these, for destinations to which nothing was ever delivered, and for those that failed last time or were slow. */
export const MAX_NEW_TENANT_REQUESTS = 24;
export const MAX_SLOW_TENANT_REQUESTS = 16;
/**
 * Of these, for one tenant, should it have more lanes than that: sixteen destinations must not have sixteen times the turns
 * of one. Also of what it may have in line.
 */
export const MAX_REQUESTS_PER_TENANT = 4;
export const MAX_UNSURE_REQUESTS_PER_TENANT = 1;
/** An attempt that takes longer makes its destination a slow one. */
export const SLOW_AFTER_MS = 2_000;
/**
 * Whatever `timeoutMs` says, a request that has its place for longer gives it up as soon as anybody waits for one: the
 * default deadline.
 */
export const LONGEST_HELD_MS = 10_000;
/** CPU of one export on an open socket, and of one that makes its own with TLS (measured). */
export const EXPORT_COST_MS = 0.4;
export const HANDSHAKE_EXPORT_COST_MS = 2.5;
/** What may be spent at once after a quiet while. */
export const EXPORT_BURST_MS = 50;
/** TLS handshakes for tenants: a tenth of a core, whatever the share is set to, and for half a second's at once. */
export const HANDSHAKES_PER_SECOND = 40;
export const HANDSHAKE_BURST = 20;
/** Of all tenants together to one origin that is not trusted, as for all places. Also its sockets, where they are opened. */
export const MAX_REQUESTS_PER_ORIGIN = 8;
export const MAX_NEW_REQUESTS_PER_ORIGIN = 4;
export const MAX_SLOW_REQUESTS_PER_ORIGIN = 2;
/** These may have to wait for their handshake with a place in hand; who is connected already must not wait with them. */
export const MAX_HANDSHAKES_PER_ORIGIN = 4;
/** Together, no second has more than 50. */
export const ORIGIN_REQUESTS_PER_SECOND = 37;
export const ORIGIN_BURST = 12;
/** For so long after a quick answer to one tenant, an origin's new tenants count as quick ones. */
export const KNOWN_QUICK_FOR_MS = 60_000;
/** Tests of destinations, of the operator's and of tenants' each: enough for some persons who correct mistakes. */
export const MAX_TESTS_PER_MINUTE = 30;
/** One tenant's endpoint that hangs must not switch off the others' tests. */
export const MAX_TESTS_AT_ONCE = 4;
/** Whatever `timeoutMs` says: a person waits for it. */
export const MAX_TEST_MS = 10_000;
/** Shares of the memory limit at which records are shed, and by how much it must fall before that ends. */
export const PRESSURE_HIGH = 0.8;
export const PRESSURE_CRITICAL = 0.9;
export const PRESSURE_HYSTERESIS = 0.1;
export const PRESSURE_CHECK_MS = 1_000;
/** V8's young generation, three times 16 MiB unless a flag says otherwise; V8 does not tell. A smaller one makes us shed early. */
export const YOUNG_HEAP_BYTES = 48 * 1024 * 1024;

/** A tenant lookup's time. */
export const LOOKUP_TIMEOUT_MS = 5_000;
/** Lookups under way at once; further ones wait, so that invented ids do not storm the host's database. */
export const MAX_LOOKUPS = 64;
/** Of these, for tenants with destinations, and for those that nobody knows: neither can keep the others waiting. */
export const MAX_LOOKUPS_OF_A_LINE = 48;
/** Ids that nobody knows are taken up at this rate, after as many at once as there may be tenants: so a start is not slowed down. */
export const NEW_TENANTS_PER_SECOND = 1_000;
/** Answers are asked for again up to a fifth earlier than they must be. */
export const TTL_SPREAD = 0.2;
/** For how long a tenant without destinations is not asked about again. */
export const NO_DESTINATION_TTL_MS = 10_000;
/** Waits after failed lookups, doubling. */
export const FIRST_LOOKUP_BACKOFF_MS = 1_000;
export const MAX_LOOKUP_BACKOFF_MS = 60_000;
/** Tenants that are asked about again, or given up, at once: about 3 ms (measured). 20,000 at 4 ticks a second take half a minute. */
export const MAX_ASKED_AGAIN_PER_TICK = 150;
/** After about a minute of failures a tenant that was never known is given up until its next request. */
export const MAX_LOOKUP_FAILURES = 6;
/** Tenants known to have none; the oldest is forgotten. About 2 KB each. */
export const MAX_KNOWN_WITHOUT_DESTINATION = 10_000;
/** Tenants with destinations or being looked up. */
export const MAX_TENANTS = 20_000;
/** Records that wait for one lookup. */
export const MAX_WAITING_ITEMS = 512;
export const MAX_WAITING_BYTES = 256 * 1024;
/** What such a record occupies besides its bytes, as the budget of all tenants counts it (measured: 0.9 KB). */
export const WAITING_RECORD_BYTES = 1024;
