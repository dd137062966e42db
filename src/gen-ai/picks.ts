/** The paths that are looked for in JSON, as a tree that a parser walks down while it reads. */

/** A place in the tree. Everything of it stays as it was built, and one tree serves all parsers. */
export interface Pick {
  /** `usage.prompt_tokens`, `choices[].index`; empty for the root. */
  readonly path: string;
  /** Position of the path in the list, where a value is wanted; -1 for places that are only on the way. */
  readonly leaf: number;
  /** Leaves below, not this one. */
  readonly leaves: readonly number[];
  /** By the length of the key in bytes. Not there: no key below is wanted. */
  readonly keys: readonly (readonly PickKey[] | undefined)[] | undefined;
  /** Of every element of an array. */
  readonly element: Pick | undefined;
}

interface PickKey {
  readonly bytes: Uint8Array;
  readonly pick: Pick;
}

interface Draft {
  path: string;
  leaf: number;
  readonly keys: Map<string, Draft>;
  element: Draft | undefined;
}

/** A path is made of keys with dots between; `[]` behind a key means each element of its array. */
export function buildPicks(paths: readonly string[]): Pick {
  const root = draft('');
  paths.forEach((path, leaf) => {
    let at = root;
    for (const step of path.split('.')) {
      const isArray = step.endsWith('[]');
      const key = isArray ? step.slice(0, -2) : step;
      const prefix = at.path === '' ? '' : `${at.path}.`;
      at = getOrAdd(at.keys, key, () => draft(prefix + key));
      if (isArray) at = at.element ??= draft(`${at.path}[]`);
    }
    at.leaf = leaf;
  });
  return finish(root);
}

/** For documents that may also stand in an array, which is how Gemini streams without events. */
export function orInArray(document: Pick): Pick {
  return { ...document, element: document };
}

/** The place below for a key, given as its bytes, which begin at `start`. */
export function pickKey(pick: Pick, text: Uint8Array, start: number, length: number): Pick | undefined {
  const candidates = pick.keys?.[length];
  if (candidates === undefined) return undefined;
  for (const { bytes, pick: found } of candidates) {
    let at = 0;
    while (at < length && bytes[at] === text[start + at]) at++;
    if (at === length) return found;
  }
  return undefined;
}

function draft(path: string): Draft {
  return { path, leaf: -1, keys: new Map(), element: undefined };
}

function getOrAdd(keys: Map<string, Draft>, key: string, make: () => Draft): Draft {
  const found = keys.get(key) ?? make();
  keys.set(key, found);
  return found;
}

function finish({ path, leaf, keys, element }: Draft): Pick {
  const byLength: PickKey[][] = [];
  const leaves: number[] = [];
  const below = (pick: Pick): Pick => {
    if (pick.leaf >= 0) leaves.push(pick.leaf);
    leaves.push(...pick.leaves);
    return pick;
  };
  for (const [key, inner] of keys) {
    const bytes = new TextEncoder().encode(key);
    (byLength[bytes.length] ??= []).push({ bytes, pick: below(finish(inner)) });
  }
  const finished = element && below(finish(element));
  return { path, leaf, leaves, keys: keys.size > 0 ? byLength : undefined, element: finished };
}
