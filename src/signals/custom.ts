/** The SDK's tracer, logger and meter for the host's own telemetry: parented to the running exchange, to the operator. */
import { createNoopMeter, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { Context, Meter, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { CustomMetricSource, DestinationResource, Intake, Scope } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { Logger, LogRecord } from '../model/telemetry.js';
import { loadLogsSdk, loadMetricsSdk, loadResources, loadTraceSdk } from './load-sdk.cjs';
import { OutgoingLog, OutgoingSpan } from './outgoing.js';
import { severityText } from './severity-text.js';

export interface CustomSignalsOptions {
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly intake: Intake;
  readonly resource: DestinationResource;
  /** The host's span processors. */
  readonly processors: {
    readonly any: boolean;
    onStart(span: object, parent: Context): void;
    onEnd(span: object): void;
  };
  /** The context in force, and running in one. */
  activeContext(): Context;
  runIn<T>(context: Context, fn: () => T): T;
  isDisabled(): boolean;
}

export interface CustomSignals {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Providers for `registerGlobals`. */
  readonly tracerProvider: { getTracer(): Tracer };
  readonly meterProvider: { getMeter(): Meter };
  readonly metrics: CustomMetricSource;
  resourceObject(resource: DestinationResource): object;
}

const MAX_ATTRIBUTES = 128;
const MAX_VALUE_LENGTH = 4096;

export function createCustomSignals(options: CustomSignalsOptions): CustomSignals {
  const { scope, intake, encoders, processors } = options;
  const resources = new WeakMap<DestinationResource, object>();
  const resourceObject = (resource: DestinationResource): object => {
    let made = resources.get(resource);
    if (made === undefined) {
      made = loadResources().resourceFromAttributes({ ...resource.attributes } as Record<string, string>);
      resources.set(resource, made);
    }
    return made;
  };
  const ownResource = (): ReturnType<ReturnType<typeof loadResources>['resourceFromAttributes']> =>
    resourceObject(options.resource) as ReturnType<
      ReturnType<typeof loadResources>['resourceFromAttributes']
    >;

  const isTracing = (): boolean => !options.isDisabled() && (intake.wanted.operatorTraces || processors.any);

  let tracerProvider: BasicTracerProvider | undefined;
  const sdkTracer = (): Tracer => {
    if (tracerProvider === undefined) {
      const { BasicTracerProvider: Provider, ParentBasedSampler, AlwaysOnSampler } = loadTraceSdk();
      const spanLimits = {
        attributeCountLimit: MAX_ATTRIBUTES,
        attributeValueLengthLimit: MAX_VALUE_LENGTH,
        eventCountLimit: 128,
        linkCountLimit: 128,
        attributePerEventCountLimit: MAX_ATTRIBUTES,
        attributePerLinkCountLimit: MAX_ATTRIBUTES,
      };
      tracerProvider = new Provider({
        resource: ownResource(),
        // All given, because the SDK would otherwise read them from the process's environment.
        sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
        generalLimits: { attributeCountLimit: MAX_ATTRIBUTES, attributeValueLengthLimit: MAX_VALUE_LENGTH },
        spanLimits,
        spanProcessors: [
          {
            onStart: (span, parent) => processors.onStart(span, parent),
            onEnd: (span) => {
              processors.onEnd(span);
              if (intake.wanted.operatorTraces) {
                intake.operator('traces', new OutgoingSpan(span, scope, encoders, resourceObject));
              }
            },
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve(),
          },
        ],
      });
    }
    return tracerProvider.getTracer(scope.name, scope.version);
  };

  const startSpan = (name: string, spanOptions?: SpanOptions, parent?: Context): Span => {
    const context = parent ?? options.activeContext();
    // Traces are off: the caller's ids, if there are any, go on unchanged.
    if (!isTracing()) return trace.getSpan(context) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    return sdkTracer().startSpan(name, spanOptions, context);
  };
  const tracer: Tracer = {
    startSpan,
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const fn = rest.at(-1) as (span: Span) => unknown;
      const spanOptions = (rest.length > 1 ? rest[0] : undefined) as SpanOptions | undefined;
      const parent = (rest.length > 2 ? rest[1] : undefined) as Context | undefined;
      const base = parent ?? options.activeContext();
      const span = startSpan(name, spanOptions, base);
      return options.runIn(trace.setSpan(base, span), () => fn(span)) as never;
    },
  };

  let loggerProvider: LoggerProvider | undefined;
  const sdkLogger = (): ReturnType<LoggerProvider['getLogger']> => {
    if (loggerProvider === undefined) {
      const { LoggerProvider: Provider } = loadLogsSdk();
      loggerProvider = new Provider({
        resource: ownResource(),
        logRecordLimits: { attributeCountLimit: MAX_ATTRIBUTES, attributeValueLengthLimit: MAX_VALUE_LENGTH },
        processors: [
          {
            onEmit: (record) =>
              intake.operator('logs', new OutgoingLog(record, scope, encoders, resourceObject)),
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve(),
          },
        ],
      });
    }
    return loggerProvider.getLogger(scope.name, scope.version);
  };
  const logger: Logger = {
    emit(record: LogRecord) {
      if (options.isDisabled() || !intake.wanted.operatorLogs) return;
      try {
        const { severityNumber, context } = record;
        sdkLogger().emit({
          ...record,
          context: context ?? options.activeContext(),
          ...(severityNumber !== undefined && {
            severityText: record.severityText ?? severityText(severityNumber),
          }),
        } as Parameters<ReturnType<LoggerProvider['getLogger']>['emit']>[0]);
      } catch {
        // Attributes with throwing getters are the host's affair; logging must not fail a request.
      }
    },
  };

  let meterProvider: MeterProvider | undefined;
  let reader: MetricReader | undefined;
  const sdkMeter = (): Meter => {
    if (meterProvider === undefined) {
      const sdk = loadMetricsSdk();
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
      meterProvider = new sdk.MeterProvider({ resource: ownResource(), readers: [reader] });
    }
    return meterProvider.getMeter(scope.name, scope.version);
  };

  const metrics: CustomMetricSource = {
    async collect() {
      if (reader === undefined) return undefined;
      try {
        const { resourceMetrics } = await reader.collect();
        const records = resourceMetrics.scopeMetrics.flatMap((scopeMetrics) => scopeMetrics.metrics);
        const points = records.reduce((sum, metric) => sum + metric.dataPoints.length, 0);
        if (points === 0) return undefined;
        return {
          scope,
          points,
          bytes: encoders.metrics(records),
          readable: () => ({ scope: { name: scope.name, version: scope.version }, metrics: records }),
        };
      } catch {
        // An observable callback of the host's that fails loses this reading, no more.
        return undefined;
      }
    },
  };

  const meter = (): Meter => (options.isDisabled() ? createNoopMeter() : sdkMeter());
  return {
    tracer,
    logger,
    get meter() {
      return meter();
    },
    tracerProvider: { getTracer: () => tracer },
    meterProvider: { getMeter: () => meter() },
    metrics,
    resourceObject,
  };
}
