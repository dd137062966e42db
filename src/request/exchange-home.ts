/** What all exchanges of one instance share. Made once, by the composition root. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { RequestSink } from '../model/finished-request.js';
import type { Names } from '../model/names.js';
import type { Outcome } from '../model/outcome.js';
import type { Propagation } from '../model/propagation.js';
import type { BoundEmitters } from './bind-emitter.js';
import type { Clock } from './clock.js';
import type { Contexts } from './contexts.js';
import type { IdGenerator } from './ids.js';
import type { GuardedSpanProcessors } from './span-processors.js';
import type { SpanHome } from './server-span.js';

export interface ExchangeHome extends SpanHome {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly propagation: Propagation;
  readonly contexts: Contexts;
  readonly sink: RequestSink;
  readonly processors: GuardedSpanProcessors;
  readonly names: Names;
  readonly environment: string | undefined;
  readonly clientDisconnect: 'error' | 'unset';
  /** Applies the host's `severity` option. */
  severityOf(outcome: Outcome): Outcome;
  report(diagnostic: Diagnostic): void;
  readonly boundEmitters: BoundEmitters;
  /** Recorded exchanges that have begun and not ended. */
  openExchanges: number;
}
