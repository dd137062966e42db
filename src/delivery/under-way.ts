/**
 * Tenants' requests under way. A destination that has always been quick may hang from now on, and its owner chooses for how
 * long: two tenants with sixteen destinations each would hold every place. Nobody is ended while there are places enough.
 */
import { LONGEST_HELD_MS, MAX_SLOW_TENANT_REQUESTS, SLOW_AFTER_MS } from './bounds.js';
import type { Places, Standing } from './places.js';

/** A place. */
export interface Taken {
  readonly places: Places;
  readonly as: Standing;
  /** It needed one when it took its place. */
  readonly neededHandshake: boolean;
}

/** A request, and the places that it holds. */
export interface Entry {
  readonly ofTenant: Taken | undefined;
  readonly atOrigin: Taken | undefined;
  readonly ofAll: Taken;
  readonly sinceMs: number;
  /** Ends the request, which is to fail then. Told once at most. */
  onOverdue: () => void;
}

export class UnderWay {
  readonly #monotonicMs: () => number;
  /** The oldest first. As many as there are places. */
  readonly #entries = new Set<Entry>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  begin(ofTenant: Taken | undefined, atOrigin: Taken | undefined, ofAll: Taken): Entry {
    const entry = { ofTenant, atOrigin, ofAll, sinceMs: this.#monotonicMs(), onOverdue: () => undefined };
    this.#entries.add(entry);
    return entry;
  }

  end(entry: Entry): void {
    this.#entries.delete(entry);
  }

  /** Somebody waits for a place. */
  endOverdue(places: Places): void {
    const nowMs = this.#monotonicMs();
    const overdue: Entry[] = [];
    for (const entry of this.#entries) {
      const heldMs = nowMs - entry.sinceMs;
      if (heldMs < SLOW_AFTER_MS) break;
      if (heldMs >= LONGEST_HELD_MS) this.#tell(entry);
      else if (entry.ofAll.as === 'quick') overdue.push(entry);
    }
    if (!places.isFull) return;
    // So many slow ones would have been let in.
    for (const entry of overdue.slice(0, -MAX_SLOW_TENANT_REQUESTS)) this.#tell(entry);
  }

  #tell(entry: Entry): void {
    this.#entries.delete(entry);
    entry.onOverdue();
  }
}
