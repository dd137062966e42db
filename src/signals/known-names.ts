/**
 * Names that clients can invent, such as those of models and tools: they become dimensions only once something stands behind
 * them. Bound: the room they are given; each is 128 characters at most, so 1,000 take about 200 KB.
 */
import { cleanName } from '../model/clean-values.js';
import { redactText } from '../model/redact-text.js';
import type { Room } from './rooms.js';

/** What stands for every name that is not known. */
export const OTHER = '_OTHER';

const MAX_LENGTH = 128;
/** A model that nobody has used for a day has probably gone. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

interface Learned {
  readonly owner: string;
  usedAtMs: number;
}

export const NO_NAMES: ReadonlySet<string> = new Set();

export class KnownNames {
  readonly #always: ReadonlySet<string>;
  readonly #room: Room;
  /** Made with the first: each tenant with calls has several of these. */
  #learned: Map<string, Learned> | undefined;

  /** `always`: known from the beginning, and beside the bound. */
  constructor(room: Room, always = NO_NAMES) {
    this.#room = room;
    this.#always = always;
  }

  /**
   * The name as a dimension shows it: `_OTHER` while it is not known. `isTrue`: whoever should know it has just used it.
   * `undefined` where there is none.
   */
  shown(name: string | undefined, isTrue: boolean, owner: string, nowMs: number): string | undefined {
    const clean = cleanName(name, MAX_LENGTH);
    if (clean === undefined) return undefined;
    if (this.#always.has(clean)) return clean;
    const known = this.#learned?.get(clean);
    if (known !== undefined) {
      if (isTrue) known.usedAtMs = nowMs;
      return clean;
    }
    // What looks like a secret never becomes known: metrics would tell it for hours.
    if (!isTrue || redactText(clean) !== clean || !this.#room.take(owner)) return OTHER;
    this.#learned ??= new Map();
    this.#learned.set(clean, { owner, usedAtMs: nowMs });
    return clean;
  }

  forgetUnused(nowMs: number): void {
    for (const [name, { owner, usedAtMs }] of this.#learned ?? []) {
      if (nowMs - usedAtMs < FORGET_AFTER_MS) continue;
      this.#learned?.delete(name);
      this.#room.giveBack(owner);
    }
  }
}
