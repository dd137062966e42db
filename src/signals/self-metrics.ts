/** `otel.sdk.*`: the health of the export itself, for the operator who asks for it. */
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { hrTimeOf } from '../model/hr-time.js';
import { CUMULATIVE } from '../model/metric-record.js';
import type { SelfCounts } from '../model/self-counts.js';
import { SIGNALS } from '../model/signal.js';
import { integerSum, takenMetrics } from './integer-sums.js';
import { exporterSums, handedOverIn, processorSums, type SelfSum } from './self-sums.js';

export interface SelfSource {
  readonly scope: Scope;
  readonly encoders: Encoders;
}

/** Cumulative since `startMs` for every destination: half of the metrics are levels, which have no other form. */
export function createSelfReading(
  source: SelfSource,
  counts: () => readonly SelfCounts[],
  startMs: number,
): MetricReading {
  return new SelfReading(source, counts, startMs);
}

class SelfReading implements MetricReading {
  readonly #source: SelfSource;
  #counts: () => readonly SelfCounts[];
  #startMs: number;
  /** How many items each exporter was given, as last told: one entry for each component and signal. */
  #handedOver: ReadonlyMap<string, number> = new Map();

  constructor(source: SelfSource, counts: () => readonly SelfCounts[], startMs: number) {
    this.#source = source;
    this.#counts = counts;
    this.#startMs = startMs;
  }

  /** Always, as with any periodic reader: levels are told also when they stay, and each export changes the counts. */
  hasNews(): boolean {
    return this.#counts().length > 0;
  }

  take(nowMs: number): readonly TakenReading[] {
    const counts = this.#counts();
    if (counts.length === 0) return [];
    // After a step back of the clock: once, and then it stays, or every reading would look like a reset.
    this.#startMs = Math.min(this.#startMs, nowMs);
    const times = { startTime: hrTimeOf(this.#startMs), endTime: hrTimeOf(nowMs) };
    const metrics = this.#sumsOf(counts).map(({ head, values }) =>
      integerSum(
        head,
        CUMULATIVE,
        values.map((value) => ({ ...times, ...value })),
      ),
    );
    // Each reading tells everything, so there is nothing to remember of how one ended.
    return [takenMetrics(this.#source, metrics, () => undefined)];
  }

  #sumsOf(counts: readonly SelfCounts[]): readonly SelfSum[] {
    const handedOver = new Map<string, number>();
    const handOver = (one: SelfCounts): number => {
      const key = `${one.signal}/${one.componentName}`;
      // What waits for its next attempt may be lost to a full queue after all, and a counter must not go back.
      const total = Math.max(this.#handedOver.get(key) ?? 0, handedOverIn(one));
      handedOver.set(key, total);
      return total;
    };
    const sums = SIGNALS.flatMap((signal) => {
      const own = counts.filter((one) => one.signal === signal);
      return own.length === 0 ? [] : [...exporterSums(signal, own), ...processorSums(signal, own, handOver)];
    });
    this.#handedOver = handedOver;
    return sums;
  }

  close(): void {
    this.#counts = () => [];
    this.#handedOver = new Map();
  }
}
