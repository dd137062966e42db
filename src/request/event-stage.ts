/** What the gateway records beside requests, made in the mode that the configuration of this moment asks for. */
import type { Wanted } from '../model/delivery.js';
import type { SecurityEventSink } from '../model/finished-security-event.js';
import type { WebhookSink } from '../model/finished-webhook.js';
import type { Propagation } from '../model/propagation.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import type { ExchangeHome } from './exchange-home.js';
import { Given } from './given.js';
import { NO_OP_WEBHOOK } from './no-op-webhook.js';
import { relatedTrace } from './related-trace.js';
import { recordSecurityEvent, type SecurityHome } from './security-event.js';
import { SecurityNames } from './security-names.js';
import { storedPlace } from './stored-parent.js';
import { LiveWebhook } from './webhook.js';
import { readWebhook } from './webhook-options.js';

export interface EventStageOptions {
  readonly home: ExchangeHome;
  readonly sink: WebhookSink & SecurityEventSink;
  /** Reads W3C alone, whatever formats the instance speaks. */
  readonly w3c: Propagation;
  /** The live configuration. */
  wanted(): Wanted;
  /** `OTEL_SDK_DISABLED`, or after `shutdown`: nothing is recorded. */
  isDisabled(): boolean;
  /** Headers are handled even with all else off. */
  propagates(): boolean;
}

export type EventStage = Pick<GatewayTelemetry, 'webhook' | 'securityEvent'>;

export function createEventStage(options: EventStageOptions): EventStage {
  const { home } = options;
  const isRecording = (): boolean =>
    !options.isDisabled() && (options.wanted().anything || home.processors.any);
  const isTracing = (): boolean => options.wanted().operatorTraces || home.processors.any;
  const security: SecurityHome = { home, sink: options.sink, names: new SecurityNames() };
  return {
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
