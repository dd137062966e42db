/**
 * Where tenants send to, one for each origin: whoever owns a host, many tenants together, or one with many names for itself,
 * must not be able to make the gateway an attack on it.
 */
import { Bucket } from './bucket.js';
import {
  KNOWN_QUICK_FOR_MS,
  MAX_NEW_REQUESTS_PER_ORIGIN,
  MAX_REQUESTS_PER_ORIGIN,
  MAX_SLOW_REQUESTS_PER_ORIGIN,
  ORIGIN_BURST,
  ORIGIN_REQUESTS_PER_SECOND,
} from './bounds.js';
import { Places } from './places.js';

/** Shared: there are as many origins as active tenants at worst. */
const oneEach = (): number => 1;

/** One origin, while anybody sends to it. */
export class Origin {
  /** Who may send there now; `undefined`: it is trusted to take whatever comes. */
  readonly places: Places | undefined;
  readonly #monotonicMs: () => number;
  #quickAtMs = Number.NEGATIVE_INFINITY;

  constructor(isTrusted: boolean, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    if (isTrusted) return;
    this.places = new Places({
      max: MAX_REQUESTS_PER_ORIGIN,
      maxNew: MAX_NEW_REQUESTS_PER_ORIGIN,
      maxSlow: MAX_SLOW_REQUESTS_PER_ORIGIN,
      rates: [{ bucket: new Bucket(ORIGIN_BURST, ORIGIN_REQUESTS_PER_SECOND, monotonicMs()), cost: oneEach }],
      monotonicMs,
    });
  }

  /** It has answered somebody quickly. */
  wasQuick(): void {
    this.#quickAtMs = this.#monotonicMs();
  }

  /** A tenant that is new here is none that nobody knows: a gateway that starts anew has thousands of them at once. */
  get isKnownQuick(): boolean {
    return this.#monotonicMs() - this.#quickAtMs < KNOWN_QUICK_FOR_MS;
  }
}

/** All of them. As many as there are lanes at most. */
export class Origins {
  readonly #monotonicMs: () => number;
  readonly #byName = new Map<string, { readonly origin: Origin; users: number }>();
  /** Those with a line. */
  readonly #waiting = new Set<Places>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** `leave` must follow. */
  join(name: string, isTrusted: boolean): Origin {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.users++;
      return known.origin;
    }
    const origin = new Origin(isTrusted, this.#monotonicMs);
    this.#byName.set(name, { origin, users: 1 });
    return origin;
  }

  /** Somebody stands in line there. */
  watch({ places }: Origin): void {
    if (places !== undefined) this.#waiting.add(places);
  }

  /** Time has passed. Called with every tick; `true`: somebody stands in line. */
  look(): boolean {
    for (const places of this.#waiting) {
      if (places.hasLine) places.look();
      else this.#waiting.delete(places);
    }
    return this.#waiting.size > 0;
  }

  /** How many stand in line, at all of them. */
  get inLine(): number {
    let sum = 0;
    for (const { waiting } of this.#waiting) sum += waiting;
    return sum;
  }

  leave(name: string): void {
    const known = this.#byName.get(name);
    if (known !== undefined && --known.users === 0) this.#byName.delete(name);
  }

  /** For tests. */
  get size(): number {
    return this.#byName.size;
  }
}
