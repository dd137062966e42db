/** Whether two configurations say the same, told without checking them again: pushes and lookups repeat most of what they say. */
import { createHash } from 'node:crypto';

/** Kept as it is up to here, as a digest beyond: certificates are long, and the text is kept with each destination. */
const MAX_TEXT = 512;
/** A destination has four levels. */
const MAX_DEPTH = 6;

/**
 * The same for the same content, and never for another. `undefined`: it holds something that is not compared by content, as a
 * function, an exporter, or an object of a class, whose fields may be anywhere.
 */
export function comparableText(value: unknown): string | undefined {
  const parts: string[] = [];
  if (!append(parts, value, 0)) return undefined;
  const text = parts.join('');
  return text.length <= MAX_TEXT ? text : createHash('sha256').update(text).digest('base64');
}

/** Texts with their lengths, so that none can pass for what follows it. */
function append(parts: string[], value: unknown, depth: number): boolean {
  if (typeof value === 'string') parts.push(`"${value.length} ${value}`);
  else if (isAtom(value)) parts.push(`=${value} `);
  else if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  else if (Array.isArray(value)) return appendItems(parts, value, depth);
  else return appendFields(parts, value, depth);
  return true;
}

function isAtom(value: unknown): value is number | boolean | null | undefined {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean';
}

function appendItems(parts: string[], items: readonly unknown[], depth: number): boolean {
  parts.push(`[${items.length} `);
  for (const item of items) if (!append(parts, item, depth + 1)) return false;
  return true;
}

function appendFields(parts: string[], value: object, depth: number): boolean {
  if (!isPlain(value)) return false;
  const record = value as Readonly<Record<string, unknown>>;
  parts.push('{');
  for (const field of Object.keys(record)) {
    parts.push(`${field.length} ${field}`);
    if (!append(parts, record[field], depth + 1)) return false;
  }
  parts.push('}');
  return true;
}

/** Nothing is inherited. Also true of the plain objects of another realm, such as those of a test runner. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.keys(prototype).length === 0;
}
