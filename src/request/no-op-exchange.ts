/** The exchange that stands in where nothing runs or everything is off. It has no state, so one serves all. */
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { EmitterLike, Exchange } from '../model/exchange.js';

/** Hosts read ids for their own logs: an empty text is easier to leave out than sixteen zeros. */
const NO_IDS: Readonly<Record<string, string>> = Object.freeze({});

export const NO_OP_EXCHANGE: Exchange = Object.freeze({
  recording: false,
  traceId: '',
  spanId: '',
  span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
  requestId: '',
  setTenant() {},
  setRoute() {},
  setHttpRoute() {},
  setEnvironment() {},
  setUpstream() {},
  setAttribute() {},
  setAttributes() {},
  setTenantAttribute() {},
  recordError() {},
  inject() {},
  traceIds: () => NO_IDS,
  run: <T>(fn: () => T): T => fn(),
  bind: <T extends EmitterLike>(emitter: T): T => emitter,
  end() {},
});
