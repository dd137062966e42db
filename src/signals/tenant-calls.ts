/**
 * The metrics of calls to models for tenants: a table for each tenant whose destinations read them, made with its first call and
 * given up when it has been idle. Bound: `maxSeriesPerTenant` series of all its metrics together, and their overflow series.
 */
import type { MetricMark, MetricReading, TakenReading } from '../model/delivery.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { Baseline } from './metric-reading.js';
import type { InstrumentTable } from './instrument-table.js';
import type { InstrumentSeries } from './instrument.js';

type Temporality = 'cumulative' | 'delta';

/** One tenant's table, and how a call gets into it. */
export interface TenantTable {
  readonly table: InstrumentTable;
  record(call: FinishedGenAi): void;
  /** Names that nobody has used for long. */
  forgetUnused(nowMs: number): void;
}

export interface TenantCallsOptions {
  /** `sinceMs`: no series of it may begin earlier. */
  newTable(sinceMs: number): TenantTable;
  readonly forgetAfterMs: number;
  nowMs(): number;
}

/** Where a tenant's reading begins, and in which table that was. */
interface Beginning {
  readonly atMs: number;
  readonly in: InstrumentTable | undefined;
  readonly baseline: Baseline<InstrumentSeries> | undefined;
}

const NO_READINGS: readonly TenantReading[] = [];

/** What lookups and destinations hold of one tenant. */
class Held {
  /** An array of one costs a fifth of a set. */
  readings = NO_READINGS;
  /** Lookups that are under way: their answers may bring readings that begin in the past. */
  marks = 0;
  own: TenantTable | undefined;

  get isIdle(): boolean {
    return this.readings.length === 0 && this.marks === 0;
  }

  beginning(atMs: number): Beginning {
    const table = this.own?.table;
    return { atMs, in: table, baseline: table?.baseline() };
  }
}

interface HeldMark extends MetricMark {
  readonly beginning: Beginning;
}

export class TenantCalls {
  readonly #options: TenantCallsOptions;
  readonly #held = new Map<string, Held>();
  /** Of all tenants: a table that is made anew must not overlap with what went before. */
  #lastGivenUpMs = 0;

  constructor(options: TenantCallsOptions) {
    this.#options = options;
  }

  /** Tenants that have a table; for tests of the bounds. */
  get tables(): number {
    let tables = 0;
    for (const { own } of this.#held.values()) if (own !== undefined) tables++;
    return tables;
  }

  /** Counts a call, if any destination of its tenant's reads it, or may turn out to. */
  record(call: FinishedGenAi): void {
    const held = call.tenantId === undefined ? undefined : this.#held.get(call.tenantId);
    if (held === undefined) return;
    if (held.own === undefined) {
      held.own = this.#options.newTable(this.#lastGivenUpMs);
      for (const reading of held.readings) reading.enter(held.own.table);
    }
    held.own.record(call);
  }

  mark(tenantId: string): MetricMark {
    const held = this.#heldOf(tenantId);
    held.marks++;
    let isHeld = true;
    const mark: HeldMark = {
      beginning: held.beginning(this.#options.nowMs()),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        held.marks--;
        this.#leave(tenantId, held);
      },
    };
    return mark;
  }

  openReading(tenantId: string, temporality: Temporality, mark: MetricMark | undefined): MetricReading {
    const held = this.#heldOf(tenantId);
    const beginning = (mark as HeldMark | undefined)?.beginning ?? held.beginning(this.#options.nowMs());
    const reading = new TenantReading(temporality, beginning, () => {
      held.readings = held.readings.filter((other) => other !== reading);
      this.#leave(tenantId, held);
    });
    held.readings = held.readings.concat(reading);
    if (held.own !== undefined) reading.enter(held.own.table);
    return reading;
  }

  #heldOf(tenantId: string): Held {
    let held = this.#held.get(tenantId);
    if (held === undefined) this.#held.set(tenantId, (held = new Held()));
    return held;
  }

  #leave(tenantId: string, held: Held): void {
    if (held.isIdle && this.#held.get(tenantId) === held) this.#held.delete(tenantId);
  }

  /** A step for each tenant that has a table. */
  *sweep(): Generator<void> {
    const { nowMs, forgetAfterMs } = this.#options;
    for (const held of this.#held.values()) {
      const { own } = held;
      if (own === undefined || held.marks > 0) continue;
      own.forgetUnused(nowMs());
      yield* own.table.sweep();
      // Between the steps another table may have come.
      if (held.own !== own || held.marks > 0 || !own.table.isIdle(nowMs() - forgetAfterMs)) continue;
      held.own = undefined;
      this.#lastGivenUpMs = nowMs();
      for (const reading of held.readings) reading.leave();
    }
  }
}

const NO_PARTS: readonly TakenReading[] = [];

/** A destination's, from its beginning on; there is something to read while the tenant has a table. */
class TenantReading implements MetricReading {
  readonly #temporality: Temporality;
  #beginning: Beginning;
  readonly #onClose: () => void;
  #inner: MetricReading | undefined;

  constructor(temporality: Temporality, beginning: Beginning, onClose: () => void) {
    this.#temporality = temporality;
    this.#beginning = beginning;
    this.#onClose = onClose;
  }

  enter(table: InstrumentTable): void {
    const { atMs, in: known, baseline } = this.#beginning;
    const since = table === known ? baseline : undefined;
    this.#inner = table.openReading(this.#temporality, since ?? { version: 0, atMs, totals: new Map() });
  }

  /** Everything in the table has been told. */
  leave(): void {
    this.#inner?.close();
    this.#inner = undefined;
    // What it knows of that table would keep it in memory.
    this.#beginning = { atMs: this.#beginning.atMs, in: undefined, baseline: undefined };
  }

  hasNews(): boolean {
    return this.#inner?.hasNews() === true;
  }

  take(nowMs: number): Iterable<TakenReading> {
    return this.#inner?.take(nowMs) ?? NO_PARTS;
  }

  close(): void {
    this.leave();
    this.#onClose();
  }
}
