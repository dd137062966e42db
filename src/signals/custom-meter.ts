/** `telemetry.meter`: the SDK's, read with the request metrics, to the operator. */
import { createNoopMeter } from '@opentelemetry/api';
import type { Meter } from '@opentelemetry/api';
import type { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { CustomMetricSource, TakenReading } from '../model/delivery.js';
import type { CustomSignalsOptions } from './custom.js';
import type { CustomScopes } from './custom-scopes.js';
import { loadMetricsSdk } from './load-sdk.cjs';

/** A host's observable callback may take so long; what it has not given then is missing from that reading. */
const COLLECT_TIMEOUT_MS = 2_000;

export interface CustomMeters extends CustomMetricSource {
  get(name?: string, version?: string): Meter;
}

export function createCustomMeters(options: CustomSignalsOptions, scopes: CustomScopes): CustomMeters {
  let provider: MeterProvider | undefined;
  let reader: MetricReader | undefined;
  const sdkProvider = (): MeterProvider => {
    if (provider !== undefined) return provider;
    const sdk = loadMetricsSdk();
    /** Read when delivery asks; it has no timer of its own. */
    class PulledReader extends sdk.MetricReader {
      protected override onForceFlush(): Promise<void> {
        return Promise.resolve();
      }
      protected override onShutdown(): Promise<void> {
        return Promise.resolve();
      }
    }
    reader = new PulledReader({
      aggregationTemporalitySelector: () => sdk.AggregationTemporality.CUMULATIVE,
    });
    return (provider = new sdk.MeterProvider({ resource: options.sdkResource(), readers: [reader] }));
  };
  return {
    get: (name = scopes.own.name, version = scopes.own.version) =>
      options.isDisabled() ? createNoopMeter() : sdkProvider().getMeter(name, version),
    async collect() {
      if (reader === undefined) return [];
      try {
        const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_TIMEOUT_MS });
        return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }): TakenReading[] => {
          const points = metrics.reduce((sum, metric) => sum + metric.dataPoints.length, 0);
          if (points === 0) return [];
          const { name, version } = scope;
          return [
            {
              scope: scopes.of(name, version),
              points,
              bytes: options.encoders.metrics(metrics),
              readable: () => ({ scope: { name, version: version ?? '' }, metrics }),
              // Cumulative: the next reading tells everything again.
              settle: () => undefined,
            },
          ];
        });
      } catch {
        // The SDK reports its callbacks' errors itself; whatever else fails loses this reading, no more.
        options.report({ code: 'callback_failed', message: 'The custom instruments could not be read' });
        return [];
      }
    },
  };
}
