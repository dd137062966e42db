/** How a destination's exports are sent: time-outs and compression, with their defaults and limits. */
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
/** The specification's. Gzip leaves about a sixth (measured) and costs about 2 µs of CPU a record; whoever pays for bytes says so. */
const COMPRESSION: Compression = 'none';

export function asTimeoutMs(value: unknown, option: string): number {
  return asWhole(value, option, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

export function asCompression(value: unknown, option: string): Compression {
  return asOneOf(value, option, ['gzip', 'none']);
}

/** Completes what was said. Without a connect time-out of its own, a short time-out shortens it too. */
export function completeSending(said: Partial<Sending>): Sending {
  const { timeoutMs = TIMEOUT_MS, compression = COMPRESSION } = said;
  const { connectTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs) } = said;
  return { timeoutMs, connectTimeoutMs, compression };
}

/** Checks the fields of a destination. */
export function resolveSending(destination: Destination, option: string): Sending {
  const { timeoutMs, connectTimeoutMs, compression } = destination;
  const sending = completeSending({
    ...(timeoutMs !== undefined && { timeoutMs: asTimeoutMs(timeoutMs, `${option}.timeoutMs`) }),
    ...(connectTimeoutMs !== undefined && {
      connectTimeoutMs: asTimeoutMs(connectTimeoutMs, `${option}.connectTimeoutMs`),
    }),
    ...(compression !== undefined && { compression: asCompression(compression, `${option}.compression`) }),
  });
  if (sending.connectTimeoutMs > sending.timeoutMs) {
    throw fault(
      `${option}.connectTimeoutMs`,
      `must be at most timeoutMs, which is ${sending.timeoutMs} and covers connecting too`,
    );
  }
  return sending;
}
