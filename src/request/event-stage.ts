/** What the gateway records beside requests, made in the mode that the configuration of this moment asks for. */
import type { Wanted } from '../model/delivery.js';
import type { WebhookSink } from '../model/finished-webhook.js';
import type { Propagation } from '../model/propagation.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import type { ExchangeHome } from './exchange-home.js';
import { Given } from './given.js';
import { NO_OP_WEBHOOK } from './no-op-webhook.js';
import { relatedTrace } from './related-trace.js';
import { storedPlace } from './stored-parent.js';
import { LiveWebhook } from './webhook.js';
import { readWebhook } from './webhook-options.js';

export interface EventStageOptions {
  readonly home: ExchangeHome;
  readonly sink: WebhookSink;
  /** Reads W3C alone, whatever formats the instance speaks. */
  readonly w3c: Propagation;
  /** The live configuration. */
  wanted(): Wanted;
  /** `OTEL_SDK_DISABLED`, or after `shutdown`: nothing is recorded. */
  isDisabled(): boolean;
  /** Headers are handled even with all else off. */
  propagates(): boolean;
}

export type EventStage = Pick<GatewayTelemetry, 'webhook'>;

export function createEventStage(options: EventStageOptions): EventStage {
  const { home } = options;
  const isRecording = (): boolean =>
    !options.isDisabled() && (options.wanted().anything || home.processors.any);
  const isTracing = (): boolean => options.wanted().operatorTraces || home.processors.any;
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
  };
}
