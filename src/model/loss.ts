/** What a destination's own export tells about what never got there. */
import type { DropReason } from './ledger.js';
import type { Signal } from './signal.js';

/** How many items of one signal were lost for one reason so far. Never goes down. */
export interface Loss {
  readonly signal: Signal;
  /** The ledger's reasons; `rejected`: taken off by the destination itself. */
  readonly reason: DropReason | 'rejected';
  readonly items: number;
}
