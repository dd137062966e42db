/** Sends through a ready-made OpenTelemetry exporter. Its own retries and time-outs are its own; ours is a backstop. */
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { DestinationResource, OutgoingBatch, Sender, SendResult } from '../model/delivery.js';
import type { ReadyMadeExporter } from '../model/destination.js';
import { containRejection } from '../model/settle.js';
import { EXPORTER_DEADLINE_MS } from './bounds.js';

const SUCCESS = 0;

export interface ExporterSenderOptions {
  /** The SDK's resource object of a destination. */
  resourceObject(resource: DestinationResource): object;
  /** How many destinations of the instance use an exporter: the last one to go shuts it down. */
  readonly uses: WeakMap<ReadyMadeExporter, number>;
  /** Exporters that are being shut down, for whoever waits for them. */
  readonly closing: Set<Promise<void>>;
}

export function openExporterSender(exporter: ReadyMadeExporter, options: ExporterSenderOptions): Sender {
  /** Spans and log records go as an array, metrics as `ResourceMetrics`. */
  const itemsOf = (batch: OutgoingBatch): object => {
    const { resource, records } = batch.readables();
    if (batch.signal !== 'metrics') return records;
    return { resource: options.resourceObject(resource), scopeMetrics: records };
  };
  options.uses.set(exporter, (options.uses.get(exporter) ?? 0) + 1);
  const failed: SendResult = { kind: 'refused', errorClass: 'exporter', reason: 'exporter_failed' };
  return {
    update() {
      // The same exporter object: there is nothing to change.
    },
    send(batch, signal) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(failed), EXPORTER_DEADLINE_MS).unref();
        const settle = (result: SendResult): void => {
          clearTimeout(timer);
          resolve(result);
        };
        signal.addEventListener('abort', () => settle(failed), { once: true });
        try {
          const answer: unknown = context.with(suppressTracing(ROOT_CONTEXT), () =>
            exporter.export(itemsOf(batch), (result) => {
              settle(result?.code === SUCCESS ? { kind: 'delivered', rejected: 0 } : failed);
            }),
          );
          containRejection(answer, () => settle(failed));
        } catch {
          settle(failed);
        }
      });
    },
    close() {
      const left = (options.uses.get(exporter) ?? 1) - 1;
      options.uses.set(exporter, left);
      if (left > 0) return;
      // A host's exporter may throw or reject here; there is nobody left to tell.
      const closing = Promise.resolve()
        .then(() => exporter.shutdown())
        .catch(() => undefined)
        .finally(() => options.closing.delete(closing));
      options.closing.add(closing);
    },
  };
}
