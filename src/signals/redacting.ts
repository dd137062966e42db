/** Puts the host's `redact` before everyone who gets records: no producer of records has to think of it. */
import type { Context } from '@opentelemetry/api';
import type { Intake, OutgoingRecord } from '../model/delivery.js';
import type { RedactableRecord } from './outgoing.js';
import type { Audience, Redactor, Refusal } from './redactor.js';

function redacted(record: OutgoingRecord, redactor: Redactor, audience: Audience): OutgoingRecord | Refusal {
  const { redactedBy } = record as Partial<RedactableRecord>;
  // What has no way to be redacted is not sent raw.
  return redactedBy === undefined ? 'redaction_failed' : redactedBy.call(record, redactor, audience);
}

export function redactingIntake(intake: Intake, redactor: Redactor): Intake {
  return {
    get wanted() {
      return intake.wanted;
    },
    operator(signal, record, request) {
      const left = redacted(record, redactor, 'operator');
      if (typeof left === 'string') intake.refuseOperator(signal, left, record, request);
      else intake.operator(signal, left, request);
    },
    refuseOperator: (signal, reason, record, request) =>
      intake.refuseOperator(signal, reason, record, request),
    keeps: (request) => intake.keeps(request),
    late(record, request, refusal) {
      const left = redacted(record, redactor, 'operator');
      if (typeof left === 'string') intake.late(record, request, left);
      else intake.late(left, request, refusal);
    },
    tenant(tenantId) {
      const tenant = intake.tenant(tenantId);
      return (
        tenant && {
          log(record, request) {
            const left = redacted(record, redactor, 'tenant');
            if (typeof left === 'string') tenant.refuse(left, record, request);
            else tenant.log(left, request);
          },
          refuse: (reason, record, request) => tenant.refuse(reason, record, request),
        }
      );
    },
  };
}

/** The part of the host's span processors through which finished spans leave. */
export interface SpanProcessors {
  readonly any: boolean;
  onStart(span: object, parentContext: Context): void;
  onEnd(span: object): void;
}

/** A span that is not to be sent never ends for them. What they are shown at its start is still being written. */
export function redactingProcessors<Processors extends SpanProcessors>(
  processors: Processors,
  redactor: Redactor,
): Processors {
  return {
    ...processors,
    onEnd(span: object) {
      if (redactor.span(span) === undefined) processors.onEnd(span);
    },
  };
}
