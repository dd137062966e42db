/** Baggage that Jaeger and OT carry as one header per key: `{prefix}{key}: {percent-encoded value}`. */
import { percentDecoded, percentEncoded } from './percent.js';
import type { HeaderReader } from './read-headers.js';
import { isPrintable, isToken, withoutSpace } from './text.js';
import type { Outgoing } from './write-headers.js';

/** As for W3C baggage. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;
const MAX_KEY_LENGTH = 256;

export type FormatBaggage = readonly (readonly [key: string, value: string])[];

/** Collects within the limits; what does not fit ends it, as whole members only are passed on. */
class Collector {
  readonly members: (readonly [string, string])[] = [];
  #bytes = 0;

  add(key: string, rawValue: string): void {
    const text = withoutSpace(rawValue);
    if (this.#bytes > MAX_BYTES || key.length > MAX_KEY_LENGTH || !isToken(key) || !isPrintable(text)) return;
    const value = percentDecoded(text);
    // As it goes out: encoding may make it longer than it came.
    this.#bytes += key.length + 1 + percentEncoded(value).length;
    if (this.members.length < MAX_MEMBERS && this.#bytes <= MAX_BYTES) this.members.push([key, value]);
  }
}

export function readPrefixed(headers: HeaderReader, prefix: string): FormatBaggage | undefined {
  const collector = new Collector();
  headers.withPrefix(prefix, (key, value) => {
    collector.add(key, value);
  });
  return collector.members.length === 0 ? undefined : collector.members;
}

/** `key1=value1, key2=value2`, after what there is already. */
export function readPairs(
  text: string | undefined,
  before: FormatBaggage | undefined,
): FormatBaggage | undefined {
  if (text === undefined || text.length > MAX_BYTES) return before;
  const collector = new Collector();
  for (const [key, value] of before ?? []) collector.add(key, percentEncoded(value));
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    if (equals > 0) collector.add(withoutSpace(pair.slice(0, equals)).toLowerCase(), pair.slice(equals + 1));
  }
  return collector.members.length === 0 ? undefined : collector.members;
}

export function writePrefixed(outgoing: Outgoing, prefix: string, baggage: FormatBaggage | undefined): void {
  if (baggage === undefined) return;
  for (const [key, value] of baggage) outgoing.put(prefix + key, percentEncoded(value));
}
