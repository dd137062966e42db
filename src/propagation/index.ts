/** Trace context propagation on its own: the `gateway-otel/propagation` door. */
export { createPropagation } from './policy.js';
export type {
  ContextToInject,
  ExtractedContext,
  Propagation,
  PropagationFormat,
  PropagationOptions,
} from '../model/propagation.js';
export type { HeaderValue, ReadableHeaders, WritableHeaders } from '../model/exchange.js';
