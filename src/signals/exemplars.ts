/** Requests and calls that stand for many: a value of a duration histogram, with the trace that it comes from. For the operator alone. */
import { hrTimeOf } from '../model/hr-time.js';
import type { ExemplarFilter } from '../model/metric-choices.js';
import type { ExemplarData } from '../model/metric-record.js';
import type { Accumulation } from './accumulation.js';
import type { Measured } from './measured.js';

/** Of all series together: about 1 MB, and 250 KB in a reading. */
export const MAX_EXEMPLARS = 5_000;

const SAMPLED = 1;

/** One that is held, and replaced in place. */
export interface Exemplar {
  readonly bucket: number;
  value: number;
  atMs: number;
  traceId: string;
  spanId: string;
  /** As of which it was held: readings that have told that version do not tell it again. */
  version: number;
  interval: number;
  /** How many of its bucket and interval have had the chance. */
  offered: number;
}

export class Exemplars {
  readonly #filter: ExemplarFilter;
  #held = 0;
  #interval = 0;

  constructor(filter: ExemplarFilter) {
    this.#filter = filter;
  }

  /** Held at present, over all series; for tests of the bound. */
  get held(): number {
    return this.#held;
  }

  /** A reading begins: what comes next has the same chance as what came before it. */
  beginInterval(): void {
    this.#interval++;
  }

  /** Whether the trace can be looked up, as far as this gateway knows. */
  wants({ span, traceFlags, traceId, isKeptLate }: Measured): boolean {
    if (this.#filter === 'always_off' || traceId === '') return false;
    if (this.#filter === 'always_on' || span !== undefined || isKeptLate === true) return true;
    return (traceFlags & SAMPLED) === SAMPLED;
  }

  /** Each of a bucket's values within an interval is held with the same chance. */
  offer(series: Accumulation, bucket: number, value: number, measured: Measured): void {
    const interval = this.#interval;
    const held = heldIn(series, bucket);
    if (held === undefined) {
      this.#hold(series, bucket, value, measured);
      return;
    }
    held.offered = held.interval === interval ? held.offered + 1 : 1;
    held.interval = interval;
    if (held.offered > 1 && Math.random() * held.offered >= 1) return;
    held.value = value;
    held.atMs = measured.endMs;
    held.traceId = measured.traceId;
    held.spanId = measured.spanId;
    held.version = series.version;
  }

  #hold(series: Accumulation, bucket: number, value: number, measured: Measured): void {
    if (this.#held >= MAX_EXEMPLARS) return;
    this.#held++;
    const { endMs: atMs, traceId, spanId } = measured;
    const { version } = series;
    const exemplar = { bucket, value, atMs, traceId, spanId, version, interval: this.#interval, offered: 1 };
    if (series.exemplars === undefined) series.exemplars = [exemplar];
    else series.exemplars.push(exemplar);
  }

  /** Lets go of what everyone has been told, up to `version`: others may need the room. */
  release(series: Accumulation, version: number): void {
    const { exemplars } = series;
    if (exemplars === undefined) return;
    const kept = exemplars.filter((one) => one.version > version);
    this.#held -= exemplars.length - kept.length;
    series.exemplars = kept.length === 0 ? undefined : kept;
  }
}

function heldIn({ exemplars }: Accumulation, bucket: number): Exemplar | undefined {
  if (exemplars !== undefined) for (const one of exemplars) if (one.bucket === bucket) return one;
  return undefined;
}

/** What has come since a version was told. */
export function exemplarsSince(series: Accumulation, version: number): readonly ExemplarData[] | undefined {
  return series.exemplars
    ?.filter((one) => one.version > version)
    .map(({ atMs, value, traceId, spanId }) => ({ time: hrTimeOf(atMs), value, traceId, spanId }));
}
