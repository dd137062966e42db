/** The origins that there is a request or a socket to: what their pools share. */
import { createOrigin, type Origin } from './origin.js';

export interface Place {
  readonly origin: Origin;
  /** Once for each `enter`. */
  leave(): void;
}

export interface Places {
  enter(name: string, maxSockets: number): Place;
  readonly size: number;
}

export function createPlaces(): Places {
  const places = new Map<string, { readonly origin: Origin; users: number }>();
  return {
    enter(name, maxSockets) {
      const place = places.get(name) ?? { origin: createOrigin(maxSockets), users: 0 };
      places.set(name, place);
      place.users++;
      return {
        origin: place.origin,
        leave() {
          if (--place.users === 0) places.delete(name);
        },
      };
    },
    get size() {
      return places.size;
    },
  };
}
