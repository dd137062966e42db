/** Lanes of former places of the operator's, which may still send what they hold for a while. */
import type { DropReason } from '../model/ledger.js';
import { DRAIN_MS, MAX_DRAINING } from './bounds.js';
import type { Lane } from './lane.js';
import type { Scheduler } from './scheduler.js';

const NONE: readonly Lane[] = [];

export interface DrainingHome {
  readonly scheduler: Scheduler;
  /** It has sent what it held, or its time is over. */
  onDrained(lane: Lane, reason: DropReason): void;
}

export class DrainingLanes {
  readonly #home: DrainingHome;
  /** At most `MAX_DRAINING`; the oldest makes room. */
  #lanes = NONE;

  constructor(home: DrainingHome) {
    this.#home = home;
  }

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  add(lane: Lane, reason: DropReason): void {
    // The former place's troubles are not the new one's.
    lane.leaveHealth();
    for (const oldest of this.#lanes) {
      if (this.#lanes.length < MAX_DRAINING) break;
      this.#end(oldest, reason);
    }
    this.#lanes = this.#lanes.concat(lane);
    const done = (): void => {
      clearTimeout(deadline);
      this.#end(lane, reason);
    };
    const deadline = this.#home.scheduler.outside(() => setTimeout(done, DRAIN_MS)).unref();
    void lane.flush().then(() => {
      if (lane.isEmpty) done();
    });
  }

  /** They are somebody else's to close. */
  forget(): void {
    this.#lanes = NONE;
  }

  #end(lane: Lane, reason: DropReason): void {
    if (!this.#lanes.includes(lane)) return;
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    this.#home.onDrained(lane, reason);
  }
}
