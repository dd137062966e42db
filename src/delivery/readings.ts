/** What a destination's metrics lane is given: the readings of its sources, each one at a time. */
import type { MetricReading, TakenReading } from '../model/delivery.js';
import type { Lane } from './lane.js';

const NO_PARTS: readonly TakenReading[] = [];

/** One source, and what is not settled of its last reading. */
class Source {
  readonly reading: MetricReading;
  #open = NO_PARTS;
  #isTaking = false;
  #isClosed = false;

  constructor(reading: MetricReading) {
    this.reading = reading;
  }

  get isWaiting(): boolean {
    return this.#isTaking || this.#open.length > 0;
  }

  /** A step for each part. Given up in the middle, as when its destination goes, what was not taken is not told. */
  *take(lane: Lane, nowMs: number): Generator<void> {
    if (!this.reading.hasNews()) return;
    this.#isTaking = true;
    try {
      for (const part of this.reading.take(nowMs)) {
        lane.addReading(this.#watch(part));
        yield;
        // It knows no more what it has told: the rest would tell everything again.
        if (this.#isClosed) return;
      }
    } finally {
      this.#isTaking = false;
    }
  }

  /** In one turn. */
  takeAll(lane: Lane, nowMs: number): void {
    const steps = this.take(lane, nowMs);
    while (steps.next().done !== true);
  }

  /**
   * What is under way counts as told, whatever becomes of it: it stays with the place that it is on its way to, where a loss
   * is counted by name, and the next take has what has come since.
   */
  leaveUnderWay(): void {
    const left = this.#open;
    this.#open = NO_PARTS;
    for (const part of left) part.settle('accepted');
  }

  close(): void {
    this.#isClosed = true;
    this.reading.close();
  }

  #watch(part: TakenReading): TakenReading {
    this.#open = this.#open.concat(part);
    return {
      ...part,
      settle: (result) => {
        if (!this.#open.includes(part)) return;
        this.#open = this.#open.filter((other) => other !== part);
        part.settle(result);
      },
    };
  }
}

export interface ReadingsOptions {
  readonly readings: readonly MetricReading[];
  /** Taken by itself, when the instruments have been read. */
  readonly custom?: MetricReading | undefined;
  readonly lane: Lane;
  epochMs(): number;
}

export class Readings {
  readonly #lane: Lane;
  readonly #epochMs: () => number;
  #sources: readonly Source[];
  #custom: Source | undefined;
  #isBehind = false;
  #isCustomBehind = false;

  constructor({ readings, custom, lane, epochMs }: ReadingsOptions) {
    this.#lane = lane;
    this.#epochMs = epochMs;
    this.#sources = readings.map((reading) => new Source(reading));
    this.#custom = custom && new Source(custom);
  }

  /** Something was to be taken when its last reading was under way: when that is settled, there may be more to tell. */
  get isBehind(): boolean {
    return this.#isBehind || this.#isCustomBehind;
  }

  /** Takes what has news and is not under way, a step at a time. `rest`: custom instruments too, if they were passed by. */
  *take(what?: 'rest'): Generator<void> {
    const nowMs = this.#epochMs();
    if (what === 'rest' && this.#isCustomBehind) this.takeCustom();
    this.#isBehind = this.#sources.some((source) => source.isWaiting);
    for (const source of this.#sources) if (!source.isWaiting) yield* source.take(this.#lane, nowMs);
  }

  /**
   * A last time before they go. What waits goes where it was to go; with what has come since, its place has everything up to
   * now.
   */
  takeLast(): void {
    const nowMs = this.#epochMs();
    for (const source of this.#sources) {
      source.leaveUnderWay();
      source.takeAll(this.#lane, nowMs);
    }
  }

  /** What the instruments had when they were last read. */
  takeCustom(): void {
    this.#isCustomBehind = this.#custom?.isWaiting === true;
    if (!this.#isCustomBehind) this.#custom?.takeAll(this.#lane, this.#epochMs());
  }

  close(): void {
    for (const source of this.#sources) source.close();
    this.#sources = [];
    // It goes on at the next place, if there is one.
    this.#custom?.leaveUnderWay();
    this.#custom = undefined;
  }
}
