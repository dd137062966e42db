/** The host's own telemetry: custom spans, runtime logs, custom instruments; each loads its SDK part when it is used. */
import type { Context, Meter, Tracer } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { CustomMetricSource, DestinationResource, Intake, Scope } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Encoders } from '../model/encoding.js';
import type { ExceptionDetail } from '../model/exception.js';
import type { Logger } from '../model/logger.js';
import type { Names } from '../model/names.js';
import type { RecordLimits } from '../model/record-limits.js';
import { createCustomMeters } from './custom-meter.js';
import { createCustomScopes } from './custom-scopes.js';
import type { RootSampling } from './root-sampler.js';
import { createRuntimeLogger } from './runtime-logger.js';
import { createCustomTracers } from './custom-tracer.js';

export interface CustomSignalsOptions {
  readonly encoders: Encoders;
  readonly intake: Intake;
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
  readonly names: Names;
  /** Of the exchange that runs in this context. */
  requestIdOf(context: Context): string | undefined;
  /** `runtimeLogs.minSeverity` */
  readonly minSeverity: number;
  readonly exceptions: ExceptionDetail;
  readonly limits: RecordLimits;
  /** For the traces that begin with a custom span. */
  readonly sampling: RootSampling;
  report(diagnostic: Diagnostic): void;
  /** The operator's resource as the SDK has it. */
  sdkResource(): Resource;
  /** That of any destination. */
  resourceObject(resource: DestinationResource): object;
}

export interface CustomSignals {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Providers for `registerGlobals`. */
  readonly tracerProvider: { getTracer(name: string, version?: string): Tracer };
  readonly meterProvider: { getMeter(name: string, version?: string): Meter };
  readonly metrics: CustomMetricSource;
}

export function createCustomSignals(
  options: CustomSignalsOptions,
  own: Scope,
  runtimeScope: Scope,
  makeScope: (name: string, version: string) => Scope,
): CustomSignals {
  const scopes = createCustomScopes(own, makeScope);
  const tracers = createCustomTracers(options, scopes);
  const meters = createCustomMeters(options, scopes);
  return {
    tracer: tracers.own,
    logger: createRuntimeLogger(options, runtimeScope),
    get meter() {
      return meters.get();
    },
    tracerProvider: { getTracer: (name, version) => tracers.get(name, version) },
    meterProvider: { getMeter: (name, version) => meters.get(name, version) },
    metrics: meters,
  };
}
