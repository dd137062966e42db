/** Reports to the host, at a limited rate: one a minute for each code, tenant and destination. */
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';

const INTERVAL_MS = 60_000;
/** Kinds of reports that are remembered; beyond, the oldest is forgotten and may be reported again early. */
const MAX_KINDS = 1_000;
const MAX_NOTICES = 100;

export interface Reporter {
  /** To the listener, if its like has not been reported within the last minute. Never throws. */
  report(diagnostic: Diagnostic): void;
  /** About the configuration: always reported, and kept for `status()` until replaced by `replaceNotices`. */
  notice(diagnostic: Diagnostic): void;
  /** Drops the kept notices of this code. */
  forgetNotices(code: Diagnostic['code']): void;
  notices(): readonly Diagnostic[];
}

export function createReporter(
  listener: DiagnosticListener | undefined,
  monotonicMs: () => number,
): Reporter {
  const lastReports = new Map<string, number>();
  let kept: Diagnostic[] = [];

  const tell = (diagnostic: Diagnostic): void => {
    try {
      listener?.(diagnostic);
    } catch {
      // There is nobody else to tell, and telemetry must not fail its host.
    }
  };
  return {
    report(diagnostic) {
      if (listener === undefined) return;
      const kind = `${diagnostic.code}\n${diagnostic.tenantId ?? ''}\n${diagnostic.destination ?? ''}`;
      const now = monotonicMs();
      const last = lastReports.get(kind);
      if (last !== undefined && now - last < INTERVAL_MS) return;
      lastReports.delete(kind);
      lastReports.set(kind, now);
      if (lastReports.size > MAX_KINDS) {
        for (const oldest of lastReports.keys()) {
          lastReports.delete(oldest);
          break;
        }
      }
      tell(diagnostic);
    },
    notice(diagnostic) {
      kept.push(diagnostic);
      if (kept.length > MAX_NOTICES) kept.shift();
      tell(diagnostic);
    },
    forgetNotices(code) {
      kept = kept.filter((diagnostic) => diagnostic.code !== code);
    },
    notices: () => [...kept],
  };
}
