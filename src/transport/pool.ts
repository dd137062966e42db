/**
 * Keep-alive sockets, shared by all senders of an instance that go to the same origin with the same TLS material for the same
 * audience. Reuse is what makes exports cheap: a request on an open socket costs a sixth of one with a handshake (measured).
 */
import type { Agent } from 'node:http';
import type { Audience, TlsMaterial } from '../model/resolved-destination.js';
import { POOL_BOUNDS, type PoolBounds } from './bounds.js';
import type { EgressGuard } from './egress-guard.js';
import { createOpenSockets } from './open-sockets.js';
import type { ReleaseSlot } from './origin.js';
import { nameOf, OriginPool, type PoolHome } from './origin-pool.js';
import { createSecureContexts } from './secure-contexts.js';
import { createSharedOrigins } from './shared-origins.js';

export interface PoolKey {
  readonly url: URL;
  readonly audience: Audience;
  /** As in the target. */
  readonly isTrustedOrigin: boolean;
  readonly tls: TlsMaterial | undefined;
  /** Set: nobody else uses these sockets, whatever their material. */
  readonly owner: object | undefined;
}

/** One user's hold on a pool. */
export interface Lease {
  /** Of a slot's time. */
  readonly agent: Agent;
  /** A slot holds the pool too: what is under way ends on the socket on which it began. */
  slot(signal: AbortSignal): ReleaseSlot | Promise<ReleaseSlot | undefined>;
  readonly hasIdleSocket: boolean;
  /** The next request opens a new socket. */
  closeIdle(): void;
  /** Where nobody else uses it, all its sockets close at once. Only the first call counts. */
  release(): void;
}

export interface Pools {
  /** Throws what OpenSSL thinks of the TLS material. */
  lease(key: PoolKey): Lease;
  /** Sockets of its own, whose requests count with all others to the same origins. */
  apart(): Pools;
  /** What stands between tenants and the gateway's own network. */
  readonly guard: EgressGuard | undefined;
  /** For tests. */
  readonly idleSockets: number;
  /** For tests: origins whose pools have an agent. */
  readonly liveOrigins: number;
  /** For tests: being opened, in use, or waiting. */
  readonly openSockets: number;
}

/** Without a guard, tenants' connections go anywhere. */
export function createPools(
  bounds: Partial<PoolBounds> = {},
  guard?: EgressGuard,
  common?: Pick<PoolHome, 'origins' | 'openSockets'>,
): Pools {
  const all = { ...POOL_BOUNDS, ...bounds };
  const openSockets = common?.openSockets ?? createOpenSockets(all.maxSockets);
  const origins = common?.origins ?? createSharedOrigins();
  const contexts = createSecureContexts();
  const shared = new Map<string, OriginPool>();
  const home: PoolHome = { bounds: all, guard, openSockets, contexts, origins, shared, quiet: new Set() };

  return {
    lease({ url, audience, isTrustedOrigin, tls, owner }) {
      const isVendor = audience === 'tenant' && isTrustedOrigin;
      const maxSockets = isVendor ? all.maxSocketsPerTrustedOrigin : all.maxSocketsPerOrigin;
      const originName = `${audience} ${url.origin}`;
      const name = nameOf(originName, tls);
      let pool = owner === undefined ? shared.get(name) : undefined;
      if (pool === undefined) {
        const isTls = url.protocol === 'https:';
        // First: it can throw.
        if (isTls) contexts.of(tls);
        const isShared = owner === undefined;
        pool = new OriginPool(home, {
          originName,
          isTls,
          tls,
          audience,
          isTrustedOrigin,
          maxSockets,
          isShared,
        });
        if (owner === undefined) shared.set(name, pool);
      }
      return new PoolLease(pool);
    },
    apart: () => createPools(bounds, guard, { origins, openSockets }),
    guard,
    get idleSockets() {
      return openSockets.idleSize;
    },
    get openSockets() {
      return openSockets.size;
    },
    get liveOrigins() {
      return origins.size;
    },
  };
}

class PoolLease implements Lease {
  readonly #pool: OriginPool;
  #isHeld = true;

  constructor(pool: OriginPool) {
    this.#pool = pool;
    pool.enter();
  }

  get agent(): Agent {
    return this.#pool.live.agent;
  }

  slot(signal: AbortSignal): ReleaseSlot | Promise<ReleaseSlot | undefined> {
    return this.#pool.slot(signal);
  }

  get hasIdleSocket(): boolean {
    return this.#pool.hasIdleSocket;
  }

  closeIdle(): void {
    this.#pool.closeIdle();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#pool.leave();
  }
}
