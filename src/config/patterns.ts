/** Lists of names in a rule: exact, or with a `*` at the end for any rest. */
import { fault } from '../model/configuration-error.js';
import { asText } from './checks.js';

/** A list is looked through for each request. */
const MAX_ITEMS = 256;
const MAX_LENGTH = 1024;

/** Texts of a rule; an empty list would be a mistake that leaves everything out or in. */
export function asRuleList<T>(
  value: unknown,
  option: string,
  asItem: (item: unknown, option: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw fault(option, 'must be an array');
  if (value.length === 0 || value.length > MAX_ITEMS)
    throw fault(option, `must have 1 to ${MAX_ITEMS} items`);
  return value.map((item: unknown, index) => asItem(item, `${option}[${index}]`));
}

export function asRuleText(value: unknown, option: string): string {
  return asText(value, option, MAX_LENGTH);
}

/** Whether one of the patterns stands for the text. */
export function compilePatterns(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (text) => exact.has(text) || prefixes.some((prefix) => text.startsWith(prefix));
}

/** A list of patterns, checked and compiled. */
export function asPatterns(value: unknown, option: string): (text: string) => boolean {
  return compilePatterns(asRuleList(value, option, asRuleText));
}
