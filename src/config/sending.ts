/** How a destination's exports are sent: time-outs, compression and sizes, with their defaults and limits. */
import { fault } from '../model/configuration-error.js';
import type { Destination } from '../model/destination.js';
import type { Compression, Sending } from '../model/resolved-destination.js';
import { asOneOf, asWhole } from './checks.js';

/** The specification's. It also bounds for how long a dead collector holds one of the queue's few requests. */
const TIMEOUT_MS = 10_000;
/** Below, a handshake across the world would fail. */
const MIN_TIMEOUT_MS = 100;
/** Longer than records are kept by default: whoever wants more wants no time-out at all. */
const MAX_TIMEOUT_MS = 600_000;
/** Long enough for one lost SYN packet, which is sent again after 1 s, and a slow TLS handshake. */
const CONNECT_TIMEOUT_MS = 3_000;
/**
 * Leaves about a sixth (measured) for about 2 µs of CPU a record: traffic costs more than that. The specification has no
 * compression by default, but every OTLP receiver must take gzip.
 */
const COMPRESSION: Compression = 'gzip';
/** What OTLP receivers commonly take, gRPC's default limit; the Collector's own is 20 MiB. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** Below, ordinary records would be too large even alone, and dropped. */
const MIN_MAX_REQUEST_BYTES = 64 * 1024;
/** More than any receiver takes; the body is in memory as a whole. */
const MAX_MAX_REQUEST_BYTES = 64 * 1024 * 1024;
/** 1,000 a second: whoever wants more wants no limit. */
const MAX_REQUESTS_PER_MINUTE = 60_000;

export function asTimeoutMs(value: unknown, option: string): number {
  return asWhole(value, option, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

export function asCompression(value: unknown, option: string): Compression {
  return asOneOf(value, option, ['gzip', 'none']);
}

/** The defaults of how a destination is sent to. */
export const SENDING_DEFAULTS: Sending = Object.freeze({
  timeoutMs: TIMEOUT_MS,
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  compression: COMPRESSION,
  maxRequestBytes: MAX_REQUEST_BYTES,
});

/** Completes what was said. Without a connect time-out of its own, a short time-out shortens it too. */
export function completeSending(said: Partial<Sending>): Sending {
  if (Object.keys(said).length === 0) return SENDING_DEFAULTS;
  const { timeoutMs, compression, maxRequestBytes } = { ...SENDING_DEFAULTS, ...said };
  const { connectTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs) } = said;
  return { timeoutMs, connectTimeoutMs, compression, maxRequestBytes };
}

/** Checks the fields of a destination. */
export function resolveSending(destination: Destination, option: string): Sending {
  const { timeoutMs, connectTimeoutMs, compression, maxRequestBytes } = destination;
  const sending = completeSending({
    ...(timeoutMs !== undefined && { timeoutMs: asTimeoutMs(timeoutMs, `${option}.timeoutMs`) }),
    ...(connectTimeoutMs !== undefined && {
      connectTimeoutMs: asTimeoutMs(connectTimeoutMs, `${option}.connectTimeoutMs`),
    }),
    ...(compression !== undefined && { compression: asCompression(compression, `${option}.compression`) }),
    ...(maxRequestBytes !== undefined && {
      maxRequestBytes: asWhole(
        maxRequestBytes,
        `${option}.maxRequestBytes`,
        MIN_MAX_REQUEST_BYTES,
        MAX_MAX_REQUEST_BYTES,
      ),
    }),
  });
  if (sending.connectTimeoutMs > sending.timeoutMs) {
    throw fault(
      `${option}.connectTimeoutMs`,
      `must be at most timeoutMs, which is ${sending.timeoutMs} and covers connecting too`,
    );
  }
  return sending;
}

/** `undefined`: as many as there are. */
export function resolveRequestsPerMinute(destination: Destination, option: string): number | undefined {
  const { requestsPerMinute } = destination;
  return requestsPerMinute === undefined
    ? undefined
    : asWhole(requestsPerMinute, `${option}.requestsPerMinute`, 1, MAX_REQUESTS_PER_MINUTE);
}
