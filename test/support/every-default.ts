/** The README's table of every default, row by row: what it is called there, and what the code has. */
import { DEFAULTS, QUEUE_DEFAULTS } from '../../src/config/defaults.js';
import { SENDING_DEFAULTS } from '../../src/config/sending.js';
import * as delivery from '../../src/delivery/bounds.js';
import * as transport from '../../src/transport/bounds.js';

const { operator, tenants } = QUEUE_DEFAULTS;

export const EVERY_DEFAULT: readonly (readonly [what: string, value: string | number])[] = [
  ['`serviceName`', DEFAULTS.serviceName],
  ['`namespace`', DEFAULTS.namespace],
  ['`tenantTtlMs`', DEFAULTS.tenantTtlMs],
  ['`sampling.ratio`', DEFAULTS.samplingRatio],
  ['`metrics.intervalMs`', DEFAULTS.metricIntervalMs],
  ['`metrics.durationBoundariesMs`', DEFAULTS.durationBoundariesMs.join(', ')],
  ['`metrics.maxSeriesPerTenant`', DEFAULTS.maxSeriesPerTenant],
  ['`metrics.maxSeries`', DEFAULTS.maxSeries],
  ['`metrics.forgetAfterMs`', DEFAULTS.forgetAfterMs],
  ['`flush` and `shutdown`, `timeoutMs`', DEFAULTS.flushTimeoutMs],
  ['`timeoutMs`', SENDING_DEFAULTS.timeoutMs],
  ['`connectTimeoutMs`', SENDING_DEFAULTS.connectTimeoutMs],
  ['`compression`', SENDING_DEFAULTS.compression],
  ['`maxRequestBytes`', SENDING_DEFAULTS.maxRequestBytes],
  ['`maxBatchItems`', operator.maxBatchItems],
  ['`maxBatchBytes`', operator.maxBatchBytes],
  ['`flushIntervalMs`', operator.flushIntervalMs],
  ['`maxItems`', `${operator.maxItems}; tenants ${tenants.maxItems}`],
  ['`maxBytes`', `${operator.maxBytes}; tenants ${tenants.maxBytes}`],
  ['`maxAgeMs`', operator.maxAgeMs],
  ['`initialRetryDelayMs`', operator.initialRetryDelayMs],
  ['`maxRetryDelayMs`', operator.maxRetryDelayMs],
  ['`maxInFlight`', `${operator.maxInFlight}; tenants ${tenants.maxInFlight}`],
  ['`delivery.maxBytesOfAllTenants`', QUEUE_DEFAULTS.maxBytesOfAllTenants],
  ['batches in a full queue, at least', delivery.MIN_BATCHES_PER_QUEUE],
  ['bytes of one record', delivery.MAX_RECORD_BYTES],
  ['looks at the queues per flush interval', delivery.TICKS_PER_FLUSH],
  ['longest time between two looks, ms', delivery.MAX_TICK_MS],
  ['flush intervals that a batch grows while nothing can be sent', delivery.MAX_FLUSH_INTERVALS],
  ['longest time between two looks at a queue that has something, ms', delivery.MAX_UNSEEN_MS],
  ['work before the event loop goes on, ms', delivery.SLICE_MS],
  [
    'shortest and longest `Retry-After` that is followed, ms',
    `${delivery.MIN_RETRY_AFTER_MS} to ${delivery.MAX_RETRY_AFTER_MS}`,
  ],
  [
    '429 without one, in initial delays, and again',
    `${delivery.THROTTLED_DELAYS}, ${delivery.THROTTLED_AGAIN_DELAYS}`,
  ],
  ['longest wait, as a share of the outage so far', delivery.MAX_SHARE_OF_OUTAGE],
  ['failures in a row to `failing`', delivery.FAILING_AFTER],
  ['deliveries in a row to `active`', delivery.ACTIVE_AFTER],
  [
    'failing for so long, ms, it is asked rarely: every … ms',
    `${delivery.LONG_DEAD_AFTER_MS}: ${delivery.LONG_DEAD_RETRY_MS}`,
  ],
  ['failing for so long, ms, it is `disabled`', delivery.DISABLED_AFTER_MS],
  ['a former operator destination drains for, ms', delivery.DRAIN_MS],
  ['former operator destinations that drain at once', delivery.MAX_DRAINING],
  ['requests of all tenants under way', delivery.MAX_TENANT_REQUESTS],
  [
    'of these, to destinations that are new, and to those that failed last time or were slow',
    `${delivery.MAX_NEW_TENANT_REQUESTS}, ${delivery.MAX_SLOW_TENANT_REQUESTS}`,
  ],
  ['an attempt that makes a destination slow, ms', delivery.SLOW_AFTER_MS],
  [
    'CPU counted for an export, for one with a handshake, and at once after a quiet while, ms',
    `${delivery.EXPORT_COST_MS}, ${delivery.HANDSHAKE_EXPORT_COST_MS}, ${delivery.EXPORT_BURST_MS}`,
  ],
  [
    'handshakes for tenants a second, and at once',
    `${delivery.HANDSHAKES_PER_SECOND}, ${delivery.HANDSHAKE_BURST}`,
  ],
  [
    "tenants' requests to one origin, of these to new and to slow destinations",
    [
      delivery.MAX_REQUESTS_PER_ORIGIN,
      delivery.MAX_NEW_REQUESTS_PER_ORIGIN,
      delivery.MAX_SLOW_REQUESTS_PER_ORIGIN,
    ].join(', '),
  ],
  [
    "tenants' requests to one origin a second, and at once",
    `${delivery.ORIGIN_REQUESTS_PER_SECOND}, ${delivery.ORIGIN_BURST}`,
  ],
  ['an origin that was quick counts as such for, ms', delivery.KNOWN_QUICK_FOR_MS],
  ['`delivery.cpuShareOfTenants`', QUEUE_DEFAULTS.cpuShareOfTenants],
  ['tests of destinations a minute, of the operator and of tenants each', delivery.MAX_TESTS_PER_MINUTE],
  ['time of such a test, ms, at most', delivery.MAX_TEST_MS],
  [
    'memory shares at which records are shed, and lower by',
    `${delivery.PRESSURE_HIGH}, ${delivery.PRESSURE_CRITICAL}, by ${delivery.PRESSURE_HYSTERESIS}`,
  ],
  ["of V8's limit, its young generation, bytes", delivery.YOUNG_HEAP_BYTES],
  ['looks at the memory, ms', delivery.PRESSURE_CHECK_MS],
  ['time of a lookup, ms', delivery.LOOKUP_TIMEOUT_MS],
  ['lookups under way', delivery.MAX_LOOKUPS],
  ['of these, for known and for unknown tenants each', delivery.MAX_LOOKUPS_OF_A_LINE],
  [
    'tenants that are new to the lookup, at once, and a second after that',
    `${delivery.MAX_TENANTS}, ${delivery.NEW_TENANTS_PER_SECOND}`,
  ],
  ['an answer is asked for again earlier by a share of at most', delivery.TTL_SPREAD],
  ['a `null` answer holds for, ms', delivery.NO_DESTINATION_TTL_MS],
  [
    'waits after failed lookups, ms',
    `${delivery.FIRST_LOOKUP_BACKOFF_MS} to ${delivery.MAX_LOOKUP_BACKOFF_MS}`,
  ],
  ['failed lookups until what waits is `unrouted`', delivery.MAX_LOOKUP_FAILURES],
  ['records that wait for a lookup', `${delivery.MAX_WAITING_ITEMS}, ${delivery.MAX_WAITING_BYTES} bytes`],
  ['bytes that count for each of them besides its own', delivery.WAITING_RECORD_BYTES],
  ['tenants with destinations', delivery.MAX_TENANTS],
  ['tenants known to have none', delivery.MAX_KNOWN_WITHOUT_DESTINATION],
  ['time of a headers function, ms', transport.HEADERS_DEADLINE_MS],
  ['wait for certificate files that have changed, ms', transport.REFRESH_DEADLINE_MS],
  ['time of a ready-made exporter, ms', transport.EXPORTER_DEADLINE_MS],
  ['bytes from which a request is compressed', transport.MIN_GZIP_BYTES],
  ['bytes up to which that is done at once', transport.MAX_SYNC_GZIP_BYTES],
  ['informational answers', transport.MAX_INFORMATIONAL],
  [
    'bytes read of an answer, and of its headers',
    `${transport.MAX_ANSWER_BYTES}, ${transport.MAX_ANSWER_HEADER_BYTES}`,
  ],
  ['TLS contexts kept', transport.MAX_SECURE_CONTEXTS],
  ['open sockets', transport.POOL_BOUNDS.maxSockets],
  ['origins without a socket that keep their TLS sessions', transport.POOL_BOUNDS.maxQuietPools],
  [
    'a socket idles for, and lives for, ms',
    `${transport.POOL_BOUNDS.idleMs}, ${transport.POOL_BOUNDS.lifeMs}`,
  ],
  [
    'requests to one origin, of the operator and of all tenants each',
    transport.POOL_BOUNDS.maxSocketsPerOrigin,
  ],
  [
    "one question about a tenant's host name, ms, and how often",
    `${transport.RESOLVER_BOUNDS.timeoutMs}, ${transport.RESOLVER_BOUNDS.tries} times`,
  ],
  ['host names of tenants that are looked up at a time', transport.RESOLVER_BOUNDS.maxLookups],
  ['host names of tenants that are remembered', transport.RESOLVER_BOUNDS.maxNames],
  ['and for how long, ms', `${transport.RESOLVER_BOUNDS.minTtlMs} to ${transport.RESOLVER_BOUNDS.maxTtlMs}`],
  ['without an address, ms', transport.FAILED_NAME_TTL_MS],
  ['addresses of one name', transport.MAX_ADDRESSES],
  ['the list of name servers is read again after, ms', transport.NAME_SERVERS_LIFE_MS],
  ['reaching `tenantEgress.proxy`, and its answer, ms', transport.TUNNEL_TIMEOUT_MS],
  ["the egress guard's test of itself, ms", transport.SELF_TEST_TIMEOUT_MS],
];

/** All constants that the table has to cover. */
export const COVERED = { DEFAULTS, SENDING_DEFAULTS, QUEUE_DEFAULTS, delivery, transport };
