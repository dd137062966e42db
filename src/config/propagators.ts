/** `OTEL_PROPAGATORS`: replaces `extract` and `inject`, never `clear`. */
import type { PropagationOptions } from '../model/propagation.js';

interface Meaning {
  readonly extract?: string;
  readonly inject?: string;
}

/** The specification's names first, then ours. `baggage` stands for its own switch. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['tracecontext', { extract: 'w3c', inject: 'w3c' }],
  ['baggage', {}],
  ['b3', { extract: 'b3', inject: 'b3-single' }],
  ['b3multi', { extract: 'b3', inject: 'b3' }],
  ['jaeger', { extract: 'jaeger', inject: 'jaeger' }],
  ['xray', { extract: 'aws', inject: 'aws' }],
  ['ottrace', { extract: 'ot', inject: 'ot' }],
  ['w3c', { extract: 'w3c', inject: 'w3c' }],
  ['b3-single', { extract: 'b3', inject: 'b3-single' }],
  ['datadog', { extract: 'datadog', inject: 'datadog' }],
  ['ot', { extract: 'ot', inject: 'ot' }],
  ['aws', { extract: 'aws', inject: 'aws' }],
  ['gcp', { extract: 'gcp', inject: 'gcp' }],
  ['instana', { extract: 'instana', inject: 'instana' }],
]);
const NONE = 'none';

export interface EffectivePropagation {
  readonly options: PropagationOptions;
  /** What is wrong with the variable; never its content. */
  readonly faults: readonly string[];
}

/**
 * Joins what code and environment say. Names under which code has a propagator count too. Unknown names are reported and
 * left out; if none is left, the variable counts as unset.
 */
export function effectivePropagation(
  code: PropagationOptions,
  names: readonly string[] | undefined,
): EffectivePropagation {
  if (names === undefined) return { options: code, faults: [] };
  const custom = Object.keys(code.propagators ?? {});
  const extract: string[] = [];
  const inject: string[] = [];
  const faults: string[] = [];
  let understood = 0;
  let baggage = code.baggage;
  for (const name of names) {
    const meaning = custom.includes(name) ? { extract: name, inject: name } : MEANINGS.get(name);
    if (name === NONE) {
      if (names.length > 1) {
        faults.push(`OTEL_PROPAGATORS has ${NONE} beside other names; ${NONE} is left out`);
      } else {
        // Neither read nor written; what code says about baggage stays.
        return { options: { ...code, extract: [], inject: [], baggage: baggage ?? 'ignore' }, faults };
      }
    } else if (meaning === undefined) {
      faults.push(
        `OTEL_PROPAGATORS has a name that is not known; known are ${[...MEANINGS.keys(), NONE, ...custom].join(', ')}`,
      );
    } else {
      understood++;
      if (meaning.extract !== undefined) extract.push(meaning.extract);
      if (meaning.inject !== undefined) inject.push(meaning.inject);
      // What code keeps back stays back.
      if (name === 'baggage') baggage ??= 'pass';
    }
  }
  if (understood === 0) return { options: code, faults: [...faults, 'OTEL_PROPAGATORS counts as unset'] };
  const options: PropagationOptions = {
    ...code,
    extract,
    inject,
    ...(baggage !== undefined && { baggage }),
  };
  return { options, faults };
}
