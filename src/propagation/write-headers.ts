/** Writing headers in all the shapes that hosts have them: one pass removes what is owned, then what is new is set. */
import type { WritableHeaders } from '../model/exchange.js';
import { isFetchHeaders, lengthsOf, readerOf } from './read-headers.js';

/** Header names that an injection owns: whatever of them it does not write is removed. */
export class OwnedNames {
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #lengths: number;

  /** A host's propagator is among the writers, which may write names that it has not said are its own. */
  readonly isOpen: boolean;

  constructor(names: Iterable<string>, prefixes: Iterable<string>, isOpen: boolean) {
    this.isOpen = isOpen;
    this.#names = new Set(names);
    this.#prefixes = [...new Set(prefixes)];
    this.#lengths = lengthsOf(this.#names);
  }

  /** The name in lower case if it is owned. */
  match(key: string): string | undefined {
    if (((this.#lengths >>> (key.length & 31)) & 1) !== 0) {
      const name = key.toLowerCase();
      if (this.#names.has(name)) return name;
    }
    for (const prefix of this.#prefixes) {
      if (key.length < prefix.length) continue;
      const name = key.toLowerCase();
      if (name.startsWith(prefix)) return name;
    }
    return undefined;
  }

  with(names: readonly string[]): OwnedNames {
    return new OwnedNames([...this.#names, ...names], this.#prefixes, false);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0 && this.#prefixes.length === 0;
  }
}

/** The value that a host has put there itself. */
export function valueIn(headers: WritableHeaders, name: string): string | undefined {
  return readerOf(headers, lengthsOf([name])).get(name);
}

/** What one injection writes. Names are lower case; a later value replaces an earlier one of the same name. */
export class Outgoing {
  readonly names: string[] = [];
  readonly values: string[] = [];

  put(name: string, value: string): void {
    const index = this.names.indexOf(name);
    if (index >= 0) {
      this.values[index] = value;
      return;
    }
    this.names.push(name);
    this.values.push(value);
  }

  remove(name: string): void {
    const index = this.names.indexOf(name);
    if (index < 0) return;
    this.names.splice(index, 1);
    this.values.splice(index, 1);
  }
}

/** Throws on headers that cannot be written to. */
export function applyHeaders(headers: WritableHeaders, given: OwnedNames, outgoing: Outgoing): void {
  const owned = given.isOpen ? given.with(outgoing.names) : given;
  if (Array.isArray(headers)) applyToPairs(headers, owned, outgoing);
  else if (isFetchHeaders(headers)) applyToFetch(headers, owned, outgoing);
  else applyToObject(headers, owned, outgoing);
}

function applyToObject(
  headers: Record<string, unknown>,
  owned: OwnedNames,
  { names, values }: Outgoing,
): void {
  if (!owned.isEmpty) {
    for (const key in headers) {
      const name = owned.match(key);
      // What is set again below stays in place: deleting would turn the object into a slow one.
      if (name !== undefined && (name !== key || !names.includes(name))) delete headers[key];
    }
  }
  for (let index = 0; index < names.length; index++) headers[names[index] as string] = values[index];
}

function applyToPairs(headers: [string, string][], owned: OwnedNames, { names, values }: Outgoing): void {
  if (typeof headers[0] === 'string') throw new TypeError('a flat list cannot be written to');
  let kept = 0;
  for (const pair of headers) {
    if (owned.match(String((pair as readonly unknown[] | null)?.[0])) === undefined) headers[kept++] = pair;
  }
  headers.length = kept;
  for (let index = 0; index < names.length; index++) {
    headers.push([names[index] as string, values[index] as string]);
  }
}

function applyToFetch(headers: Headers, owned: OwnedNames, { names, values }: Outgoing): void {
  const doomed: string[] = [];
  for (const [key] of headers) {
    if (owned.match(key) !== undefined) doomed.push(key);
  }
  for (const key of doomed) headers.delete(key);
  for (let index = 0; index < names.length; index++) {
    headers.set(names[index] as string, values[index] as string);
  }
}
