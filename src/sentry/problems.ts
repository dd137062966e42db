/** What the host is told: faults of the configuration, kept for `status()`, and losses, each kind once a minute. */
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';
import { containRejection } from '../model/settle.js';
import type { SentryLoss } from './options.js';

const INTERVAL_MS = 60_000;
/** Configuration can be changed again and again. */
const MAX_NOTICES = 20;

export interface Problems {
  notice(diagnostic: Diagnostic): void;
  lost(reason: SentryLoss): void;
  notices(): readonly Diagnostic[];
}

export function createProblems(listener: DiagnosticListener | undefined): Problems {
  const kept: Diagnostic[] = [];
  /** As many entries as there are reasons. */
  const told = new Map<SentryLoss, { atMs: number; count: number }>();
  const tell = (diagnostic: Diagnostic): void => {
    if (listener === undefined) return;
    queueMicrotask(() => {
      try {
        containRejection(listener(diagnostic));
      } catch {
        // There is nobody else to tell.
      }
    });
  };
  return {
    notice(diagnostic) {
      kept.push(diagnostic);
      if (kept.length > MAX_NOTICES) kept.shift();
      tell(diagnostic);
    },
    lost(reason) {
      const nowMs = performance.now();
      const last = told.get(reason);
      const count = (last?.count ?? 0) + 1;
      const isHeld = last !== undefined && nowMs - last.atMs < INTERVAL_MS;
      told.set(reason, isHeld ? { atMs: last.atMs, count } : { atMs: nowMs, count: 0 });
      if (isHeld) return;
      const message = `${count} error ${count === 1 ? 'report was' : 'reports were'} not sent to Sentry: ${reason}`;
      tell({ code: 'dropped', message });
    },
    notices: () => [...kept],
  };
}
