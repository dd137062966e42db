/** Custom instruments as one destination sees them. */
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import type { MetricRecord } from '../model/metric-record.js';
import { differenceOf, hasDeltas, type ToldPoints } from './metric-difference.js';

/** The cumulative state of one scope's instruments. */
export interface CollectedScope {
  readonly scope: { readonly name: string; readonly version: string };
  readonly metrics: readonly MetricRecord[];
}

/** What all readings have in common. */
export interface CustomReadingSource {
  readonly encoders: Encoders;
  /** The last time that the instruments were read. */
  latest(): readonly CollectedScope[];
  scopeOf(name: string, version: string): Scope;
}

export function createCustomReading(
  source: CustomReadingSource,
  temporality: 'cumulative' | 'delta',
): MetricReading {
  return temporality === 'delta' ? new DeltaReading(source) : new CumulativeReading(source);
}

function takenScope(
  { encoders, scopeOf }: CustomReadingSource,
  { scope, metrics }: CollectedScope,
  settle: TakenReading['settle'],
): TakenReading {
  return {
    scope: scopeOf(scope.name, scope.version),
    points: metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
    bytes: encoders.metrics(metrics),
    readable: () => ({ scope, metrics }),
    settle,
  };
}

/** Each reading tells everything, so there is nothing to remember of how one ended. */
class CumulativeReading implements MetricReading {
  readonly #source: CustomReadingSource;

  constructor(source: CustomReadingSource) {
    this.#source = source;
  }

  hasNews(): boolean {
    return this.#source.latest().length > 0;
  }

  *take(): Generator<TakenReading> {
    for (const collected of this.#source.latest()) {
      yield takenScope(this.#source, collected, () => undefined);
    }
  }

  close(): void {
    // Nothing to let go of.
  }
}

/** By metric. */
type Told = Map<string, ToldPoints>;

/**
 * Takes the difference to what was told of each series. That holds one point for each series that the SDK reports, and
 * begins with the instruments' last reading: what is older, other destinations were told.
 */
class DeltaReading implements MetricReading {
  readonly #source: CustomReadingSource;
  readonly #told: Told = new Map();

  constructor(source: CustomReadingSource) {
    this.#source = source;
    for (const collected of source.latest())
      for (const metric of collected.metrics)
        if (hasDeltas(metric)) this.#told.set(keyOf(collected, metric), metric.dataPoints);
  }

  hasNews(): boolean {
    return this.#source.latest().length > 0;
  }

  *take(): Generator<TakenReading> {
    for (const collected of this.#source.latest()) {
      const told: Told = new Map();
      const metrics = this.#newsIn(collected, told);
      if (metrics.length === 0) continue;
      yield takenScope(this.#source, { scope: collected.scope, metrics }, (result) => {
        // Of a part that was taken in part, nothing is told twice: better a named loss than a wrong count.
        if (result !== 'lost') for (const [key, points] of told) this.#told.set(key, points);
      });
    }
  }

  #newsIn(collected: CollectedScope, told: Told): readonly MetricRecord[] {
    return collected.metrics.flatMap((metric) => {
      if (!hasDeltas(metric)) return [metric];
      const key = keyOf(collected, metric);
      const difference = differenceOf(metric, this.#told.get(key) ?? []);
      if (difference === undefined) return [];
      told.set(key, difference.told);
      return [difference.metric];
    });
  }

  close(): void {
    this.#told.clear();
  }
}

/** What the SDK keeps a metric of its own for. A description may become longer later. */
function keyOf({ scope }: CollectedScope, { descriptor, dataPointType }: MetricRecord): string {
  const { name, unit, valueType } = descriptor;
  const { type } = descriptor as { readonly type?: string };
  return JSON.stringify([scope.name, scope.version, name, unit, valueType, dataPointType, type]);
}
