/** The option `limits`, completed. */
import type { LimitOptions, RecordLimits } from '../model/record-limits.js';
import { asObject, asWhole, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';

/** What is more than a thousand is no attribute list but a payload. */
const MAX_COUNT = 1_024;
/** A quarter of the largest record that a queue takes. */
const MAX_LENGTH = 65_536;

const COUNTS: readonly (keyof LimitOptions)[] = [
  'attributes',
  'spanAttributes',
  'spanEvents',
  'spanLinks',
  'eventAttributes',
  'linkAttributes',
  'logAttributes',
];
const LENGTHS: readonly (keyof LimitOptions)[] = ['valueLength', 'spanValueLength', 'logValueLength'];

/** `name`: of the option or variable, for the sentence. */
export function asLimit(value: unknown, field: keyof LimitOptions, name: string): number {
  return COUNTS.includes(field) ? asWhole(value, name, 0, MAX_COUNT) : asWhole(value, name, 1, MAX_LENGTH);
}

/** A specific word in code stands over a general one in the environment, as the specification has it. */
export function resolveLimits(value: unknown, fromEnvironment: LimitOptions): RecordLimits {
  const given = value === undefined ? {} : asObject(value, 'limits');
  checkFields(given, 'limits', [...COUNTS, ...LENGTHS]);
  const limits: Partial<Record<keyof LimitOptions, number>> = {};
  for (const field of [...COUNTS, ...LENGTHS]) {
    if (given[field] !== undefined) limits[field] = asLimit(given[field], field, `limits.${field}`);
  }
  Object.assign(limits, fromEnvironment);
  const { attributes = DEFAULTS.maxAttributes, valueLength = DEFAULTS.maxValueLength } = limits;
  return {
    span: {
      maxAttributes: limits.spanAttributes ?? attributes,
      maxValueLength: limits.spanValueLength ?? valueLength,
      maxEvents: limits.spanEvents ?? DEFAULTS.maxSpanItems,
      maxLinks: limits.spanLinks ?? DEFAULTS.maxSpanItems,
      maxEventAttributes: limits.eventAttributes ?? DEFAULTS.maxAttributes,
      maxLinkAttributes: limits.linkAttributes ?? DEFAULTS.maxAttributes,
    },
    log: {
      maxAttributes: limits.logAttributes ?? attributes,
      maxValueLength: limits.logValueLength ?? valueLength,
    },
  };
}
