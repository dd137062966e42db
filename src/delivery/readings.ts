/** What a destination's metrics lane is given: the readings of its sources, each one at a time. */
import type { MetricReading, TakenReading } from '../model/delivery.js';
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

export class Readings {
  readonly #isCumulative: boolean;
  #sources: readonly Source[];
  #customOpen = 0;
  #isBehind = false;

  constructor(readings: readonly MetricReading[], temporality: 'cumulative' | 'delta') {
    this.#sources = readings.map((reading) => new Source(reading));
    this.#isCumulative = temporality === 'cumulative';
  }

  /** Something was to be taken when its last reading was under way: when that is settled, there may be more to tell. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Takes what has news and is not under way, a step at a time. */
  *take(lane: Lane, nowMs: number): Generator<void> {
    this.#isBehind = this.#sources.some((source) => source.isWaiting);
    for (const source of this.#sources) if (!source.isWaiting) yield* source.take(lane, nowMs);
  }

  /**
   * A last time before they go. A cumulative one tells everything again, so one that waits is no hindrance; a delta
   * that waits is: what has come since is told by nobody, and its next reading would tell the waiting one twice.
   */
  takeLast(lane: Lane, nowMs: number): void {
    for (const source of this.#sources) {
      if (source.isWaiting && !this.#isCumulative) continue;
      const steps = source.take(lane, nowMs);
      while (steps.next().done !== true);
    }
  }

  /** Custom instruments are cumulative, so a reading that waits is as good as the next one. */
  addCustom(lane: Lane, parts: readonly TakenReading[]): void {
    if (this.#customOpen > 0) return;
    for (const part of parts) {
      this.#customOpen++;
      lane.addReading({ ...part, settle: () => this.#customOpen-- });
    }
  }

  close(): void {
    for (const source of this.#sources) source.close();
    this.#sources = [];
  }
}
