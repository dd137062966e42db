/**
 * Which source map belongs to which file of a stack: bundlers' plugins of Sentry leave an id for each file, under the text of a
 * stack that was taken in it.
 */
import type { SentryException } from './exception-values.js';
import { frameText } from './exception-values.js';
import type { StackParser } from './sdk.js';

/** A file of the stack, and the id of its source map. */
export interface SentryImage {
  type: 'sourcemap';
  code_file: string;
  debug_id: string;
}

/** Sentry's own, and the one that is being standardised. */
const GLOBALS = ['_sentryDebugIds', '_debugIds'];
const DEBUG_ID = /^[0-9a-f-]{32,36}$/i;
/** A program has one for each of its bundles. */
const MAX_IDS = 2_000;

type Ids = Readonly<Record<string, unknown>>;

export class DebugIds {
  /** By the file's name as events have it. */
  #files: ReadonlyMap<string, string> = new Map();
  #count = 0;

  /** Empty where no bundler has left any. */
  imagesOf(values: readonly SentryException[], parse: StackParser): SentryImage[] {
    const known = this.#known(parse);
    if (known.size === 0) return [];
    const images = new Map<string, SentryImage>();
    for (const { stacktrace } of values) {
      for (const { filename } of stacktrace?.frames ?? []) {
        const id = filename === undefined ? undefined : known.get(filename);
        if (filename !== undefined && id !== undefined)
          images.set(filename, { type: 'sourcemap', code_file: filename, debug_id: id });
      }
    }
    return [...images.values()];
  }

  /** Read again when files have been loaded since. */
  #known(parse: StackParser): ReadonlyMap<string, string> {
    const ids = GLOBALS.map((name) => ((globalThis as Ids)[name] ?? {}) as Ids);
    const count = ids.reduce((sum, map) => sum + Object.keys(map).length, 0);
    if (count === this.#count) return this.#files;
    this.#count = count;
    const files = new Map<string, string>();
    for (const [stack, id] of ids.flatMap((map) => Object.entries(map)).slice(0, MAX_IDS)) {
      const file = fileOf(stack, parse);
      if (file !== undefined && typeof id === 'string' && DEBUG_ID.test(id)) files.set(frameText(file), id);
    }
    return (this.#files = files);
  }
}

/** Where the stack was taken. */
function fileOf(stack: string, parse: StackParser): string | undefined {
  try {
    return parse(stack).findLast(({ filename }) => filename !== undefined)?.filename;
  } catch {
    // A parser of the host's.
    return undefined;
  }
}
