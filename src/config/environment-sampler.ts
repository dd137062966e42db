/** `OTEL_TRACES_SAMPLER` and its argument: the samplers of the specification, as our ratio and what becomes of the caller's word. */
import { asOneOf } from './checks.js';
import { asRatio } from './ratio.js';

const SAMPLER = 'OTEL_TRACES_SAMPLER';
const ARGUMENT = 'OTEL_TRACES_SAMPLER_ARG';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** What the variables say of `sampling`. */
export interface EnvironmentSampler {
  readonly ratio: number;
  /** `undefined`: the default, which follows only callers that are trusted: a variable must not trust public ones. */
  readonly parent: 'ignore' | undefined;
}

/** The part of the reader of variables that is needed here. */
export interface SamplerVariables {
  text(name: string): string | undefined;
  parsed<T>(name: string, parse: (value: string) => T): T | undefined;
  report(message: string): void;
}

/** A ratio without an argument, or with a bad one, is 1, as the specification says. */
function readRatio(variables: SamplerVariables): number {
  return variables.parsed(ARGUMENT, (value) => asRatio(Number(value), ARGUMENT)) ?? 1;
}

export function readSampler(variables: SamplerVariables): EnvironmentSampler | undefined {
  // Remote samplers of vendors are named in the specification too; here they are like any unknown word.
  const sampler = variables.parsed(SAMPLER, (value) => asOneOf(value.toLowerCase(), SAMPLER, SAMPLERS));
  if (sampler?.endsWith('traceidratio') !== true && variables.text(ARGUMENT) !== undefined)
    variables.report(`${ARGUMENT} without effect: only the traceidratio samplers take an argument`);
  if (sampler === undefined) return undefined;
  const ratio = sampler.endsWith('traceidratio') ? readRatio(variables) : sampler.endsWith('on') ? 1 : 0;
  return { ratio, parent: sampler.startsWith('parentbased_') ? undefined : 'ignore' };
}
