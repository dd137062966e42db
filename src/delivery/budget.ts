/**
 * The bytes that all tenants together may have waiting and in flight. Over it, the tenant that holds most loses its oldest
 * first: who stays under an equal share never pays for others. The operator is not part of it, so its queues are reserved.
 */

import type { DropReason } from '../model/ledger.js';

/** Something of a tenant's that can give up what has waited longest in it. */
export interface Evictable {
  /** Monotonic time of the oldest that could go; `undefined`: nothing could. */
  readonly oldestMs: number | undefined;
  /** Drops that, under this reason in the account. */
  evictOldest(reason: DropReason): void;
}

const NOBODY: readonly Evictable[] = [];

/** What one tenant holds. */
export class Share {
  bytes = 0;
  /** Power of two of `bytes`, by which the largest are found; -1: none. */
  size = -1;
  /** A tenant has three as a rule; a set of them would take four times as much. */
  #members: readonly Evictable[] = NOBODY;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  join(member: Evictable): void {
    this.#members = this.#members.concat(member);
  }

  leave(member: Evictable): void {
    this.#members = this.#members.filter((other) => other !== member);
  }

  /** Called by members whenever their bytes, or what of them can go, change. May evict, of this share or another. */
  change(bytes: number): void {
    this.#budget.change(this, bytes);
  }

  /** The oldest of all members goes. `false`: all that is left is in flight. */
  evictOldest(reason: DropReason): boolean {
    let oldest: Evictable | undefined;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      if (member.oldestMs === undefined || member.oldestMs >= oldestMs) continue;
      oldest = member;
      oldestMs = member.oldestMs;
    }
    oldest?.evictOldest(reason);
    return oldest !== undefined;
  }
}

/** Bytes fit into 2^48; each size has the shares of at least that and less than twice that. */
const SIZES = 48;

export class Budget {
  readonly maxBytes: number;
  #limit: number;
  /** Why what is over the limit goes. */
  #reason: DropReason = 'budget_full';
  #bytes = 0;
  readonly #bySize: readonly Set<Share>[] = Array.from({ length: SIZES }, () => new Set<Share>());

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#limit = maxBytes;
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
    // Also where nothing was added: what comes back from a failed attempt can go from then on.
    if (bytes >= 0 && this.#bytes > this.#limit) this.#evict();
  }

  /** A share of the bound, or all of it again; what is over it goes at once, and under that reason until it is all again. */
  limit(share: number, reason: DropReason): void {
    this.#limit = Math.floor(this.maxBytes * share);
    this.#reason = share < 1 ? reason : 'budget_full';
    if (this.#bytes > this.#limit) this.#evict();
  }

  /** One pass from the largest: a share that has shrunk is met again among the smaller ones. */
  #evict(): void {
    for (let size = SIZES - 1; size >= 0; size--) {
      for (const share of this.#bySize[size] ?? []) {
        while (share.size === size && share.evictOldest(this.#reason)) {
          if (this.#bytes <= this.#limit) return;
        }
      }
    }
  }
}
