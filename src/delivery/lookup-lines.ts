/**
 * Who is looked up next. Two lines, because anybody can invent tenant ids: those that have destinations, or are asked for by
 * hand, never wait behind those that nobody knows; and the other way round, however slow the lookup is.
 */
import { MAX_LOOKUPS, MAX_LOOKUPS_OF_A_LINE } from './bounds.js';
import type { Tenant } from './tenant.js';

/** One tenant's, waiting or under way. */
interface Lookup {
  readonly tenant: Tenant;
  readonly byHand: boolean;
  readonly line: Line;
  readonly onSettled: (() => void)[];
}

/** In order. Bounded by the tenants that the registry holds: one that goes leaves. */
interface Line {
  readonly waiting: Set<Lookup>;
  running: number;
}

export class LookupLines {
  readonly #run: (tenant: Tenant, byHand: boolean) => Promise<void>;
  readonly #known: Line = { waiting: new Set(), running: 0 };
  readonly #unknown: Line = { waiting: new Set(), running: 0 };
  readonly #lookups = new Map<Tenant, Lookup>();

  /** `run` never rejects. */
  constructor(run: (tenant: Tenant, byHand: boolean) => Promise<void>) {
    this.#run = run;
  }

  /** Unless it is in one already. */
  join(tenant: Tenant, byHand: boolean): void {
    if (this.#lookups.has(tenant)) return;
    tenant.isAsking = true;
    const line = byHand || tenant.hasDestinations ? this.#known : this.#unknown;
    const lookup: Lookup = { tenant, byHand, line, onSettled: [] };
    this.#lookups.set(tenant, lookup);
    line.waiting.add(lookup);
    this.#startSome();
  }

  settled(tenant: Tenant): Promise<void> {
    const lookup = this.#lookups.get(tenant);
    return lookup === undefined ? Promise.resolve() : new Promise((done) => lookup.onSettled.push(done));
  }

  /** One that is under way goes on: nothing can stop the host's function. */
  leave(tenant: Tenant): void {
    const lookup = this.#lookups.get(tenant);
    if (lookup?.line.waiting.delete(lookup) === true) this.#settle(lookup);
  }

  #startSome(): void {
    for (const line of [this.#known, this.#unknown]) while (this.#hasPlace(line)) this.#startFirst(line);
  }

  #hasPlace({ waiting, running }: Line): boolean {
    const isAnyFree = this.#known.running + this.#unknown.running < MAX_LOOKUPS;
    return waiting.size > 0 && isAnyFree && running < MAX_LOOKUPS_OF_A_LINE;
  }

  #startFirst(line: Line): void {
    for (const lookup of line.waiting) {
      line.waiting.delete(lookup);
      line.running++;
      void this.#run(lookup.tenant, lookup.byHand).finally(() => {
        line.running--;
        this.#settle(lookup);
        this.#startSome();
      });
      return;
    }
  }

  #settle({ tenant, onSettled }: Lookup): void {
    tenant.isAsking = false;
    this.#lookups.delete(tenant);
    for (const done of onSettled) done();
  }
}
