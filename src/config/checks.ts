/** Small checks that every part of the configuration shares. Each throws a `ConfigurationError`. */
import type { Attributes, AttributeValue } from '../model/attributes.js';
import { fault } from '../model/configuration-error.js';
import { hasFields } from '../model/fields.js';
import { RESERVED_HEADERS } from '../model/reserved-headers.js';

/** A plain value for a message: its kind, never its content. */
function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (ArrayBuffer.isView(value)) return 'bytes';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

export function asObject(value: unknown, option: string): Readonly<Record<string, unknown>> {
  if (!hasFields(value)) throw fault(option, `must be an object, not ${kind(value)}`);
  return value;
}

/**
 * An object whose own fields are its content. A `Map`, `Headers` or promise has none, and would be read as empty.
 */
export function asRecord(value: unknown, option: string): Readonly<Record<string, unknown>> {
  const object = asObject(value, option);
  const prototype: unknown = Object.getPrototypeOf(object);
  // Also the plain objects of another realm, such as those of a test runner.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw fault(option, 'must be a plain object');
  }
  return object;
}

/** Refuses unknown fields, with the list of what is known. */
export function checkFields(
  value: Readonly<Record<string, unknown>>,
  option: string,
  known: readonly string[],
): void {
  for (const field of Object.keys(value)) {
    if (value[field] === undefined || known.includes(field)) continue;
    const path = option === '' ? field : `${option}.${field}`;
    throw fault(path, `is not a known option; known are ${known.join(', ')}`);
  }
}

export function asText(value: unknown, option: string, maxLength = 256): string {
  if (typeof value !== 'string') throw fault(option, `must be a string, not ${kind(value)}`);
  if (value.length === 0) throw fault(option, 'must not be empty');
  if (value.length > maxLength) throw fault(option, `must be at most ${maxLength} characters long`);
  return value;
}

export function asBoolean(value: unknown, option: string): boolean {
  if (typeof value !== 'boolean') throw fault(option, `must be true or false, not ${kind(value)}`);
  return value;
}

export function asFunction<T>(value: unknown, option: string): T {
  if (typeof value !== 'function') throw fault(option, `must be a function, not ${kind(value)}`);
  return value as T;
}

export function asWhole(value: unknown, option: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw fault(option, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

export function asOneOf<T extends string>(value: unknown, option: string, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) throw fault(option, `must be one of ${allowed.join(', ')}`);
  return value as T;
}

export function asTextList(value: unknown, option: string): readonly string[] {
  if (!Array.isArray(value)) throw fault(option, `must be an array, not ${kind(value)}`);
  return value.map((item, index) => asText(item, `${option}[${index}]`));
}

/** The name of a header that may be added to a message: nothing that frames it or ends its connection. */
export function asHeaderName(value: unknown, option: string): string {
  const name = asText(value, option, 128);
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || name === '__proto__') {
    throw fault(option, 'must be a header name');
  }
  if (name.toLowerCase() === 'server-timing')
    throw fault(option, 'must not be server-timing, which has an option of its own');
  if (RESERVED_HEADERS.has(name.toLowerCase()))
    throw fault(option, 'must not be a header that belongs to the message itself');
  return name;
}

export function isAttributeValue(value: unknown): value is AttributeValue {
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return true;
  const isItem = (item: unknown): boolean =>
    item === null || ['string', 'number', 'boolean'].includes(typeof item);
  return Array.isArray(value) && value.every(isItem);
}

/** Of names and values together; every number counts for 8 characters. */
export interface AttributeBounds {
  readonly maxAttributes: number;
  readonly maxLength: number;
}

export function lengthOfAttribute(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + lengthOfAttribute(item), 0);
  return typeof value === 'string' ? value.length : 8;
}

/** A copy, so that what the caller does with its object afterwards has no effect. */
export function asAttributes(value: unknown, option: string, bounds?: AttributeBounds): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  const record = asRecord(value, option);
  if (bounds !== undefined && Object.keys(record).length > bounds.maxAttributes)
    throw fault(option, `has more than ${bounds.maxAttributes} attributes`);
  let length = 0;
  for (const [key, item] of Object.entries(record)) {
    if (item === undefined) continue;
    if (key === '' || key === '__proto__') throw fault(option, 'has an attribute without a usable name');
    if (!isAttributeValue(item))
      throw fault(`${option}.${key}`, 'must be a string, number, boolean or an array of them');
    length += key.length + lengthOfAttribute(item);
    if (bounds !== undefined && length > bounds.maxLength)
      throw fault(option, `has more than ${bounds.maxLength} characters in total`);
    attributes[key] = Array.isArray(item) ? (item.slice() as AttributeValue) : item;
  }
  return attributes;
}
