/** The specification's variables about how much a record may hold. */
import type { LimitOptions } from '../model/record-limits.js';
import { asLimit } from './limits.js';

const FIELDS: Readonly<Record<string, keyof LimitOptions>> = {
  OTEL_ATTRIBUTE_COUNT_LIMIT: 'attributes',
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'valueLength',
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: 'spanAttributes',
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'spanValueLength',
  OTEL_SPAN_EVENT_COUNT_LIMIT: 'spanEvents',
  OTEL_SPAN_LINK_COUNT_LIMIT: 'spanLinks',
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: 'eventAttributes',
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: 'linkAttributes',
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: 'logAttributes',
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'logValueLength',
};

/** The part of the reader of variables that is needed here. */
export interface LimitVariables {
  parsed<T>(name: string, parse: (value: string) => T): T | undefined;
}

export function readLimits(variables: LimitVariables): LimitOptions {
  const limits: { -readonly [Field in keyof LimitOptions]: LimitOptions[Field] } = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    const limit = variables.parsed(name, (value) =>
      asLimit(/^\d+$/.test(value) ? Number(value) : value, field, name),
    );
    if (limit !== undefined) limits[field] = limit;
  }
  return limits;
}
