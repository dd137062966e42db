/**
 * Keep-alive sockets, shared by all senders of an instance that go to the same origin with the same TLS material for the same
 * audience. Reuse is what makes exports cheap: a request on an open socket costs a sixth of one with a handshake (measured).
 */
import type { Agent } from 'node:http';
import type { Audience, TlsMaterial } from '../model/resolved-destination.js';
import { POOL_BOUNDS, type PoolBounds } from './bounds.js';
import type { EgressGuard } from './egress-guard.js';
import { createIdleSockets } from './idle-sockets.js';
import { createOrigin, type Origin, type ReleaseSlot } from './origin.js';
import { createPooledAgent } from './pooled-agent.js';
import { createSecureContexts } from './secure-contexts.js';

export interface PoolKey {
  readonly url: URL;
  readonly audience: Audience;
  readonly tls: TlsMaterial | undefined;
  /** Set: nobody else uses these sockets, whatever their material. */
  readonly owner: object | undefined;
}

/** One user's hold on a pool. */
export interface Lease {
  readonly agent: Agent;
  /** A slot holds the pool too: what is under way ends on the socket on which it began. */
  slot(signal: AbortSignal): ReleaseSlot | Promise<ReleaseSlot | undefined>;
  readonly hasIdleSocket: boolean;
  /** The next request opens a new socket. */
  closeIdle(): void;
  /** Where nobody else uses it, all its sockets close at once. */
  release(): void;
}

export interface Pools {
  /** Throws what OpenSSL thinks of the TLS material. */
  lease(key: PoolKey): Lease;
  /** What stands between tenants and the gateway's own network. */
  readonly guard: EgressGuard | undefined;
  /** For tests. */
  readonly idleSockets: number;
}

interface Pool {
  readonly agent: Agent;
  readonly origin: Origin;
  users: number;
}

interface Place {
  readonly origin: Origin;
  pools: number;
}

/** Without a guard, tenants' connections go anywhere. */
export function createPools(bounds: Partial<PoolBounds> = {}, guard?: EgressGuard): Pools {
  const { maxIdleSockets, idleMs, lifeMs, maxSocketsPerOrigin } = { ...POOL_BOUNDS, ...bounds };
  const idleSockets = createIdleSockets(maxIdleSockets);
  const contexts = createSecureContexts();
  const places = new Map<string, Place>();
  const shared = new Map<string, Pool>();

  return {
    lease({ url, audience, tls, owner }) {
      const placeName = `${audience} ${url.origin}`;
      const name = `${placeName} ${tls?.id ?? ''}`;
      let pool = owner === undefined ? shared.get(name) : undefined;
      if (pool === undefined) {
        // First: it can throw.
        const secureContext = url.protocol === 'https:' ? contexts.of(tls) : undefined;
        const place = places.get(placeName) ?? { origin: createOrigin(maxSocketsPerOrigin), pools: 0 };
        places.set(placeName, place);
        place.pools++;
        const { origin } = place;
        const sockets = { origin, idleSockets, idleMs, lifeMs, maxSockets: maxSocketsPerOrigin };
        const tenantsGuard = audience === 'tenant' ? guard : undefined;
        pool = { agent: createPooledAgent(sockets, secureContext, tenantsGuard), origin, users: 0 };
        if (owner === undefined) shared.set(name, pool);
      }
      const { agent } = pool;
      return holdOn(pool, () => {
        if (owner === undefined) shared.delete(name);
        const place = places.get(placeName);
        if (place !== undefined && --place.pools === 0) places.delete(placeName);
        agent.destroy();
      });
    },
    guard,
    get idleSockets() {
      return idleSockets.size;
    },
  };
}

/** Leases and slots hold a pool; with the last of them it goes. */
function holdOn(pool: Pool, close: () => void): Lease {
  const hold = (): (() => void) => {
    let isHeld = true;
    pool.users++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--pool.users === 0) close();
    };
  };
  return {
    agent: pool.agent,
    slot(signal) {
      const release = hold();
      const withHold = (slot: ReleaseSlot): ReleaseSlot => {
        return () => {
          slot();
          release();
        };
      };
      const slot = pool.origin.slot(signal);
      if (!(slot instanceof Promise)) return withHold(slot);
      return slot.then((taken) => {
        if (taken !== undefined) return withHold(taken);
        release();
        return undefined;
      });
    },
    get hasIdleSocket() {
      for (const origin in pool.agent.freeSockets)
        if ((pool.agent.freeSockets[origin]?.length ?? 0) > 0) return true;
      return false;
    },
    closeIdle() {
      for (const sockets of Object.values(pool.agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
    release: hold(),
  };
}
