/** The three stock OTLP exporters from a destination, each loaded with its first export. */
import { fault } from '../model/configuration-error.js';
import type { ReadyMadeExporter, ReadyMadeExportResult } from '../model/destination.js';
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import type { Signal } from '../model/signal.js';
import { STANDARD_EXPORTER } from '../model/standard-exporter.js';

/** What the constructors of the stock exporters take. */
interface StockConfiguration {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
}

type Load = (configuration: StockConfiguration) => Promise<ReadyMadeExporter>;

const LOADERS: Readonly<Record<Signal, Load>> = {
  traces: async (configuration) => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
    return new OTLPTraceExporter(configuration);
  },
  logs: async (configuration) => {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
    return new OTLPLogExporter(configuration);
  },
  metrics: async (configuration) => {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
    return new OTLPMetricExporter(configuration);
  },
};

/** Failure, as in `@opentelemetry/core`. */
const FAILED = 1;

function lazyExporter(load: Load, target: Extract<Target, { kind: 'otlp' }>): ReadyMadeExporter {
  const { fixed, ask } = target.headers;
  const configuration = { url: target.url, headers: async () => ({ ...fixed, ...(ask && (await ask())) }) };
  let loading: Promise<ReadyMadeExporter> | undefined;
  const loaded = (): Promise<ReadyMadeExporter> => (loading ??= load(configuration));
  const exporter: ReadyMadeExporter = {
    export(items: unknown, resultCallback: (result: ReadyMadeExportResult) => void): void {
      loaded()
        .then((stock) => stock.export(items, resultCallback))
        // Not installed, or a synchronous error of the stock exporter's.
        .catch((error: unknown) => {
          resultCallback({
            code: FAILED,
            error: error instanceof Error ? error : new Error('export failed'),
          });
        });
    },
    // An exporter that was never used has nothing to flush or to close.
    forceFlush: async () => (await loading)?.forceFlush?.(),
    shutdown: async () => (await loading)?.shutdown(),
  };
  return Object.defineProperty(exporter, STANDARD_EXPORTER, { value: true });
}

/** One exporter for each signal that the destination has an endpoint for. */
export function makeStandardExporters(
  destination: ResolvedDestination,
): Partial<Record<Signal, ReadyMadeExporter>> {
  const exporters: Partial<Record<Signal, ReadyMadeExporter>> = {};
  for (const [signal, target] of Object.entries(destination.targets) as [Signal, Target][]) {
    if (target.kind !== 'otlp') continue;
    if (target.tls !== undefined)
      throw fault(
        'destination.tls',
        'has no effect on the stock exporters: set OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY, or give the endpoint instead of exporters',
      );
    exporters[signal] = lazyExporter(LOADERS[signal], target);
  }
  return exporters;
}
