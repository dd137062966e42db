/** The bounds and times of sending that are not options. Every limit of this stage is here. */

/** A host's header function, out of the attempt's time. */
export const HEADERS_DEADLINE_MS = 5_000;
/** Files that have not been read by then serve from a later attempt; meanwhile the last good ones do. */
export const REFRESH_DEADLINE_MS = 500;
/** Longer than the stock exporters' 10 s with retries. */
export const EXPORTER_DEADLINE_MS = 30_000;
/** A smaller body fits into one packet anyway. */
export const MIN_GZIP_BYTES = 1024;
/** What is compressed at once: about 0.2 ms at most. For 230 KB of log records it would be 0.8 ms (measured). */
export const MAX_SYNC_GZIP_BYTES = 64 * 1024;
/** 1xx answers before the real one. Nobody sends more than one or two; each costs work. */
export const MAX_INFORMATIONAL = 8;
/** About 19 MiB at most; whoever has more pays with time. */
export const MAX_SECURE_CONTEXTS = 512;
/** What is read of an answer; the rest of a longer one is thrown away with its socket. */
export const MAX_ANSWER_BYTES = 64 * 1024;
export const MAX_ANSWER_HEADER_BYTES = 16 * 1024;

export interface PoolBounds {
  /**
   * Open sockets over all pools, in use or waiting; of those that wait, the least recently used closes to make room. With
   * those that are about to close, one for each of 64 requests that begin at once, there are 512. About 68 KiB each with TLS
   * (measured).
   */
  readonly maxSockets: number;
  /** Pools without request or socket that keep their agent, for its TLS context and sessions: about 3 KiB each, 40 with TLS. */
  readonly maxQuietPools: number;
  /** Longer than most flush intervals, no longer than the usual idle limits of load balancers. A server's own wish wins. */
  readonly idleMs: number;
  /** A socket that is older serves no further request, so that no change of addresses or rules stays unnoticed for longer. */
  readonly lifeMs: number;
  /** Open sockets to one origin for one audience: many tenants together are no attack on the endpoint they share. */
  readonly maxSocketsPerOrigin: number;
  /** The same where the operator knows that it is the tenants' vendor: as many requests as all tenants have under way. */
  readonly maxSocketsPerTrustedOrigin: number;
}

export const POOL_BOUNDS: PoolBounds = {
  maxSockets: 448,
  maxQuietPools: 128,
  idleMs: 60_000,
  lifeMs: 600_000,
  maxSocketsPerOrigin: 8,
  maxSocketsPerTrustedOrigin: 64,
};

export interface ResolverBounds {
  /** Of one question to one name server; with `tries`, no name holds its place for long. */
  readonly timeoutMs: number;
  readonly tries: number;
  /** Names that are looked up at a time. */
  readonly maxLookups: number;
  /** Names whose addresses are kept: about 300 bytes each. */
  readonly maxNames: number;
  /** However short a name server wants it: a name that changes with every question would cost one for every connection. */
  readonly minTtlMs: number;
  /** However long: a move is noticed within this time. */
  readonly maxTtlMs: number;
}

export const RESOLVER_BOUNDS: ResolverBounds = {
  timeoutMs: 1_000,
  tries: 2,
  maxLookups: 32,
  maxNames: 4_096,
  minTtlMs: 5_000,
  maxTtlMs: 300_000,
};
/** A name that has no address is not asked for again before this. */
export const FAILED_NAME_TTL_MS = 10_000;
/** How long a name that only the system may know waits until it is asked. */
export const SYSTEM_LOOKUP_WAIT_MS = 3_000;
/** The system's list of name servers is read again after this. */
export const NAME_SERVERS_LIFE_MS = 300_000;
/** A name with more of them is taken for one without any. */
export const MAX_RECORDS = 1_024;
/** Of one name, half of them of each family. Nobody needs more, and all of them would be tried. */
export const MAX_ADDRESSES = 16;
/**
 * Tenants' open sockets to one address, over all names that mean it. Two busy origins' worth: a large host's front end has
 * thousands of collectors behind one address, and half of that would let one origin keep all others out.
 */
export const MAX_SOCKETS_PER_ADDRESS = 16;
/** How long a connection waits for its turn at such an address: less than `connectTimeoutMs` by default. */
export const ADDRESS_WAIT_MS = 2_500;
/** Reaching the proxy, and its answer: as `connectTimeoutMs` by default, which has not begun by then. */
export const TUNNEL_TIMEOUT_MS = 3_000;
/** Everything in it happens inside the process. */
export const SELF_TEST_TIMEOUT_MS = 5_000;
