/**
 * A tenant's way to a request: first a place at the origin, then one of all tenants'. In this order, so that who waits for a
 * busy origin takes nothing from those who go elsewhere. In the second line it stands where it would if it had come there at
 * once: else those of one origin, who come there a few at a time, would each wait for all who have an origin of their own.
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
import { Places, type PlaceTaker, type Rate, type Standing } from './places.js';
import { UnderWay, type Entry } from './under-way.js';

/** Where its requests go. */
export interface Destined {
  readonly origin: string;
  readonly isTrustedOrigin: boolean;
}

/** What all tenants share. */
export interface AdmissionHome {
  readonly places: Places;
  readonly origins: Origins;
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
  return { places, origins: new Origins(monotonicMs, tick), underWay: new UnderWay(monotonicMs) };
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
  readonly #name: string;
  readonly #origin: Origin;
  readonly #home: AdmissionHome;
  /** Held while it stands in the second line. */
  #atOrigin: Standing | undefined;
  /** Under which it waits, in either line. */
  #number: number | undefined;

  constructor(taker: PlaceTaker, { origin, isTrustedOrigin }: Destined, home: AdmissionHome) {
    this.#taker = taker;
    this.#name = origin;
    this.#home = home;
    this.#origin = home.origins.join(origin, isTrustedOrigin);
  }

  /** Somebody was answered quickly there lately. */
  get isKnownQuick(): boolean {
    return this.#origin.isKnownQuick;
  }

  /** `undefined`: it stands in one of the lines now. */
  enter(): Entry | undefined {
    const { places } = this.#origin;
    const number = (this.#number ??= this.#home.places.nextNumber());
    if (places !== undefined) this.#atOrigin ??= places.take(this.#taker, number);
    if (places !== undefined && this.#atOrigin === undefined) {
      this.#home.origins.watch(this.#origin);
      return undefined;
    }
    const ofAll = this.#home.places.take(this.#taker, number);
    if (ofAll === undefined) return undefined;
    const atOrigin = this.#atOrigin;
    this.#atOrigin = undefined;
    this.#number = undefined;
    return this.#home.underWay.begin(atOrigin, ofAll);
  }

  /** The request is over. */
  exit(entry: Entry, wasQuick: boolean): void {
    const { atOrigin, ofAll } = entry;
    this.#home.underWay.end(entry);
    if (wasQuick) this.#origin.wasQuick();
    this.#home.places.give(ofAll);
    if (atOrigin !== undefined) this.#origin.places?.give(atOrigin);
  }

  /** It wants no place now. */
  leave(): void {
    this.#number = undefined;
    this.#home.places.leave(this.#taker);
    const { places } = this.#origin;
    places?.leave(this.#taker);
    if (this.#atOrigin === undefined) return;
    places?.give(this.#atOrigin);
    this.#atOrigin = undefined;
  }

  /** Nothing more is sent. */
  close(): void {
    this.leave();
    this.#home.origins.leave(this.#name);
  }
}
