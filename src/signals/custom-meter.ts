/** `telemetry.meter`: the SDK's, read with the request metrics, to the operator. */
import { createNoopMeter } from '@opentelemetry/api';
import type { Meter } from '@opentelemetry/api';
import type { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { CustomMetricSource } from '../model/delivery.js';
import type { CustomSignalsOptions } from './custom.js';
import { createCustomReading, type CollectedScope, type CustomReadingSource } from './custom-reading.js';
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
  /** As many points as the SDK holds itself: 2,000 more for each metric and reading at most. */
  let latest: readonly CollectedScope[] = [];
  let underWay: Promise<boolean> | undefined;
  let following: Promise<boolean> | undefined;

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
    // One reader for every destination: each further one would call the host's callbacks once more.
    reader = new PulledReader({
      aggregationTemporalitySelector: () => sdk.AggregationTemporality.CUMULATIVE,
    });
    return (provider = new sdk.MeterProvider({ resource: options.sdkResource(), readers: [reader] }));
  };
  const read = async (from: MetricReader): Promise<boolean> => {
    try {
      const { resourceMetrics } = await from.collect({ timeoutMillis: COLLECT_TIMEOUT_MS });
      latest = resourceMetrics.scopeMetrics
        .filter(({ metrics }) => metrics.some(({ dataPoints }) => dataPoints.length > 0))
        .map(({ scope: { name, version = '' }, metrics }) => ({ scope: { name, version }, metrics }));
      return latest.length > 0;
    } catch {
      // The SDK reports its callbacks' errors itself; whatever else fails loses this reading, no more.
      options.report({ code: 'callback_failed', message: 'The custom instruments could not be read' });
      return false;
    }
  };
  /** One at a time: an earlier one that ends later would look as if the counters had been set back. */
  const collect = (): Promise<boolean> => {
    if (reader === undefined) return Promise.resolve(false);
    if (underWay === undefined) return (underWay = read(reader).finally(() => (underWay = undefined)));
    return (following ??= underWay.then(() => {
      following = undefined;
      return collect();
    }));
  };
  const source: CustomReadingSource = {
    encoders: options.encoders,
    latest: () => latest,
    scopeOf: (name, version) => scopes.of(name, version),
  };
  return {
    get: (name = scopes.own.name, version = scopes.own.version) =>
      options.isDisabled() ? createNoopMeter() : sdkProvider().getMeter(name, version),
    collect,
    openReading: (temporality) => createCustomReading(source, temporality),
  };
}
