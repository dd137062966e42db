/** `sampling`: checked, and joined with what the environment says. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { KeepDecision } from '../model/selection.js';
import { asFunction, asObject, asOneOf, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';
import type { EnvironmentSampler } from './environment-sampler.js';
import { resolveKeep } from './keep.js';
import type { SamplingOptions } from './options.js';
import { asRatio } from './ratio.js';

const FIELDS = ['ratio', 'parent', 'decide', 'keep'];

type Parent = NonNullable<SamplingOptions['parent']>;

/** The sampling in force. */
export interface Sampling {
  readonly ratio: number;
  /** `undefined`: `follow` for callers whose trust is `continue`, else `ignore`. */
  readonly parent: Parent | undefined;
  readonly decide: SamplingOptions['decide'];
  readonly keep: KeepDecision | undefined;
}

/** Checks it; the environment's ratio and parent win over code's, of which that is then said. */
export function resolveSampling(
  value: SamplingOptions | undefined,
  environment: EnvironmentSampler | undefined,
): { readonly inForce: Sampling; readonly notices: readonly Diagnostic[] } {
  const given: SamplingOptions = value === undefined ? {} : asObject(value, 'sampling');
  checkFields(given as Readonly<Record<string, unknown>>, 'sampling', FIELDS);
  const ratio = given.ratio === undefined ? DEFAULTS.samplingRatio : asRatio(given.ratio, 'sampling.ratio');
  const parent =
    given.parent === undefined
      ? undefined
      : asOneOf<Parent>(given.parent, 'sampling.parent', ['follow', 'follow-drop', 'ignore']);
  const decide =
    given.decide === undefined
      ? undefined
      : asFunction<NonNullable<SamplingOptions['decide']>>(given.decide, 'sampling.decide');
  const keep = resolveKeep(given.keep, 'sampling.keep');
  if (environment === undefined) return { inForce: { ratio, parent, decide, keep }, notices: [] };
  const isOverridden = given.ratio !== undefined || given.parent !== undefined;
  const message = 'sampling.ratio and sampling.parent are inactive: OTEL_TRACES_SAMPLER defines them';
  return {
    inForce: { ratio: environment.ratio, parent: environment.parent, decide, keep },
    notices: isOverridden ? [{ code: 'overridden_by_environment', message }] : [],
  };
}
