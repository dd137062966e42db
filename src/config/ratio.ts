/** A share of all, as a number. */
import { fault } from '../model/configuration-error.js';

export function asRatio(value: unknown, option: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw fault(option, 'must be a number from 0 to 1');
  return value;
}
