/** The counter of losses in a destination's own export, so that its owner sees the gaps where they are. */
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { hrTimeOf } from '../model/hr-time.js';
import type { Loss } from '../model/loss.js';
import { CUMULATIVE, DELTA, type DataPoint } from '../model/metric-record.js';
import type { Names } from '../model/names.js';
import { integerSum, takenMetrics } from './integer-sums.js';

export interface LossSource {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
}

/**
 * `losses` answers what was lost since `startMs`; where it names a signal and reason twice, both count. There are at most
 * as many series as signals times reasons.
 */
export function createLossReading(
  source: LossSource,
  temporality: 'cumulative' | 'delta',
  losses: () => Iterable<Loss>,
  startMs: number,
): MetricReading {
  return new LossReading(source, temporality, losses, startMs);
}

const NOTHING: ReadonlyMap<string, Loss> = new Map();

class LossReading implements MetricReading {
  readonly #source: LossSource;
  readonly #isDelta: boolean;
  #losses: () => Iterable<Loss>;
  /** Cumulative: as given. Delta: the end of the last accepted interval. */
  #startMs: number;
  /** What the destination has been told. */
  #told = NOTHING;
  #toldItems = 0;

  constructor(
    source: LossSource,
    temporality: 'cumulative' | 'delta',
    losses: () => Iterable<Loss>,
    startMs: number,
  ) {
    this.#source = source;
    this.#isDelta = temporality === 'delta';
    this.#losses = losses;
    this.#startMs = startMs;
  }

  /**
   * No count goes down, so a change of any shows in their sum. Lost data points alone are no news: where metrics do not get
   * through, telling so would not either, and would be lost in its turn, for ever.
   */
  hasNews(): boolean {
    return itemsOf(this.#losses()) !== this.#toldItems;
  }

  take(nowMs: number): readonly TakenReading[] {
    // After a step back of the clock: once, and then it stays, or every reading would look like a reset.
    this.#startMs = Math.min(this.#startMs, nowMs);
    const totals = totalsOf(this.#losses());
    const dataPoints = this.#pointsOf(totals, nowMs);
    if (dataPoints.length === 0) return [];
    const head = {
      name: this.#source.names.lostCounter,
      description: 'Spans, log records and data points that did not reach this destination',
      unit: '{item}',
      isMonotonic: true,
    };
    const metric = integerSum(head, this.#isDelta ? DELTA : CUMULATIVE, dataPoints);
    return [
      takenMetrics(this.#source, [metric], (result) => {
        if (result === 'lost') return;
        this.#told = totals;
        this.#toldItems = itemsOf(totals.values());
        if (this.#isDelta) this.#startMs = nowMs;
      }),
    ];
  }

  #pointsOf(totals: ReadonlyMap<string, Loss>, nowMs: number): readonly DataPoint<number>[] {
    const startTime = hrTimeOf(this.#startMs);
    const endTime = hrTimeOf(nowMs);
    const points: DataPoint<number>[] = [];
    for (const [key, { signal, reason, items }] of totals) {
      const value = this.#isDelta ? items - (this.#told.get(key)?.items ?? 0) : items;
      if (value > 0) points.push({ startTime, endTime, attributes: { signal, reason }, value });
    }
    return points;
  }

  close(): void {
    this.#losses = () => [];
    this.#told = NOTHING;
    this.#toldItems = 0;
  }
}

function itemsOf(losses: Iterable<Loss>): number {
  let items = 0;
  for (const loss of losses) if (loss.signal !== 'metrics') items += loss.items;
  return items;
}

/** One entry for each signal and reason. */
function totalsOf(losses: Iterable<Loss>): ReadonlyMap<string, Loss> {
  const totals = new Map<string, Loss>();
  for (const loss of losses) {
    const key = `${loss.signal}/${loss.reason}`;
    totals.set(key, { ...loss, items: loss.items + (totals.get(key)?.items ?? 0) });
  }
  return totals;
}
