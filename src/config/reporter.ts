/** Reports to the host, at a limited rate: one a minute for each code, tenant and destination. */
import { containRejection } from '../model/settle.js';
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';

const INTERVAL_MS = 60_000;
/** Kinds of reports that are told apart within a minute; further ones of a code count as one kind. */
const MAX_KINDS = 1_000;
const MAX_NOTICES = 100;

export interface Reporter {
  /** To the listener, if its like has not been reported within the last minute. Never throws. */
  report(diagnostic: Diagnostic): void;
  /** About the configuration: kept for `status()`. */
  notice(diagnostic: Diagnostic): void;
  /** The notices about the operator's present configuration, in place of the former ones. */
  operatorNotices(diagnostics: readonly Diagnostic[]): void;
  notices(): readonly Diagnostic[];
}

export function createReporter(
  listener: DiagnosticListener | undefined,
  monotonicMs: () => number,
): Reporter {
  /** In order of their last report. */
  const kinds = new Map<string, { readonly atMs: number; held: number }>();
  const kept: Diagnostic[] = [];
  let aboutOperator: readonly Diagnostic[] = [];

  /** Forgets a kind that may be reported again anyway: the first. */
  const hasRoom = (now: number): boolean => {
    if (kinds.size < MAX_KINDS) return true;
    for (const [kind, { atMs }] of kinds) {
      if (now - atMs < INTERVAL_MS) return false;
      kinds.delete(kind);
      return true;
    }
    return true;
  };

  const tell = (diagnostic: Diagnostic): void => {
    try {
      containRejection(listener?.(diagnostic));
    } catch {
      // There is nobody else to tell, and telemetry must not fail its host.
    }
  };
  return {
    report(diagnostic) {
      if (listener === undefined) return;
      const { code, tenantId = '', destination = '', signal = '' } = diagnostic;
      // Reports of callbacks differ in their text alone, which is fixed.
      const text = code === 'callback_failed' ? diagnostic.message : '';
      const own = [code, tenantId, destination, signal, text].join('\n');
      const now = monotonicMs();
      const isFolded = !kinds.has(own) && !hasRoom(now);
      const kind = isFolded ? code : own;
      const last = kinds.get(kind);
      if (last !== undefined && now - last.atMs < INTERVAL_MS) {
        last.held++;
        return;
      }
      kinds.delete(kind);
      kinds.set(kind, { atMs: now, held: 0 });
      const told = isFolded
        ? {
            code,
            message: `More than ${MAX_KINDS} kinds of reports in a minute; further ones of ${code} are held back`,
          }
        : withHeld(diagnostic, last?.held ?? 0);
      // Not now: reports come from the middle of recording, and a listener may well record something itself.
      queueMicrotask(() => tell(told));
    },
    notice(diagnostic) {
      kept.push(diagnostic);
      if (kept.length > MAX_NOTICES) kept.shift();
      tell(diagnostic);
    },
    operatorNotices(diagnostics) {
      const known = new Set(aboutOperator.map(({ message }) => message));
      aboutOperator = diagnostics.slice(0, MAX_NOTICES);
      for (const diagnostic of aboutOperator) if (!known.has(diagnostic.message)) tell(diagnostic);
    },
    notices: () => [...kept, ...aboutOperator],
  };
}

/** How many like it were held back since the last one that was told. */
function withHeld(diagnostic: Diagnostic, held: number): Diagnostic {
  if (held === 0) return diagnostic;
  return { ...diagnostic, message: `${diagnostic.message} (${held} more like it since the last report)` };
}
