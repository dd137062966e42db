/** What a destination's troubles are called in reports. */
import type { SendResult } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { DropReason } from '../model/ledger.js';
import type { Signal } from '../model/signal.js';

export interface Reports {
  /** Of an attempt. */
  result(signal: Signal, result: SendResult): void;
  dropped(signal: Signal, reason: DropReason, items: number): void;
}

const ITEMS: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  logs: 'log records',
  metrics: 'data points',
};

export function createReports(
  destination: string,
  tenantId: string | undefined,
  report: (diagnostic: Diagnostic) => void,
): Reports {
  const place =
    tenantId === undefined
      ? `the operator's destination ${JSON.stringify(destination)}`
      : `destination ${JSON.stringify(destination)} of tenant ${JSON.stringify(tenantId)}`;
  const tell = (code: Diagnostic['code'], signal: Signal, message: string): void =>
    report({ code, message, destination, signal, ...(tenantId !== undefined && { tenantId }) });

  return {
    result(signal, result) {
      if (result.kind === 'delivered') {
        if (result.warning === 'not_otlp') {
          const message = `The answer of ${place} to ${signal} was a success, but not an OTLP one: is the endpoint right?`;
          tell('unexpected_answer', signal, message);
        }
        if (result.rejected > 0)
          tell('partial_success', signal, `${place} rejected ${result.rejected} ${ITEMS[signal]}`);
        return;
      }
      const after = result.kind === 'retry' ? 'it will be tried again' : 'it cannot be tried again';
      const message = `An export of ${signal} to ${place} failed (${result.errorClass}); ${after}`;
      tell('export_failed', signal, message);
    },
    dropped(signal, reason, items) {
      tell('dropped', signal, `${items} ${ITEMS[signal]} for ${place} were lost: ${reason}`);
    },
  };
}
