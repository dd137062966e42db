/**
 * A tenant's way to a request: first a place of its own, where it has many destinations, then one at the origin, then one of
 * all tenants'. In this order, so that who waits for a busy origin takes nothing from those who go elsewhere. In the last line
 * it stands where it would if it had come there at once: else those of one origin, who come there a few at a time, would each
 * wait for all who have an origin of their own.
 */
import type { TelemetryStatus } from '../model/status.js';
import { Bucket } from './bucket.js';
import {
  EXPORT_BURST_MS,
  EXPORT_COST_MS,
  HANDSHAKE_BURST,
  HANDSHAKE_EXPORT_COST_MS,
  HANDSHAKES_PER_SECOND,
  MAX_NEW_TENANT_REQUESTS,
  MAX_SLOW_TENANT_REQUESTS,
  MAX_TENANT_REQUESTS,
} from './bounds.js';
import { Origins, type Origin } from './origins.js';
import { Places, type PlaceTaker, type Rate } from './places.js';
import { TenantPlaces } from './tenant-places.js';
import { UnderWay, type Entry, type Taken } from './under-way.js';

/** Where its requests go. */
export interface Destined {
  readonly tenantId: string;
  readonly origin: string;
  readonly isTrustedOrigin: boolean;
}

/** What all tenants share. */
export interface AdmissionHome {
  readonly places: Places;
  readonly origins: Origins;
  readonly tenants: TenantPlaces;
  readonly underWay: UnderWay;
}

/** `cpuShare`: of one core, that tenants' exports may take, 0 to 1. `tick`: asks for a `look`. */
export function admissionFor(cpuShare: number, monotonicMs: () => number, tick?: () => void): AdmissionHome {
  const nowMs = monotonicMs();
  const cpuMs = new Bucket(EXPORT_BURST_MS, cpuShare * 1_000, nowMs);
  const handshakes = new Bucket(HANDSHAKE_BURST, HANDSHAKES_PER_SECOND, nowMs);
  const core: Rate = {
    bucket: cpuMs,
    cost: (isNew) => (isNew ? HANDSHAKE_EXPORT_COST_MS : EXPORT_COST_MS),
  };
  const places = new Places({
    max: MAX_TENANT_REQUESTS,
    maxNew: MAX_NEW_TENANT_REQUESTS,
    maxSlow: MAX_SLOW_TENANT_REQUESTS,
    rates: [core, { bucket: handshakes, cost: (isNew) => (isNew ? 1 : 0) }],
    halved: core,
    monotonicMs,
  });
  return {
    places,
    origins: new Origins(monotonicMs, tick),
    tenants: new TenantPlaces(monotonicMs),
    underWay: new UnderWay(monotonicMs),
  };
}

/** Under way, and in line. */
export function exportsOf({ places, origins }: AdmissionHome): TelemetryStatus['tenants']['exports'] {
  return { underWay: places.taken, waiting: places.waiting + origins.inLine };
}

/** Time has passed. `true`: it is to be called again after a while. */
export function look({ places, origins, underWay }: AdmissionHome): boolean {
  if (places.hasLine) underWay.endOverdue(places);
  places.look();
  const isMoreToCome = origins.look();
  return places.hasLine || isMoreToCome;
}

export class Admission {
  readonly #taker: PlaceTaker;
  readonly #tenantId: string;
  readonly #name: string;
  readonly #origin: Origin;
  readonly #home: AdmissionHome;
  /** Held while it stands in one of the lines that follow. */
  #ofTenant: Taken | undefined;
  #atOrigin: Taken | undefined;
  /** Under which it waits, at the origin and after it. */
  #number: number | undefined;

  constructor(taker: PlaceTaker, { tenantId, origin, isTrustedOrigin }: Destined, home: AdmissionHome) {
    this.#taker = taker;
    this.#tenantId = tenantId;
    this.#name = origin;
    this.#home = home;
    this.#origin = home.origins.join(origin, isTrustedOrigin);
    home.tenants.join(tenantId);
  }

  /** Somebody was answered quickly there lately. */
  get isKnownQuick(): boolean {
    return this.#origin.isKnownQuick;
  }

  /** `undefined`: it stands in one of the lines now. */
  enter(): Entry | undefined {
    const { places, tenants, underWay } = this.#home;
    const ofTenant = tenants.of(this.#tenantId);
    this.#ofTenant ??= this.#take(ofTenant);
    if (ofTenant !== undefined && this.#ofTenant === undefined) return undefined;
    // Not before: for its own other requests a tenant waits apart from everybody else.
    const number = (this.#number ??= places.nextNumber());
    this.#atOrigin ??= this.#take(this.#origin.places, number);
    if (this.#origin.places !== undefined && this.#atOrigin === undefined) return undefined;
    const ofAll = this.#take(places, number);
    if (ofAll === undefined) return undefined;
    const entry = underWay.begin(this.#ofTenant, this.#atOrigin, ofAll);
    this.#ofTenant = undefined;
    this.#atOrigin = undefined;
    this.#number = undefined;
    return entry;
  }

  #take(places: Places | undefined, number?: number): Taken | undefined {
    if (places === undefined) return undefined;
    const neededHandshake = this.#taker.needsHandshake;
    const as = places.take(this.#taker, number);
    if (as !== undefined) return { places, as, neededHandshake };
    if (places !== this.#home.places) this.#home.origins.watch(places);
    return undefined;
  }

  /** The request is over. */
  exit(entry: Entry, wasQuick: boolean): void {
    this.#home.underWay.end(entry);
    if (wasQuick) this.#origin.wasQuick();
    give(entry.ofAll);
    give(entry.atOrigin);
    give(entry.ofTenant);
  }

  /** It wants no place now. */
  leave(): void {
    this.#number = undefined;
    this.#home.places.leave(this.#taker);
    this.#origin.places?.leave(this.#taker);
    this.#home.tenants.of(this.#tenantId)?.leave(this.#taker);
    give(this.#atOrigin);
    give(this.#ofTenant);
    this.#atOrigin = undefined;
    this.#ofTenant = undefined;
  }

  /** Nothing more is sent. */
  close(): void {
    this.leave();
    this.#home.origins.leave(this.#name);
    this.#home.tenants.leave(this.#tenantId);
  }
}

function give(taken: Taken | undefined): void {
  taken?.places.give(taken.as, taken.neededHandshake);
}
