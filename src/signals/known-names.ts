/**
 * Names that clients can invent, such as those of models and tools: they become dimensions only once something stands behind
 * them. Bound: so many names of 128 characters, one owner's half of them at most; about 200 KB with 1,000.
 */
import { cleanName } from '../model/clean-values.js';
import { FairRoom } from './series-room.js';

/** What stands for every name that is not known. */
export const OTHER = '_OTHER';

const MAX_LENGTH = 128;
/** A model that nobody has used for a day has probably gone. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

interface Learned {
  readonly owner: string;
  usedAtMs: number;
}

export class KnownNames {
  readonly #always: ReadonlySet<string>;
  readonly #learned = new Map<string, Learned>();
  readonly #room: FairRoom;

  /** `always`: known from the beginning, and beside the bound. */
  constructor(max: number, always: Iterable<string> = []) {
    this.#room = new FairRoom(max);
    this.#always = new Set(always);
  }

  /** For tests of the bound. */
  get size(): number {
    return this.#learned.size;
  }

  /**
   * The name as a dimension shows it: `_OTHER` while it is not known. `isTrue`: whoever should know it has just used it.
   * `undefined` where there is none.
   */
  shown(name: string | undefined, isTrue: boolean, owner: string, nowMs: number): string | undefined {
    const clean = cleanName(name, MAX_LENGTH);
    if (clean === undefined) return undefined;
    if (this.#always.has(clean)) return clean;
    const known = this.#learned.get(clean);
    if (known !== undefined) {
      if (isTrue) known.usedAtMs = nowMs;
      return clean;
    }
    if (!isTrue || !this.#room.take(owner)) return OTHER;
    this.#learned.set(clean, { owner, usedAtMs: nowMs });
    return clean;
  }

  forgetUnused(nowMs: number): void {
    for (const [name, { owner, usedAtMs }] of this.#learned) {
      if (nowMs - usedAtMs < FORGET_AFTER_MS) continue;
      this.#learned.delete(name);
      this.#room.giveBack(owner);
    }
  }
}
