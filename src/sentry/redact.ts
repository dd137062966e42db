/** The host's `redact`, contained: what it gives is checked and copied, and anything else costs that event alone. */
import { containRejection } from '../model/settle.js';
import type { SentryEvent } from './event.js';
import type { RedactEvent, SentryLoss } from './options.js';

export function redactedEvent(event: SentryEvent, redact: RedactEvent | undefined): SentryEvent | SentryLoss {
  if (redact === undefined) return event;
  const { event_id: id } = event;
  try {
    const answer: unknown = redact(event);
    if (answer === null) return 'redacted';
    containRejection(answer);
    if (typeof answer !== 'object' || typeof (answer as Partial<SentryEvent>).tags !== 'object')
      return 'redaction_failed';
    // As it goes out: without getters, and without what the host may still change.
    return { ...(JSON.parse(JSON.stringify(answer)) as SentryEvent), event_id: id };
  } catch {
    return 'redaction_failed';
  }
}
