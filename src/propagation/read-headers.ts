/** Reading headers in all the shapes that hosts have them. */
import type { ReadableHeaders } from '../model/exchange.js';

/** The headers of one request, by lower-case name. */
export interface HeaderReader {
  /** Repeats are joined with `, ` in order, as Node does. `undefined` when there is none. */
  get(name: string): string | undefined;
  /** Every header whose name begins so; `visit` gets the rest of the name. */
  withPrefix(prefix: string, visit: (rest: string, value: string) => void): void;
}

/** Bit n: a name of n characters (modulo 32) is among them. Most headers are told apart by this alone. */
export function lengthsOf(names: Iterable<string>): number {
  let lengths = 0;
  for (const name of names) lengths |= 1 << (name.length & 31);
  return lengths;
}

/** Any length. */
export const ALL_LENGTHS = -1;

/** `lengths` tells, of the names that will be asked for, which lengths there are; see `lengthsOf`. */
export function readerOf(headers: ReadableHeaders, lengths = ALL_LENGTHS): HeaderReader {
  if (Array.isArray(headers)) return new ListReader(headers as readonly unknown[]);
  if (isFetchHeaders(headers)) return new FetchReader(headers);
  return new ObjectReader(headers as Readonly<Record<string, unknown>>, lengths);
}

export function isFetchHeaders(headers: object): headers is Headers {
  return (
    typeof (headers as Partial<Headers>).get === 'function' &&
    typeof (headers as Partial<Headers>).set === 'function'
  );
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').join(', ') : undefined;
}

/** Node gives lower-case names; a host's own object may spell them as it likes, which is looked at once. */
class ObjectReader implements HeaderReader {
  readonly #headers: Readonly<Record<string, unknown>>;
  readonly #lengths: number;
  /** `undefined`: not looked yet. `null`: none. */
  #otherSpellings: Map<string, unknown> | null | undefined;

  constructor(headers: Readonly<Record<string, unknown>>, lengths: number) {
    this.#headers = headers;
    this.#lengths = lengths;
  }

  get(name: string): string | undefined {
    const value = this.#headers[name];
    if (typeof value === 'string') return value;
    if (value !== undefined) return textOf(value);
    const others = this.#others();
    return others === null ? undefined : textOf(others.get(name));
  }

  withPrefix(prefix: string, visit: (rest: string, value: string) => void): void {
    for (const key in this.#headers) {
      if (key.length <= prefix.length) continue;
      const name = key.toLowerCase();
      const value = name.startsWith(prefix) ? textOf(this.#headers[key]) : undefined;
      if (value !== undefined) visit(name.slice(prefix.length), value);
    }
  }

  #others(): Map<string, unknown> | null {
    if (this.#otherSpellings !== undefined) return this.#otherSpellings;
    let found: Map<string, unknown> | null = null;
    for (const key in this.#headers) {
      if (((this.#lengths >>> (key.length & 31)) & 1) === 0) continue;
      const name = key.toLowerCase();
      if (name !== key) (found ??= new Map<string, unknown>()).set(name, this.#headers[key]);
    }
    return (this.#otherSpellings = found);
  }
}

/** `[name, value]` pairs, or the flat list of `rawHeaders`. */
class ListReader implements HeaderReader {
  readonly #byName = new Map<string, string>();

  constructor(list: readonly unknown[]) {
    const flat = typeof list[0] === 'string';
    for (let index = 0; index < list.length; index += flat ? 2 : 1) {
      const pair = flat ? undefined : (list[index] as readonly unknown[] | null);
      const key = flat ? list[index] : pair?.[0];
      const value = textOf(flat ? list[index + 1] : pair?.[1]);
      if (typeof key !== 'string' || value === undefined) continue;
      const name = key.toLowerCase();
      const before = this.#byName.get(name);
      this.#byName.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }

  get(name: string): string | undefined {
    return this.#byName.get(name);
  }

  withPrefix(prefix: string, visit: (rest: string, value: string) => void): void {
    for (const [name, value] of this.#byName) {
      if (name.length > prefix.length && name.startsWith(prefix)) visit(name.slice(prefix.length), value);
    }
  }
}

class FetchReader implements HeaderReader {
  readonly #headers: Headers;

  constructor(headers: Headers) {
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  withPrefix(prefix: string, visit: (rest: string, value: string) => void): void {
    for (const [key, value] of this.#headers) {
      const name = key.toLowerCase();
      if (name.length > prefix.length && name.startsWith(prefix)) visit(name.slice(prefix.length), value);
    }
  }
}
