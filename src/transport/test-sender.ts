/** A sender for one test of a destination: it meets what an export would meet, and shares no socket with the exports. */
import { gzipSync } from 'node:zlib';
import type { DestinationResource, Sender } from '../model/delivery.js';
import type { Target } from '../model/resolved-destination.js';
import { openExporterSender } from './exporter-sender.js';
import type { Compressor } from './gzip.js';
import { openOtlpSender, type OtlpSenderOptions } from './otlp-http-sender.js';

/** However small: an endpoint that does not take gzip is to be found out now, not with the first full batch. */
const COMPRESS_ALL: Compressor = {
  compress: (body) => ({ bytes: gzipSync(body), encoding: 'gzip' }),
};

export function openTestSender(
  target: Target,
  options: OtlpSenderOptions,
  resourceObject: (resource: DestinationResource) => object,
): Sender {
  // Sockets of its own: on one that is open already, name, address and certificate would go untested. But whoever may test
  // must not get past what protects the endpoint from all of us together.
  if (target.kind === 'otlp')
    return openOtlpSender(target, {
      ...options,
      compressor: COMPRESS_ALL,
      pools: options.pools.apart(),
    });
  const sender = openExporterSender(target.exporter, {
    resourceObject,
    uses: new WeakMap(),
    closing: new Set(),
  });
  return {
    ...sender,
    close() {
      // It stays the host's, who may be about to give it to a destination: nothing that was tested is shut down.
    },
  };
}
