/** What a destination's metrics lane is given: the readings of its sources, each one at a time. */
import type { CustomReading, MetricReading, TakenReading } from '../model/delivery.js';
import type { Lane } from './lane.js';

/** One source, and what is not settled of its last reading. */
class Source {
  readonly reading: MetricReading;
  #openParts = 0;
  #isTaking = false;
  #isClosed = false;

  constructor(reading: MetricReading) {
    this.reading = reading;
  }

  get isWaiting(): boolean {
    return this.#isTaking || this.#openParts > 0;
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

  close(): void {
    this.#isClosed = true;
    this.reading.close();
  }

  #watch(part: TakenReading): TakenReading {
    this.#openParts++;
    return {
      ...part,
      settle: (result) => {
        this.#openParts--;
        part.settle(result);
      },
    };
  }
}

export interface ReadingsOptions {
  readonly readings: readonly MetricReading[];
  /** Taken by itself, when the instruments have been read. */
  readonly custom?: CustomReading | undefined;
  readonly temporality: 'cumulative' | 'delta';
  readonly lane: Lane;
  epochMs(): number;
}

export class Readings {
  readonly #isCumulative: boolean;
  readonly #lane: Lane;
  readonly #epochMs: () => number;
  #sources: readonly Source[];
  #custom: Source | undefined;
  #isBehind = false;
  #isCustomBehind = false;

  constructor({ readings, custom, temporality, lane, epochMs }: ReadingsOptions) {
    this.#lane = lane;
    this.#epochMs = epochMs;
    this.#sources = readings.map((reading) => new Source(reading));
    this.#custom = custom && new Source(custom);
    this.#isCumulative = temporality === 'cumulative';
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
   * A last time before they go. A cumulative one tells everything again, so one that waits is no hindrance; a delta
   * that waits is: what has come since is told by nobody, and its next reading would tell the waiting one twice.
   */
  takeLast(): void {
    const nowMs = this.#epochMs();
    for (const source of this.#sources) {
      if (source.isWaiting && !this.#isCumulative) continue;
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
    this.#custom?.close();
    this.#custom = undefined;
  }
}
