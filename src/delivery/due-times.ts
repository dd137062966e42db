/** Lanes by the tick with which they want to be looked at. As many as have something to send, each once. */
import type { Lane } from './lane.js';

export class DueTimes {
  readonly #tickMs: number;
  readonly #tickOf = new Map<Lane, number>();
  /** At most one a tick until the furthest time that is asked for. */
  readonly #ticks = new Map<number, Set<Lane>>();

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#tickOf.size;
  }

  /** Then, unless it is to be earlier already. */
  add(lane: Lane, atMs: number): void {
    const known = this.#tickOf.get(lane);
    if (known === undefined || this.#tickAfter(atMs) < known) this.set(lane, atMs);
  }

  /** Then, whatever was said before. */
  set(lane: Lane, atMs: number): void {
    const tick = this.#tickAfter(atMs);
    if (this.#tickOf.get(lane) === tick) return;
    this.delete(lane);
    this.#tickOf.set(lane, tick);
    const lanes = this.#ticks.get(tick);
    if (lanes === undefined) this.#ticks.set(tick, new Set([lane]));
    else lanes.add(lane);
  }

  #tickAfter(atMs: number): number {
    return Math.ceil(atMs / this.#tickMs);
  }

  delete(lane: Lane): void {
    const tick = this.#tickOf.get(lane);
    if (tick === undefined) return;
    this.#tickOf.delete(lane);
    const lanes = this.#ticks.get(tick);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#ticks.delete(tick);
  }

  /** Whose time has come. They stay, until they say when they want to be looked at next. */
  due(nowMs: number): readonly Lane[] {
    const now = nowMs / this.#tickMs;
    const due: Lane[] = [];
    for (const [tick, lanes] of this.#ticks) if (tick <= now) for (const lane of lanes) due.push(lane);
    return due;
  }

  clear(): void {
    this.#tickOf.clear();
    this.#ticks.clear();
  }
}
