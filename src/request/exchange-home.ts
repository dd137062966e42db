/** What all exchanges of one instance share. Made once, by the composition root. */
import type { ArrivalRules } from '../model/arrival-rules.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { ExceptionDetail } from '../model/exception.js';
import type { RequestSink } from '../model/finished-request.js';
import type { Names } from '../model/names.js';
import type { Outcome } from '../model/outcome.js';
import type { SpanAttributeRules } from '../model/span-attributes.js';
import type { BoundEmitters } from './bind-emitter.js';
import type { Clock } from './clock.js';
import type { Contexts } from './contexts.js';
import type { Decodings } from './decodings.js';
import type { SpanHome } from './exchange-span.js';
import type { Tracing } from './exchange-trace.js';
import type { OpenExchanges } from './open-exchanges.js';
import type { ResponseHeaderNames } from './response-headers.js';
import type { ServerErrorListeners } from './server-errors.js';
import type { GuardedSpanProcessors } from './span-processors.js';

export interface ExchangeHome extends SpanHome, Tracing {
  readonly clock: Clock;
  readonly contexts: Contexts;
  readonly sink: RequestSink;
  readonly processors: GuardedSpanProcessors;
  readonly names: Names;
  readonly exceptions: ExceptionDetail;
  readonly arrivals: ArrivalRules;
  readonly environment: string | undefined;
  /** `spans: 'server+client'`. */
  readonly clientSpans: boolean;
  /** Opt-in attributes of CLIENT spans. */
  readonly callAttributes: SpanAttributeRules['client'];
  readonly responseHeaders: ResponseHeaderNames | undefined;
  readonly clientDisconnect: 'error' | 'unset';
  readonly longLived: 'full' | 'headers';
  /** `timeToFirstByte` */
  readonly timesHeads: boolean;
  /** `bodySizes` */
  readonly countsBodies: boolean;
  /** An opt-in metric needs them. */
  readonly tellsMetricFacts: boolean;
  /** An export of this tenant's own telemetry carries this token. */
  isOwnExport(tenantId: string, token: string): boolean;
  /** Applies the host's `severity` option. */
  severityOf(outcome: Outcome): Outcome;
  report(diagnostic: Diagnostic): void;
  /** Told of exchanges that end through a fault of the gateway. */
  readonly serverErrors: ServerErrorListeners;
  /** Only those listen: no header is to be touched, and no trace context to be entered. */
  readonly isSilent: boolean;
  readonly boundEmitters: BoundEmitters;
  /** Attempts that get one more turn of the event loop; `flush` and `shutdown` do not wait for it. */
  readonly closingCalls: Set<{ endOpen(): void }>;
  /** Answers of models that have passed, and whose calls are recorded in a moment. */
  readonly decodings: Decodings;
  /** Recorded exchanges that have begun and not ended. */
  readonly openExchanges: OpenExchanges;
}
