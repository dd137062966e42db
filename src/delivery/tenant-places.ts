/**
 * Places of each tenant's own, for those with many destinations: in the lines that all tenants stand in, a tenant is to have
 * as many turns as others, not as many as it has destinations.
 */
import { MAX_REQUESTS_PER_TENANT, MAX_UNSURE_REQUESTS_PER_TENANT } from './bounds.js';
import { Places } from './places.js';

interface Known {
  lanes: number;
  places: Places | undefined;
}

/** As many as there are active tenants at most. */
export class TenantPlaces {
  readonly #monotonicMs: () => number;
  readonly #byId = new Map<string, Known>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** One lane more. `leave` must follow. */
  join(tenantId: string): void {
    const known = this.#byId.get(tenantId);
    if (known === undefined) {
      this.#byId.set(tenantId, { lanes: 1, places: undefined });
      return;
    }
    // Nearly all tenants have a lane or two, which cannot have more.
    if (++known.lanes > MAX_REQUESTS_PER_TENANT) known.places ??= this.#create();
  }

  #create(): Places {
    return new Places({
      max: MAX_REQUESTS_PER_TENANT,
      maxNew: MAX_UNSURE_REQUESTS_PER_TENANT,
      maxSlow: MAX_UNSURE_REQUESTS_PER_TENANT,
      rates: [],
      monotonicMs: this.#monotonicMs,
    });
  }

  /** `undefined`: it needs none. */
  of(tenantId: string): Places | undefined {
    return this.#byId.get(tenantId)?.places;
  }

  leave(tenantId: string): void {
    const known = this.#byId.get(tenantId);
    if (known !== undefined && --known.lanes === 0) this.#byId.delete(tenantId);
  }

  /** For tests. */
  get size(): number {
    return this.#byId.size;
  }
}
