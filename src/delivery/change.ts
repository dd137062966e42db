/** What a new configuration of a destination leaves as it was. */
import type { ResolvedDestination, Target } from '../model/resolved-destination.js';
import { SIGNALS } from '../model/signal.js';

/** Whoever keeps the place keeps the queue. */
export function samePlace(a: Target, b: Target): boolean {
  if (a.kind === 'otlp') return b.kind === 'otlp' && a.url === b.url;
  return b.kind === 'exporter' && a.exporter === b.exporter;
}

/** Same place, headers, TLS, time-outs. Functions count as the same: each answer of a lookup makes them anew. */
function sameTarget(a: Target | undefined, b: Target | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind !== 'otlp' || b.kind !== 'otlp') return samePlace(a, b);
  return a.tls?.current().id === b.tls?.current().id && JSON.stringify(a) === JSON.stringify(b);
}

/** Whether the answer of a lookup says what the last one said, as far as being reachable goes. */
export function sameConfiguration(a: ResolvedDestination, b: ResolvedDestination): boolean {
  return (
    a.disabled === b.disabled &&
    a.requestsPerMinute === b.requestsPerMinute &&
    SIGNALS.every((signal) => sameTarget(a.targets[signal], b.targets[signal]))
  );
}
