/**
 * The bytes that all tenants together may have waiting and in flight. Over it, the tenant that holds most loses its oldest
 * first: who stays under an equal share never pays for others. The operator is not part of it, so its queues are reserved.
 */

/** Something of a tenant's that can give up what has waited longest in it. */
export interface Evictable {
  /** Monotonic time of the oldest that could go; `undefined`: nothing could. */
  readonly oldestMs: number | undefined;
  /** Drops that, under its name in the account. */
  evictOldest(): void;
}

/** What one tenant holds. */
export class Share {
  bytes = 0;
  /** Power of two of `bytes`, by which the largest are found; -1: none. */
  size = -1;
  readonly members = new Set<Evictable>();
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Called by members whenever their bytes change. Growing may evict, of this share or another. */
  change(bytes: number): void {
    this.#budget.change(this, bytes);
  }

  /** The oldest of all members goes. `false`: all that is left is in flight. */
  evictOldest(): boolean {
    let oldest: Evictable | undefined;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const member of this.members) {
      if (member.oldestMs === undefined || member.oldestMs >= oldestMs) continue;
      oldest = member;
      oldestMs = member.oldestMs;
    }
    oldest?.evictOldest();
    return oldest !== undefined;
  }
}

/** Bytes fit into 2^48; each size has the shares of at least that and less than twice that. */
const SIZES = 48;

export class Budget {
  readonly maxBytes: number;
  #bytes = 0;
  readonly #bySize: readonly Set<Share>[] = Array.from({ length: SIZES }, () => new Set<Share>());

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  change(share: Share, bytes: number): void {
    share.bytes += bytes;
    this.#bytes += bytes;
    const size = share.bytes > 0 ? Math.min(SIZES - 1, Math.floor(Math.log2(share.bytes))) : -1;
    if (size !== share.size) {
      this.#bySize[share.size]?.delete(share);
      this.#bySize[size]?.add(share);
      share.size = size;
    }
    if (bytes > 0 && this.#bytes > this.maxBytes) this.#evict();
  }

  /** One pass from the largest: a share that has shrunk is met again among the smaller ones. */
  #evict(): void {
    for (let size = SIZES - 1; size >= 0; size--) {
      for (const share of this.#bySize[size] ?? []) {
        while (share.size === size && share.evictOldest()) {
          if (this.#bytes <= this.maxBytes) return;
        }
      }
    }
  }
}
