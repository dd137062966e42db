/**
 * How many sockets tenants may have to one address. Whoever owns a domain can have hundreds of names that mean somebody else's
 * address, and each of them is an origin of its own.
 */
import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import { parseAddress } from '../model/ip-address.js';
import { ADDRESS_WAIT_MS, MAX_SOCKETS_PER_ADDRESS } from './bounds.js';

/** One connection, from its asking to its end. */
export interface Visit {
  /** Of what was granted, this is where it is. */
  connected(address: string | undefined): void;
  /** It waits for its next request: closed where somebody else waits for the address. */
  idle(socket: Socket): void;
  used(): void;
  /** It waits no more, or is closed; more than once does no harm. */
  end(): void;
}

/** `undefined`: none has become free in time. */
export type Granted = (addresses: readonly LookupAddress[] | undefined, visit: Visit) => void;

export interface AddressLimit {
  /**
   * Which of the addresses may be connected to: those with a free place, else one whose idle socket could be closed, else the
   * first that becomes free. Answers once, perhaps at once; not at all after `end`.
   */
  ask(addresses: readonly LookupAddress[], granted: Granted): Visit;
  /** For tests: addresses with sockets or with somebody waiting. */
  readonly size: number;
}

interface Place {
  readonly visits: Set<OneVisit>;
  /** The one that has waited longest is first. */
  readonly idle: Map<OneVisit, Socket>;
  readonly waiting: Set<OneVisit>;
}

export function createAddressLimit(maxSockets = MAX_SOCKETS_PER_ADDRESS): AddressLimit {
  const places: Places = { byKey: new Map(), maxSockets };
  return {
    ask(addresses, granted) {
      const visit = new OneVisit(places, granted);
      visit.ask(addresses);
      return visit;
    },
    get size() {
      return places.byKey.size;
    },
  };
}

interface Places {
  readonly byKey: Map<string, Place>;
  readonly maxSockets: number;
}

class OneVisit implements Visit {
  readonly #places: Places;
  readonly #granted: Granted;
  /** What it waits for, by key. */
  #wanted: ReadonlyMap<string, LookupAddress> = new Map();
  /** Where it has a place. */
  #keys: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(places: Places, granted: Granted) {
    this.#places = places;
    this.#granted = granted;
  }

  ask(addresses: readonly LookupAddress[]): void {
    const { maxSockets } = this.#places;
    const wanted = new Map(addresses.map((item) => [keyOf(item.address), item]));
    const free = [...wanted].filter(([key]) => this.#placeOf(key).visits.size < maxSockets);
    if (free.length > 0) return this.#enter(free);
    const idle = [...wanted].find(([key]) => this.#placeOf(key).idle.size > 0);
    if (idle !== undefined) {
      this.#closeIdle(this.#placeOf(idle[0]));
      return this.#enter([idle]);
    }
    this.#wanted = wanted;
    for (const key of wanted.keys()) this.#placeOf(key).waiting.add(this);
    this.#timer = setTimeout(() => {
      this.end();
      this.#granted(undefined, this);
    }, ADDRESS_WAIT_MS).unref();
  }

  connected(address: string | undefined): void {
    const key = keyOf(address ?? '');
    const others = this.#keys.filter((other) => other !== key);
    this.#keys = [key];
    this.#placeOf(key).visits.add(this);
    this.#leave(others);
  }

  idle(socket: Socket): void {
    const [key = ''] = this.#keys;
    const place = this.#places.byKey.get(key);
    if (place === undefined) return;
    if (place.waiting.size === 0) return void place.idle.set(this, socket);
    this.end();
    socket.destroy();
  }

  used(): void {
    const [key = ''] = this.#keys;
    this.#places.byKey.get(key)?.idle.delete(this);
  }

  end(): void {
    clearTimeout(this.#timer);
    const keys = [...this.#keys, ...this.#wanted.keys()];
    this.#keys = [];
    this.#wanted = new Map();
    this.#leave(keys);
  }

  /** Until it is connected, it counts at all of them. */
  #enter(free: readonly (readonly [string, LookupAddress])[]): void {
    this.#keys = free.map(([key]) => key);
    for (const key of this.#keys) this.#placeOf(key).visits.add(this);
    this.#granted(
      free.map(([, address]) => address),
      this,
    );
  }

  #leave(keys: readonly string[]): void {
    const { byKey, maxSockets } = this.#places;
    for (const key of keys) {
      const place = byKey.get(key);
      if (place === undefined) continue;
      place.visits.delete(this);
      place.idle.delete(this);
      place.waiting.delete(this);
      const [next] = place.waiting;
      if (next !== undefined && place.visits.size < maxSockets) next.#called(key);
      if (place.visits.size + place.waiting.size === 0) byKey.delete(key);
    }
  }

  /** There is a free place at one of those it waits for. */
  #called(key: string): void {
    const address = this.#wanted.get(key);
    if (address === undefined) return;
    clearTimeout(this.#timer);
    const others = [...this.#wanted.keys()].filter((other) => other !== key);
    this.#wanted = new Map();
    this.#places.byKey.get(key)?.waiting.delete(this);
    this.#enter([[key, address]]);
    this.#leave(others);
  }

  #closeIdle(place: Place): void {
    const [oldest] = place.idle;
    if (oldest === undefined) return;
    const [visit, socket] = oldest;
    visit.end();
    socket.destroy();
  }

  #placeOf(key: string): Place {
    const { byKey } = this.#places;
    const place = byKey.get(key) ?? { visits: new Set(), idle: new Map(), waiting: new Set() };
    byKey.set(key, place);
    return place;
  }
}

/** The same for the same address, however it is written; an IPv4 address within IPv6 is itself. */
function keyOf(text: string): string {
  const bytes = parseAddress(text);
  if (bytes === undefined) return text;
  const isMapped = bytes.length === 16 && bytes.every((byte, index) => index > 11 || byte === MAPPED[index]);
  return (isMapped ? bytes.subarray(12) : bytes).join('.');
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];
