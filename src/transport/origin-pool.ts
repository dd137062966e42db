/** The sockets to one origin with the same TLS material for the same audience, or for one sender alone. */
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Audience, TlsMaterial } from '../model/resolved-destination.js';
import type { PoolBounds } from './bounds.js';
import type { EgressGuard } from './egress-guard.js';
import type { OpenSockets } from './open-sockets.js';
import type { ReleaseSlot } from './origin.js';
import { createPooledAgent } from './pooled-agent.js';
import type { SecureContexts } from './secure-contexts.js';
import type { SharedOrigin, SharedOrigins } from './shared-origins.js';

/** What all pools share. */
export interface PoolHome {
  readonly bounds: PoolBounds;
  readonly guard: EgressGuard | undefined;
  readonly openSockets: OpenSockets;
  readonly contexts: SecureContexts;
  readonly origins: SharedOrigins;
  readonly shared: Map<string, OriginPool>;
  /** Pools with an agent and nothing to do, the least recently used first. At most `maxQuietPools`. */
  readonly quiet: Set<OriginPool>;
}

export interface PoolOptions {
  readonly originName: string;
  readonly isTls: boolean;
  readonly tls: TlsMaterial | undefined;
  readonly audience: Audience;
  readonly isTrustedOrigin: boolean;
  /** Of its origin, whose pools all say the same. */
  readonly maxSockets: number;
  readonly isShared: boolean;
}

/** What pools are shared by. */
export function nameOf(originName: string, tls: TlsMaterial | undefined): string {
  return tls === undefined ? originName : `${originName} ${tls.id}`;
}

interface Live {
  readonly agent: Agent;
  readonly shared: SharedOrigin;
}

/**
 * Its agent, with TLS context and sessions, and its origin are there while it has a request or a socket, and for as long
 * afterwards as it is one of the last: 10,000 tenants with an origin each, most of them quiet, cost little more than their sockets.
 */
export class OriginPool {
  readonly #home: PoolHome;
  readonly #options: PoolOptions;
  /** Leases and slots. */
  #users = 0;
  /** Slots, taken or waited for, and open sockets. */
  #uses = 0;
  #live: Live | undefined;

  constructor(home: PoolHome, options: PoolOptions) {
    this.#home = home;
    this.#options = options;
  }

  get live(): Live {
    return (this.#live ??= this.#wake());
  }

  #wake(): Live {
    const { bounds, guard, openSockets, contexts, origins } = this.#home;
    const { originName, isTls, tls, audience, isTrustedOrigin, maxSockets } = this.#options;
    const { idleMs, lifeMs } = bounds;
    const secureContext = isTls ? contexts.of(tls) : undefined;
    const shared = origins.enter(originName, maxSockets);
    const onSocket = (socket: Socket): void => {
      this.#beginUse();
      socket.once('close', () => this.#endUse());
    };
    const { origin } = shared;
    const sockets = { origin, openSockets, idleMs, lifeMs, maxSockets, isTrustedOrigin, onSocket };
    const agent = createPooledAgent(sockets, secureContext, audience === 'tenant' ? guard : undefined);
    return { agent, shared };
  }

  #beginUse(): void {
    this.#uses++;
    this.#home.quiet.delete(this);
  }

  #endUse(): void {
    if (--this.#uses > 0) return;
    const { quiet, bounds } = this.#home;
    quiet.add(this);
    const [oldest] = quiet;
    if (oldest !== undefined && quiet.size > bounds.maxQuietPools) oldest.#sleep();
    if (this.#users === 0) this.#sleep();
  }

  #sleep(): void {
    this.#home.quiet.delete(this);
    this.#live?.shared.leave();
    this.#live = undefined;
  }

  enter(): void {
    this.#users++;
  }

  /** With the last lease and slot its sockets go. */
  leave(): void {
    if (--this.#users > 0) return;
    const { originName, tls, isShared } = this.#options;
    if (isShared) this.#home.shared.delete(nameOf(originName, tls));
    this.#live?.agent.destroy();
    if (this.#uses === 0) this.#sleep();
  }

  slot(signal: AbortSignal): ReleaseSlot | Promise<ReleaseSlot | undefined> {
    const { origin } = this.live.shared;
    this.enter();
    this.#beginUse();
    const leave = (): void => {
      this.leave();
      this.#endUse();
    };
    const withHold = (slot: ReleaseSlot): ReleaseSlot => {
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        slot();
        leave();
      };
    };
    const slot = origin.slot(signal);
    if (!(slot instanceof Promise)) return withHold(slot);
    return slot.then((taken) => {
      if (taken !== undefined) return withHold(taken);
      leave();
      return undefined;
    });
  }

  get hasIdleSocket(): boolean {
    const free = this.#live?.agent.freeSockets;
    for (const name in free) if ((free[name]?.length ?? 0) > 0) return true;
    return false;
  }

  closeIdle(): void {
    for (const sockets of Object.values(this.#live?.agent.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
  }
}
