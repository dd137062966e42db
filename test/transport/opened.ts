/** Senders as an instance opens them, without one. */
import type { Sender } from '../../src/model/delivery.js';
import type { Audience, Sending, TlsSource } from '../../src/model/resolved-destination.js';
import { createCompressor } from '../../src/transport/gzip.js';
import { openOtlpSender } from '../../src/transport/otlp-http-sender.js';
import type { Pools } from '../../src/transport/pool.js';

export interface Opened {
  readonly audience: Audience;
  readonly isTrustedOrigin: boolean;
  readonly tls: TlsSource | undefined;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

export function openWith(pools: Pools, url: string, opened: Opened): Sender {
  const { audience, isTrustedOrigin, tls, ...times } = opened;
  const sending: Sending = { ...times, compression: 'none', maxRequestBytes: 4_194_304 };
  return openOtlpSender(
    { kind: 'otlp', url, headers: { fixed: {}, ask: undefined }, sending, audience, isTrustedOrigin, tls },
    {
      userAgent: 'test',
      decodeResponse: () => undefined,
      isResponse: () => true,
      compressor: createCompressor(),
      pools,
      onTlsFault: () => undefined,
    },
  );
}
