import type { DecodedMessage } from './decode-request.js';

// Typed looks into a decoded tree. The tables guarantee the type of a field, so a mismatch only means "not
// sent".

/** A string field, empty when not sent. */
export function textOf(message: DecodedMessage | undefined, field: string): string {
  const value = message?.[field];
  return typeof value === 'string' ? value : '';
}

/** A number field of at most 32 bits or a double, undefined when not sent. */
export function sentNumber(message: DecodedMessage | undefined, field: string): number | undefined {
  const value = message?.[field];
  return typeof value === 'number' ? value : undefined;
}

/** A number field of at most 32 bits or a double, 0 when not sent. */
export function numberOf(message: DecodedMessage | undefined, field: string): number {
  return sentNumber(message, field) ?? 0;
}

/** A 64-bit integer field, 0n when not sent. */
export function bigintOf(message: DecodedMessage | undefined, field: string): bigint {
  const value = message?.[field];
  return typeof value === 'bigint' ? value : 0n;
}

/** A `bytes` field as lower-case hex, empty when not sent. */
export function hexOf(message: DecodedMessage | undefined, field: string): string {
  const value = message?.[field];
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}

/** A singular message field, undefined when not sent. */
export function childOf(message: DecodedMessage | undefined, field: string): DecodedMessage | undefined {
  const value = message?.[field];
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as DecodedMessage)
    : undefined;
}

/** A repeated message field, empty when nothing was sent. */
export function childrenOf(message: DecodedMessage | undefined, field: string): readonly DecodedMessage[] {
  const value = message?.[field];
  return Array.isArray(value) ? (value as readonly DecodedMessage[]) : [];
}

/** A repeated numeric field as numbers, undefined when nothing was sent. Counts above 2^53 lose precision. */
export function numbersOf(message: DecodedMessage | undefined, field: string): number[] | undefined {
  const value = message?.[field];
  return Array.isArray(value) ? (value as readonly (number | bigint)[]).map(Number) : undefined;
}

/** The integer as a number when that is exact, else unchanged. */
export function safeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
