/** `registerGlobals`: the instance stands behind the OpenTelemetry API, as far as nobody else does. */
import { context, metrics, trace } from '@opentelemetry/api';
import type { ContextManager, MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { Diagnostic } from '../model/diagnostic.js';

interface Providers {
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
}

export function registerGlobals(
  contextManager: ContextManager,
  { tracerProvider, meterProvider }: Providers,
  notice: (diagnostic: Diagnostic) => void,
): void {
  const taken: string[] = [];
  if (!context.setGlobalContextManager(contextManager)) taken.push('context manager');
  if (!trace.setGlobalTracerProvider(tracerProvider)) taken.push('tracer provider');
  if (!metrics.setGlobalMeterProvider(meterProvider)) taken.push('meter provider');
  for (const what of taken) {
    notice({
      code: 'global_already_registered',
      message: `registerGlobals: the global ${what} of the OpenTelemetry API is somebody else's already and stays theirs`,
    });
  }
}
