/** `maxRequestBytes`: what is over it is refused before it costs a connection. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutgoingBatch, SendResult } from '../../src/model/delivery.js';
import type { Compression } from '../../src/model/resolved-destination.js';
import { createCompressor } from '../../src/transport/gzip.js';
import { openOtlpSender } from '../../src/transport/otlp-http-sender.js';
import { createPools } from '../../src/transport/pool.js';
import { startCollector, type Collector } from '../faults/support.js';

async function sendBytes(bytes: number, compression: Compression, collector: Collector): Promise<SendResult> {
  const sending = { timeoutMs: 5_000, connectTimeoutMs: 3_000, compression, maxRequestBytes: 65_536 };
  const sender = openOtlpSender(
    {
      kind: 'otlp',
      url: collector.url,
      headers: { fixed: {}, ask: undefined },
      sending,
      audience: 'tenant',
      isTrustedOrigin: false,
      tls: undefined,
    },
    {
      userAgent: 'test',
      decodeResponse: () => undefined,
      isResponse: () => true,
      compressor: createCompressor(),
      pools: createPools(),
      onTlsFault: () => undefined,
    },
  );
  onTestFinished(() => sender.close());
  const batch: OutgoingBatch = {
    signal: 'logs',
    id: 'a batch',
    items: 2,
    request: () => new Uint8Array(bytes),
    readables: () => ({ resource: { attributes: {}, bytes: new Uint8Array() }, records: [] }),
  };
  return sender.send(batch, new AbortController().signal);
}

describe.each(['none', 'gzip'] as const)('a request, with compression %s,', (compression) => {
  it('that is as large as it may be is sent; a byte more is refused as too large, without a connection', async () => {
    const collector = await startCollector();
    onTestFinished(() => collector.close());
    expect(await sendBytes(65_537, compression, collector)).toEqual({
      kind: 'refused',
      errorClass: 'request_too_large',
      reason: 'too_large',
    });
    expect(collector.connections).toHaveLength(0);
    expect(await sendBytes(65_536, compression, collector)).toEqual({ kind: 'delivered', rejected: 0 });
    expect(collector.calls).toHaveLength(1);
  });
});
