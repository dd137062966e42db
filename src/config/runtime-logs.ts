/** The option `runtimeLogs`. */
import { fault } from '../model/configuration-error.js';
import { LOG_LEVELS } from '../model/log-level.js';
import { asObject, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';

const MAX_SEVERITY = 24;

export interface RuntimeLogSettings {
  readonly minSeverity: number;
}

export function resolveRuntimeLogs(value: unknown): RuntimeLogSettings {
  if (value === undefined) return { minSeverity: DEFAULTS.runtimeLogMinSeverity };
  const given = asObject(value, 'runtimeLogs');
  checkFields(given, 'runtimeLogs', ['minSeverity']);
  const { minSeverity = DEFAULTS.runtimeLogMinSeverity } = given;
  const levels: Readonly<Record<string, number>> = LOG_LEVELS;
  const number =
    typeof minSeverity === 'string' && Object.hasOwn(levels, minSeverity) ? levels[minSeverity] : minSeverity;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > MAX_SEVERITY) {
    throw fault(
      'runtimeLogs.minSeverity',
      `must be a whole number from 1 to ${MAX_SEVERITY}, or one of ${Object.keys(levels).join(', ')}`,
    );
  }
  return { minSeverity: number };
}
