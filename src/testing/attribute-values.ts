import type { DecodedMessage } from './decode-request.js';
import { childOf, childrenOf, safeInteger, textOf } from './decoded-tree.js';

/**
 * Attributes by key, as a null-prototype object, so that a key such as `__proto__` is a key like any other.
 *
 * Values are strings, booleans, numbers, bigints (integers that a number cannot hold exactly), `Uint8Array`,
 * arrays and null-prototype objects of these, or null for a value that was sent empty. Integers and doubles
 * look the same here; use `decodeOtlpRequest` to tell them apart. When a key was sent twice the last value
 * remains.
 */
export type ReceivedAttributes = Readonly<Record<string, unknown>>;

/** The plain value of an AnyValue: null when it is empty or was not sent. */
export function anyValueOf(value: DecodedMessage | undefined): unknown {
  for (const [member, sent] of Object.entries(value ?? {})) {
    switch (member) {
      case 'intValue':
        return typeof sent === 'bigint' ? safeInteger(sent) : sent;
      case 'arrayValue':
        return childrenOf(childOf(value, member), 'values').map(anyValueOf);
      case 'kvlistValue':
        return attributesOf(childOf(value, member), 'values');
      default:
        return sent;
    }
  }
  return null;
}

/** A repeated KeyValue field as a map. */
export function attributesOf(message: DecodedMessage | undefined, field = 'attributes'): ReceivedAttributes {
  const attributes = Object.create(null) as Record<string, unknown>;
  for (const pair of childrenOf(message, field)) {
    attributes[textOf(pair, 'key')] = anyValueOf(childOf(pair, 'value'));
  }
  return attributes;
}
