/** One metric, a counter or a histogram: its series by key, as far as there is room for them, with an overflow series. */
import type { MutableAttributes } from '../model/attributes.js';
import { ATTR_METRIC_OVERFLOW } from '../model/names.js';
import { Accumulation } from './accumulation.js';
import type { Measured } from './measured.js';
import type { Room } from './rooms.js';

/** What a metric is. */
export interface InstrumentHead {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  /** `counter` counts in whole numbers, `sum` adds up amounts; both only grow. */
  readonly kind: 'counter' | 'sum' | 'histogram';
  /** Upper bounds of a histogram's buckets. */
  readonly boundaries: readonly number[];
  /** Its values lead to traces. */
  readonly hasExemplars: boolean;
}

export class InstrumentSeries extends Accumulation {
  readonly instrument: Instrument;
  readonly key: string;
  readonly attributes: MutableAttributes;
  /** Whose room it takes. */
  readonly owner: string;

  constructor(
    instrument: Instrument,
    { key, attributes, owner }: Pick<InstrumentSeries, 'key' | 'attributes' | 'owner'>,
    startMs: number,
  ) {
    super(startMs, instrument.head.boundaries.length + 1);
    this.instrument = instrument;
    this.key = key;
    this.attributes = attributes;
    this.owner = owner;
  }
}

/** The table that an instrument stands in. */
export interface InstrumentHome {
  /** One more change. */
  nextVersion(): number;
  /** Where a new series may begin at the earliest. */
  readonly lastForgottenMs: number;
  onValue(series: InstrumentSeries, bucket: number, value: number, measured: Measured): void;
}

export class Instrument {
  readonly head: InstrumentHead;
  readonly #home: InstrumentHome;
  readonly #room: Room;
  readonly #series = new Map<string, InstrumentSeries>();
  #overflow: InstrumentSeries | undefined;

  constructor(head: InstrumentHead, home: InstrumentHome, room: Room) {
    this.head = head;
    this.#home = home;
    this.#room = room;
  }

  /** `attributesOf` is asked for a new series only. */
  record<Facts>(
    key: string,
    facts: Facts,
    attributesOf: (facts: Facts) => MutableAttributes,
    value: number,
    measured: Measured,
  ): void {
    const series = this.#series.get(key) ?? this.#open(key, facts, attributesOf, measured);
    const bucket = series.add(value, this.head.boundaries, this.#home.nextVersion(), measured.endMs);
    if (this.head.hasExemplars) this.#home.onValue(series, bucket, value, measured);
  }

  #open<Facts>(
    key: string,
    facts: Facts,
    attributesOf: (facts: Facts) => MutableAttributes,
    { startMs, tenantId }: Measured,
  ): InstrumentSeries {
    const owner = tenantId ?? '';
    const bornMs = Math.max(startMs, this.#home.lastForgottenMs);
    if (!this.#room.take(owner)) {
      const attributes = { [ATTR_METRIC_OVERFLOW]: true };
      return (this.#overflow ??= new InstrumentSeries(this, { key, attributes, owner }, bornMs));
    }
    const series = new InstrumentSeries(this, { key, attributes: attributesOf(facts), owner }, bornMs);
    this.#series.set(key, series);
    return series;
  }

  *all(): Iterable<InstrumentSeries> {
    yield* this.#series.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }

  /** Those that `isToGo` go; never the overflow series, which is one. */
  forget(isToGo: (series: InstrumentSeries) => boolean): readonly InstrumentSeries[] {
    const forgotten = [...this.#series.values()].filter(isToGo);
    for (const series of forgotten) {
      series.isForgotten = true;
      this.#series.delete(series.key);
      this.#room.giveBack(series.owner);
    }
    return forgotten;
  }
}
