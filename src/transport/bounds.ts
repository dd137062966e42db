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
  /** Sockets that wait, over all pools; the least recently used closes first. About 68 KiB each with TLS (measured). */
  readonly maxIdleSockets: number;
  /** Longer than most flush intervals, no longer than the usual idle limits of load balancers. A server's own wish wins. */
  readonly idleMs: number;
  /** A socket that is older serves no further request, so that no change of addresses or rules stays unnoticed for longer. */
  readonly lifeMs: number;
  /** Open sockets to one origin for one audience: many tenants together are no attack on the endpoint they share. */
  readonly maxSocketsPerOrigin: number;
}

export const POOL_BOUNDS: PoolBounds = {
  maxIdleSockets: 512,
  idleMs: 60_000,
  lifeMs: 600_000,
  maxSocketsPerOrigin: 8,
};
