/** The origins that there is a request or a socket to: what their pools share. */
import { createOrigin, type Origin } from './origin.js';

/** One pool's hold on its origin. */
export interface SharedOrigin {
  readonly origin: Origin;
  /** Once for each `enter`. */
  leave(): void;
}

export interface SharedOrigins {
  enter(name: string, maxSockets: number): SharedOrigin;
  readonly size: number;
}

export function createSharedOrigins(): SharedOrigins {
  const origins = new Map<string, { readonly origin: Origin; users: number }>();
  return {
    enter(name, maxSockets) {
      const shared = origins.get(name) ?? { origin: createOrigin(maxSockets), users: 0 };
      origins.set(name, shared);
      shared.users++;
      return {
        origin: shared.origin,
        leave() {
          if (--shared.users === 0) origins.delete(name);
        },
      };
    },
    get size() {
      return origins.size;
    },
  };
}
