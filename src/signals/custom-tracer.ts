/** `telemetry.tracer`: the SDK's, with parents from the running exchange and spans that go to the operator. */
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { Context, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { hasFields } from '../model/fields.js';
import type { CustomSignalsOptions } from './custom.js';
import { redactErrors } from './custom-span-texts.js';
import type { CustomScopes } from './custom-scopes.js';
import { loadTraceSdk } from './load-sdk.cjs';
import { OutgoingSpan } from './outgoing.js';
import { createRootSampler } from './root-sampler.js';

export interface CustomTracers {
  readonly own: Tracer;
  get(name: string, version?: string): Tracer;
}

/** The SDK lists whatever it is given for attributes. */
function readable(spanOptions: SpanOptions | undefined): SpanOptions | undefined {
  const attributes: unknown = spanOptions?.attributes;
  if (attributes === undefined || attributes === null || hasFields(attributes)) return spanOptions;
  return { ...spanOptions, attributes: {} };
}

export function createCustomTracers(options: CustomSignalsOptions, scopes: CustomScopes): CustomTracers {
  const { intake, encoders, processors } = options;
  const isTracing = (): boolean => !options.isDisabled() && (intake.wanted.operatorTraces || processors.any);

  let provider: BasicTracerProvider | undefined;
  const sdkProvider = (): BasicTracerProvider => {
    if (provider !== undefined) return provider;
    const { BasicTracerProvider: Provider } = loadTraceSdk();
    const limits = options.limits.span;
    const { maxAttributes, maxValueLength } = limits;
    provider = new Provider({
      resource: options.sdkResource(),
      // All given, because the SDK would otherwise read them from the process's environment.
      sampler: createRootSampler(options.sampling),
      generalLimits: { attributeCountLimit: maxAttributes, attributeValueLengthLimit: maxValueLength },
      spanLimits: {
        attributeCountLimit: maxAttributes,
        attributeValueLengthLimit: maxValueLength,
        eventCountLimit: limits.maxEvents,
        linkCountLimit: limits.maxLinks,
        attributePerEventCountLimit: limits.maxEventAttributes,
        attributePerLinkCountLimit: limits.maxLinkAttributes,
      },
      spanProcessors: [
        {
          onStart: (span, parent) => processors.onStart(span, parent),
          onEnd: (span) => {
            try {
              redactErrors(span, maxValueLength);
              processors.onEnd(span);
              if (!intake.wanted.operatorTraces) return;
              const { name, version } = span.instrumentationScope;
              intake.operator(
                'traces',
                new OutgoingSpan(span, scopes.of(name, version), encoders, options.resourceObject),
              );
            } catch {
              // A processor of the host's can leave anything of it; `end()` must not throw over that, nor show what is not redacted.
              options.report({
                code: 'callback_failed',
                message: 'A custom span could not be read at its end',
              });
            }
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    return provider;
  };

  const make = (name: string, version: string | undefined): Tracer => {
    const startSpan = (spanName: string, spanOptions?: SpanOptions, parent?: Context): Span => {
      const context = parent ?? options.activeContext();
      // Traces are off: the caller's ids, if there are any, go on unchanged.
      if (!isTracing()) return trace.getSpan(context) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
      const tracer = sdkProvider().getTracer(name, version);
      try {
        return tracer.startSpan(spanName, readable(spanOptions), context);
      } catch {
        options.report({
          code: 'callback_failed',
          message: 'The options of a custom span could not be read',
        });
        return tracer.startSpan(spanName, {}, context);
      }
    };
    return {
      startSpan,
      startActiveSpan: (spanName: string, ...rest: unknown[]) => {
        const fn = rest.at(-1) as (span: Span) => unknown;
        const spanOptions = (rest.length > 1 ? rest[0] : undefined) as SpanOptions | undefined;
        const parent = (rest.length > 2 ? rest[1] : undefined) as Context | undefined;
        const base = parent ?? options.activeContext();
        const span = startSpan(spanName, spanOptions, base);
        return options.runIn(trace.setSpan(base, span), () => fn(span)) as never;
      },
    };
  };
  const own = make(scopes.own.name, scopes.own.version);
  return { own, get: make };
}
