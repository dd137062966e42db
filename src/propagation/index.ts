/** Trace context propagation on its own: the `gateway-otel/propagation` door. */
export { createPropagation } from './policy.js';
export { parseBaggage } from './baggage.js';
export type { BaggageMember } from './baggage.js';
export type {
  BaggagePolicy,
  ContextToInject,
  CustomFormatName,
  DatadogContext,
  ExtractedContext,
  HeaderFormat,
  LinkedContext,
  Propagation,
  PropagationFormat,
  PropagationOptions,
} from '../model/propagation.js';
export type { HeaderValue, ReadableHeaders, WritableHeaders } from '../model/exchange.js';
