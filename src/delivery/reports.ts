/** What a destination's troubles are called in reports. */
import type { SendResult } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { DropReason } from '../model/ledger.js';
import type { Signal } from '../model/signal.js';

/** A destination of the operator's, or of a tenant's. */
export interface Reported {
  readonly name: string;
  readonly tenantId: string | undefined;
  report(diagnostic: Diagnostic): void;
}

const ITEMS: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  logs: 'log records',
  metrics: 'data points',
};

function placeOf({ name, tenantId }: Reported): string {
  return tenantId === undefined
    ? `the operator's destination ${JSON.stringify(name)}`
    : `destination ${JSON.stringify(name)} of tenant ${JSON.stringify(tenantId)}`;
}

function tell(of: Reported, code: Diagnostic['code'], signal: Signal, message: string): void {
  const { name: destination, tenantId } = of;
  of.report({ code, message, destination, signal, ...(tenantId !== undefined && { tenantId }) });
}

/** Of an attempt. */
export function reportResult(of: Reported, signal: Signal, result: SendResult): void {
  if (result.kind === 'delivered') {
    if (result.warning === 'not_otlp') {
      const message = `The answer of ${placeOf(of)} to ${signal} was a success, but not an OTLP one: is the endpoint right?`;
      tell(of, 'unexpected_answer', signal, message);
    }
    if (result.rejected > 0)
      tell(of, 'partial_success', signal, `${placeOf(of)} rejected ${result.rejected} ${ITEMS[signal]}`);
    return;
  }
  const after = result.kind === 'retry' ? 'it will be tried again' : 'it cannot be tried again';
  const message = `An export of ${signal} to ${placeOf(of)} failed (${result.errorClass}); ${after}`;
  tell(of, 'export_failed', signal, message);
}

export function reportDropped(of: Reported, signal: Signal, reason: DropReason, items: number): void {
  tell(of, 'dropped', signal, `${items} ${ITEMS[signal]} for ${placeOf(of)} were lost: ${reason}`);
}
