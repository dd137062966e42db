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
  /** The variable has a say. */
  readonly isSaid: boolean;
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
  if (names === undefined) return { options: code, isSaid: false, faults: [] };
  const custom = new Map(Object.keys(code.propagators ?? {}).map((name) => [name.toLowerCase(), name]));
  const extract: string[] = [];
  const inject: string[] = [];
  const faults: string[] = [];
  let understood = 0;
  let unknown = 0;
  let baggage = code.baggage;
  for (const name of names) {
    const own = custom.get(name);
    const meaning = own === undefined ? MEANINGS.get(name) : { extract: own, inject: own };
    if (name === NONE) {
      if (names.length > 1) {
        faults.push(`OTEL_PROPAGATORS has ${NONE} beside other names; ${NONE} is left out`);
      } else {
        // Neither read nor written; what code says about baggage stays.
        return {
          options: { ...code, extract: [], inject: [], baggage: baggage ?? 'ignore' },
          isSaid: true,
          faults,
        };
      }
    } else if (meaning === undefined) {
      unknown++;
    } else {
      understood++;
      if (meaning.extract !== undefined) extract.push(meaning.extract);
      if (meaning.inject !== undefined) inject.push(meaning.inject);
      // What code keeps back stays back.
      if (name === 'baggage') baggage ??= 'pass';
    }
  }
  if (unknown > 0) {
    const known = [...MEANINGS.keys(), NONE, ...custom.values()].join(', ');
    const rest = understood === 0 ? '; it counts as unset' : '; such names are left out';
    faults.push(`OTEL_PROPAGATORS has a name that is not known${rest}; known are ${known}`);
  }
  if (understood === 0) return { options: code, isSaid: false, faults };
  const options: PropagationOptions = {
    ...code,
    extract,
    inject,
    ...(baggage !== undefined && { baggage }),
  };
  return { options, isSaid: true, faults };
}
