/** The host's `trustProxy` function behind a wall. */
import type { TrustedHop } from '../model/arrival-rules.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { containRejection } from '../model/settle.js';

/** One that throws, or gives anything but `true`, has not said that the hop may be believed. */
export function guardTrustedHop(
  isTrusted: TrustedHop | undefined,
  report: (diagnostic: Diagnostic) => void,
): TrustedHop | undefined {
  if (isTrusted === undefined) return undefined;
  return (address, hop) => {
    try {
      const answer: unknown = isTrusted(address, hop);
      containRejection(answer);
      return answer === true;
    } catch {
      report({ code: 'callback_failed', message: 'The trustProxy function threw; the proxy is not trusted' });
      return false;
    }
  };
}
