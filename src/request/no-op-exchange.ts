/** The exchange that stands in where nothing runs or everything is off. It has no state, so one serves all. */
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { EmitterLike, Exchange, UpstreamCall } from '../model/exchange.js';

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const NO_CALL: UpstreamCall = Object.freeze({
  spanId: '',
  span: NO_SPAN,
  inject() {},
  setUrl() {},
  responded() {},
  setConnection() {},
  end() {},
});
/** Hosts read ids for their own logs: an empty text is easier to leave out than sixteen zeros. */
const NO_IDS: Readonly<Record<string, string>> = Object.freeze({});

export const NO_OP_EXCHANGE: Exchange = Object.freeze({
  recording: false,
  traceId: '',
  spanId: '',
  traceparent: '',
  span: NO_SPAN,
  requestId: '',
  errorId: '',
  setTenant() {},
  setUserId() {},
  setRoute() {},
  setHttpRoute() {},
  setEnvironment() {},
  setUpstream() {},
  setAttribute() {},
  setAttributes() {},
  setTenantAttribute() {},
  recordError() {},
  recordPolicy() {},
  recordCost() {},
  recordEvaluation() {},
  setBudget() {},
  setAttribution() {},
  inject() {},
  startUpstreamCall: () => NO_CALL,
  responseHeaders: () => NO_IDS,
  traceIds: () => NO_IDS,
  run: <T>(fn: () => T): T => fn(),
  bind: <T extends EmitterLike>(emitter: T): T => emitter,
  end() {},
});
