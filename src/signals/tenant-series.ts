/** The series of one tenant, of one label of the operator's, or of the requests without either. */
import { keyOf, type Series } from './series.js';
import type { SeriesFacts } from './series-facts.js';

/** Up to so many are compared one by one: quicker than to make a key and look it up, and half the memory. */
const FEW = 8;

const NONE: readonly Series[] = [];

export class TenantSeries {
  readonly id: string;
  overflow: Series | undefined;
  version = 0;
  /** Open readings of the tenant's destinations. */
  readers = 0;
  #series: readonly Series[] | Series[] = NONE;
  /** All of them, where there are more than a few. */
  #byKey: Map<string, Series> | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** Without the overflow series. */
  get series(): readonly Series[] {
    return this.#series;
  }

  *all(): Iterable<Series> {
    for (const series of this.#series) if (!series.isForgotten) yield series;
    if (this.overflow !== undefined) yield this.overflow;
  }

  find(facts: SeriesFacts): Series | undefined {
    if (this.#byKey !== undefined) return this.#byKey.get(keyOf(facts));
    for (const series of this.#series) if (series.isOf(facts)) return series;
    return undefined;
  }

  add(series: Series): void {
    // One alone needs no room for more, and most tenants have one or two.
    if (this.#series.length < 2) this.#series = this.#series.concat(series);
    else (this.#series as Series[]).push(series);
    if (this.#byKey !== undefined) this.#byKey.set(series.key, series);
    else if (this.#series.length > FEW) this.#byKey = new Map(this.#series.map((one) => [one.key, one]));
  }

  /** Those that `isToGo` go. A list of its own stays with whoever is reading the former one. */
  forget(isToGo: (series: Series) => boolean): readonly Series[] {
    const forgotten = this.#series.filter(isToGo);
    if (forgotten.length === 0) return NONE;
    for (const series of forgotten) {
      series.isForgotten = true;
      this.#byKey?.delete(series.key);
    }
    this.#series = this.#series.filter((series) => !series.isForgotten);
    if (this.#series.length <= FEW) this.#byKey = undefined;
    return forgotten;
  }
}
