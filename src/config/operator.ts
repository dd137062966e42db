/** Who defines the operator's destinations: the environment, before code. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import type { Signal } from '../model/signal.js';
import type { EnvironmentSettings, LoneHeaders } from './environment.js';
import { hasHeaders, NO_HEADERS } from './headers.js';

/** The destinations in force, and what has to be said about them. */
export interface EffectiveOperator {
  readonly destinations: readonly ResolvedDestination[];
  readonly notices: readonly Diagnostic[];
}

function withTargets(
  destination: ResolvedDestination,
  keep: (target: Target, signal: Signal) => Target | undefined,
): ResolvedDestination {
  const targets: Partial<Record<Signal, Target>> = {};
  for (const [signal, target] of Object.entries(destination.targets) as [Signal, Target][]) {
    const kept = keep(target, signal);
    if (kept !== undefined) targets[signal] = kept;
  }
  return { ...destination, targets };
}

function isSpoken(destination: ResolvedDestination): boolean {
  return Object.values(destination.targets).some((target) => target.kind === 'otlp');
}

/** One place without headers of its own, whatever the signals' paths. */
function isSingleBareEndpoint(destination: ResolvedDestination): boolean {
  const spoken = Object.values(destination.targets).filter((target) => target.kind === 'otlp');
  const origins = new Set(spoken.map((target) => new URL(target.url).origin));
  return origins.size === 1 && !spoken.some((target) => hasHeaders(target.headers));
}

/** Environment headers go to a single endpoint in code that has none of its own, and to nothing else. */
function applyLoneHeaders(code: readonly ResolvedDestination[], headers: LoneHeaders): EffectiveOperator {
  const [only] = code;
  if (code.length !== 1 || only === undefined || !isSingleBareEndpoint(only)) {
    const names = headers.variables.join(', ');
    const message = `${names} without effect: headers in the environment apply to an endpoint variable, or to a single operator endpoint without headers`;
    return { destinations: code, notices: [{ code: 'environment_invalid', message }] };
  }
  const completed = withTargets(only, (target, signal) =>
    target.kind === 'otlp' ? { ...target, headers: headers.bySignal[signal] ?? NO_HEADERS } : target,
  );
  return { destinations: [completed], notices: [] };
}

/** How an endpoint in code is sent to is said in code; the variables would be half of a destination. */
function refuseLoneSending(
  code: readonly ResolvedDestination[],
  variables: readonly string[],
): readonly Diagnostic[] {
  if (variables.length === 0 || !code.some(isSpoken)) return [];
  const message = `${variables.join(', ')} without effect: what the environment says about sending applies to an endpoint variable only`;
  return [{ code: 'environment_invalid', message }];
}

/**
 * Joins what code and environment say. An endpoint in the environment defines the whole destination; what code says is
 * kept inactive and reported, except ready-made exporters, which stay.
 */
export function effectiveOperator(
  code: readonly ResolvedDestination[],
  environment: EnvironmentSettings,
): EffectiveOperator {
  let effective: EffectiveOperator;
  if (environment.operator !== undefined) {
    const exporters = code
      .map((destination) =>
        withTargets(destination, (target) => (target.kind === 'exporter' ? target : undefined)),
      )
      .filter((destination) => Object.keys(destination.targets).length > 0);
    const overridden = code.filter(isSpoken).map((destination) => destination.name);
    effective = {
      destinations: [environment.operator, ...exporters],
      notices: overridden.map((name) => ({
        code: 'overridden_by_environment',
        message: `The operator's destination "${name}" is inactive: an OTEL_EXPORTER_OTLP endpoint variable defines the operator`,
        destination: name,
      })),
    };
  } else if (environment.loneHeaders !== undefined && code.length > 0) {
    effective = applyLoneHeaders(code, environment.loneHeaders);
  } else {
    effective = { destinations: code, notices: [] };
  }
  const lone = refuseLoneSending(code, environment.loneSending);
  effective = { ...effective, notices: [...effective.notices, ...lone] };
  if (environment.switchedOff.size === 0) return effective;
  const destinations = effective.destinations.map((destination) => {
    const left = withTargets(destination, (target, signal) =>
      environment.switchedOff.has(signal) ? undefined : target,
    );
    return Object.keys(left.targets).length === 0 ? { ...left, disabled: true } : left;
  });
  return { destinations, notices: effective.notices };
}
