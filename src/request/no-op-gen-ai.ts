/** What stands in for a call to a model where everything is off. It has no state, so one serves all. */
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { GenAiCall } from '../model/gen-ai.js';

export const NO_OP_GEN_AI: GenAiCall = Object.freeze({
  traceId: '',
  spanId: '',
  span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
  inject() {},
  run: <T>(fn: () => T): T => fn(),
  watch: <Source extends object>(source: Source): Source => source,
  read() {},
  firstChunk() {},
  setResponse() {},
  recordCost() {},
  recordPolicy() {},
  recordEvaluation() {},
  setBudget() {},
  setAttribution() {},
  setAttribute() {},
  end() {},
});
