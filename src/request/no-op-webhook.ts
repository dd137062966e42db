/** What stands in for a webhook's attempt where everything is off. It has no state, so one serves all. */
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import type { WebhookDelivery } from '../model/webhook.js';

export const NO_OP_WEBHOOK: WebhookDelivery = Object.freeze({
  traceId: '',
  spanId: '',
  span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
  inject() {},
  end() {},
});
