/** What the gateway records beside requests, made in the mode that the configuration of this moment asks for. */
import type { Wanted } from '../model/delivery.js';
import type { GenAiSink } from '../model/finished-gen-ai.js';
import type { SecurityEventSink } from '../model/finished-security-event.js';
import type { WebhookSink } from '../model/finished-webhook.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { GenAiPriced } from '../model/gen-ai.js';
import type { Attribution, CostFact } from '../model/governance.js';
import type { Propagation } from '../model/propagation.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import type { ExchangeHome } from './exchange-home.js';
import type { GenAiAnswers } from './gen-ai-bytes.js';
import { LiveGenAiCall, type GenAiHome } from './gen-ai-call.js';
import { readGenAi } from './gen-ai-facts.js';
import { guardPrice } from './gen-ai-price.js';
import { Given } from './given.js';
import { NO_OP_GEN_AI } from './no-op-gen-ai.js';
import { NO_OP_WEBHOOK } from './no-op-webhook.js';
import { relatedTrace } from './related-trace.js';
import { recordSecurityEvent, type SecurityHome } from './security-event.js';
import { SecurityNames } from './security-names.js';
import { storedPlace } from './stored-parent.js';
import { LiveWebhook } from './webhook.js';
import { readWebhook } from './webhook-options.js';

export interface EventStageOptions {
  readonly home: ExchangeHome;
  readonly sink: WebhookSink & SecurityEventSink & GenAiSink;
  readonly genAiNames: GenAiNames;
  /** `genAi.price` */
  readonly price: ((call: GenAiPriced) => number | CostFact | undefined) | undefined;
  readonly answers: GenAiAnswers;
  /** Reads W3C alone, whatever formats the instance speaks. */
  readonly w3c: Propagation;
  /** The live configuration. */
  wanted(): Wanted;
  /** `OTEL_SDK_DISABLED`, or after `shutdown`: nothing is recorded. */
  isDisabled(): boolean;
  /** Headers are handled even with all else off. */
  propagates(): boolean;
}

export type EventStage = Pick<GatewayTelemetry, 'webhook' | 'genAi' | 'securityEvent'>;

export function createEventStage(options: EventStageOptions): EventStage {
  const { home } = options;
  const isRecording = (): boolean =>
    !options.isDisabled() && (options.wanted().anything || home.processors.any);
  const isTracing = (): boolean => options.wanted().operatorTraces || home.processors.any;
  const security: SecurityHome = { home, sink: options.sink, names: new SecurityNames() };
  const names = options.genAiNames;
  const calls: GenAiHome = {
    home,
    sink: options.sink,
    names,
    doubleKeys: [...home.names.governance.doubleKeys, ...names.doubleKeys],
    price: guardPrice(options.price, home.report),
    answers: options.answers,
    isDisabled: options.isDisabled,
  };
  return {
    genAi(call) {
      const recording = isRecording();
      if (!recording && !options.propagates()) return NO_OP_GEN_AI;
      try {
        const given = new Given(home, 'genAi', call);
        const stored = storedPlace(given, options.w3c);
        const around = given.around(stored !== undefined);
        const trace = relatedTrace(home, recording && isTracing(), around.exchange, stored);
        const owner = { around, tenantId: given.tenant() };
        const live = new LiveGenAiCall(calls, readGenAi(given, names), owner, trace, recording);
        const attribution = given.read('attribution');
        if (attribution !== undefined) live.setAttribution(attribution as Attribution);
        return live;
      } catch {
        home.report({ code: 'internal_error', message: 'A call to a model could not be begun' });
        return NO_OP_GEN_AI;
      }
    },
    webhook(webhook) {
      const recording = isRecording();
      if (!recording && !options.propagates()) return NO_OP_WEBHOOK;
      try {
        const given = new Given(home, 'webhook', webhook);
        const stored = storedPlace(given, options.w3c);
        const around = given.around(stored !== undefined);
        const trace = relatedTrace(home, recording && isTracing(), around.exchange, stored);
        return new LiveWebhook(options, readWebhook(given, around), trace, recording);
      } catch {
        home.report({ code: 'internal_error', message: 'A webhook could not be begun' });
        return NO_OP_WEBHOOK;
      }
    },
    securityEvent(event) {
      if (!isRecording()) return;
      try {
        const given = new Given(home, 'securityEvent', event);
        const around = given.around(false);
        recordSecurityEvent(
          security,
          given,
          around,
          relatedTrace(home, isTracing(), around.exchange, undefined),
        );
      } catch {
        home.report({ code: 'internal_error', message: 'A security event could not be recorded' });
      }
    },
  };
}
