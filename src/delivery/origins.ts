/**
 * Where tenants send to, one for each origin: whoever owns a host, many tenants together, or one with many names for itself,
 * must not be able to make the gateway an attack on it.
 */
import { Bucket } from './bucket.js';
import {
  KNOWN_QUICK_FOR_MS,
  MAX_HANDSHAKES_PER_ORIGIN,
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
      maxHandshakes: MAX_HANDSHAKES_PER_ORIGIN,
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

interface Known {
  readonly origin: Origin;
  users: number;
}

/**
 * All of them. As many as there are lanes at most, and those that had a request a moment ago: who removes a destination and
 * adds it again must not have all its requests anew.
 */
export class Origins {
  readonly #monotonicMs: () => number;
  readonly #onLeft: () => void;
  readonly #byName = new Map<string, Known>();
  /** Without users. */
  readonly #left = new Map<string, Known>();
  /** Those with a line. */
  readonly #waiting = new Set<Places>();

  /** `onLeft`: a look is wanted after a while. */
  constructor(monotonicMs: () => number, onLeft: () => void = () => undefined) {
    this.#monotonicMs = monotonicMs;
    this.#onLeft = onLeft;
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
  watch(places: Places): void {
    this.#waiting.add(places);
  }

  /** Time has passed. Called with every tick; `true`: it is to be called again. */
  look(): boolean {
    for (const [name, known] of this.#left) this.#forgetIfQuiet(name, known);
    for (const places of this.#waiting) {
      if (places.hasLine) places.look();
      else this.#waiting.delete(places);
    }
    return this.#waiting.size > 0 || this.#left.size > 0;
  }

  /** How many stand in line, at all of them. */
  get inLine(): number {
    let sum = 0;
    for (const { waiting } of this.#waiting) sum += waiting;
    return sum;
  }

  leave(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined || --known.users > 0) return;
    this.#left.set(name, known);
    this.#forgetIfQuiet(name, known);
    if (this.#left.size > 0) this.#onLeft();
  }

  #forgetIfQuiet(name: string, { origin, users }: Known): void {
    const isQuiet = origin.places?.areAsNew !== false;
    if (users > 0 || isQuiet) this.#left.delete(name);
    if (users === 0 && isQuiet) this.#byName.delete(name);
  }

  /** For tests. */
  get size(): number {
    return this.#byName.size;
  }
}
