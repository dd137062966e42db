/** The way of every record from its producer to delivery: the host's `redact` first, then whoever is shown span trees. */
import type { Intake } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { RecordLimits } from '../model/record-limits.js';
import type { Redact } from '../model/redaction.js';
import { redactingIntake, redactingProcessors, type SpanProcessors } from './redacting.js';
import { createRedactor } from './redactor.js';
import { treeIntake, treeListeners, type TreeListener } from './span-trees.js';

export interface IntakeChainOptions<Processors extends SpanProcessors> {
  /** The end of the chain, asked for with the first record. */
  delivery(): Intake;
  readonly printsSpans: boolean;
  readonly onRequestSpans: TreeListener | undefined;
  readonly spanProcessors: Processors;
  readonly redact: Redact | undefined;
  readonly limits: RecordLimits;
  report(diagnostic: Diagnostic): void;
}

export interface IntakeChain<Processors> {
  readonly intake: Intake;
  /** The host's, behind its `redact` as well. */
  readonly processors: Processors;
  /** Somebody is shown the spans of finished requests: the console, or `onRequestSpans`. */
  readonly showsSpans: boolean;
}

export function createIntakeChain<Processors extends SpanProcessors>(
  options: IntakeChainOptions<Processors>,
): IntakeChain<Processors> {
  const { delivery, spanProcessors, redact, limits, report } = options;
  const end: Intake = {
    get wanted() {
      return delivery().wanted;
    },
    operator: (signal, record, request) => delivery().operator(signal, record, request),
    refuseOperator: (signal, reason, record, request) =>
      delivery().refuseOperator(signal, reason, record, request),
    keeps: (request) => delivery().keeps(request),
    late: (record, request, refusal) => delivery().late(record, request, refusal),
    tenant: (tenantId) => delivery().tenant(tenantId),
  };
  const listeners = treeListeners(options.printsSpans, options.onRequestSpans);
  const showsSpans = listeners.length > 0;
  const shown = showsSpans ? treeIntake(end, listeners, report) : end;
  if (redact === undefined) return { intake: shown, processors: spanProcessors, showsSpans };
  const redactor = createRedactor(redact, limits, report);
  return {
    intake: redactingIntake(shown, redactor),
    processors: redactingProcessors(spanProcessors, redactor),
    showsSpans,
  };
}
