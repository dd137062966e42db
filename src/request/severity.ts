/** The log record's severity, where the host has a word in it. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { Outcome } from '../model/outcome.js';
import { containRejection } from '../model/settle.js';

/** The host's `severity` option; a throwing or useless answer keeps the usual number. */
export function guardSeverity(
  severity: ((outcome: Outcome) => number | undefined) | undefined,
  report: (diagnostic: Diagnostic) => void,
): (outcome: Outcome) => Outcome {
  if (severity === undefined) return (outcome) => outcome;
  return (outcome) => {
    try {
      const number: unknown = severity({ ...outcome });
      containRejection(number);
      const isUseful = typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 24;
      return isUseful ? { ...outcome, severityNumber: number } : outcome;
    } catch {
      report({
        code: 'callback_failed',
        message: 'The severity callback threw; the usual severity stays',
      });
      return outcome;
    }
  };
}
