/** Deep copies of what log records hold: nobody who gets one can change the host's own objects. */
import { isKeyValueList, MAX_VALUE_DEPTH } from '../model/any-value.js';
import { cutText, isUsableKey } from '../model/clean-values.js';

const ELLIPSIS = '…';
/** Values of one record, at all depths together: shared sub-trees could otherwise be copied without end. */
const MAX_VALUES = 10_000;

/** How much of one record may still be copied. */
export interface CopyBudget {
  values: number;
  readonly maxLength: number;
}

export function copyBudget(maxLength: number): CopyBudget {
  return { values: MAX_VALUES, maxLength };
}

/** Texts are cut, and what describes itself (dates, errors, maps) becomes that text. Throws where a getter does. */
export function copyValue(value: unknown, budget: CopyBudget, depth = 0): unknown {
  if (--budget.values < 0) return ELLIPSIS;
  switch (typeof value) {
    case 'string':
      return cutText(value, budget.maxLength);
    case 'symbol':
    case 'function':
      return cutText(String(value), budget.maxLength);
    case 'object':
      return value === null ? null : copyObject(value, budget, depth);
    default:
      return value;
  }
}

function copyObject(value: object, budget: CopyBudget, depth: number): unknown {
  if (value instanceof Uint8Array) return value.slice(0, budget.maxLength);
  if (Array.isArray(value)) {
    if (depth >= MAX_VALUE_DEPTH) return ELLIPSIS;
    const copy: unknown[] = [];
    for (let index = 0; index < value.length && budget.values > 0; index++)
      copy.push(copyValue(value[index], budget, depth + 1));
    return copy;
  }
  if (!isKeyValueList(value)) {
    const described: { toString(): string } = value;
    return cutText(String(described), budget.maxLength);
  }
  if (depth >= MAX_VALUE_DEPTH) return ELLIPSIS;
  return copyFields(value as Readonly<Record<string, unknown>>, budget, depth + 1);
}

/** Own enumerable fields with keys that can do no harm. */
export function copyFields(
  fields: Readonly<Record<string, unknown>>,
  budget: CopyBudget,
  depth = 0,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    if (budget.values <= 0) break;
    if (isUsableKey(key)) copy[key] = copyValue(fields[key], budget, depth);
  }
  return copy;
}
