/**
 * Keeps tenants' connections out of the gateway's own network. What counts is the address that is connected to: a name may
 * have passed every check and mean another address a second later.
 */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { EgressPolicy } from '../model/egress.js';
import { createAddressLimit } from './address-limit.js';
import { MAX_ADDRESSES, type ResolverBounds } from './bounds.js';
import { SendFailure } from './classify.js';
import { openTunnel } from './egress-tunnel.js';
import { createLimitedSockets, type FindAddresses } from './limited-sockets.js';
import { createResolver, type Answer, type Resolver } from './resolver.js';
import { createSystemLookup } from './system-lookup.js';

/** What Node's agents hand to `createConnection`. */
export interface ConnectionOptions {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly socketPath?: string | null | undefined;
}

/** Parts that are put into the options before a socket is made. */
export interface GuardedOptions {
  readonly lookup?: LookupFunction;
  /** The way is open already. */
  readonly socket?: Socket;
}

export interface Connecting {
  readonly options: ConnectionOptions;
  /** Makes the socket. */
  open(guarded: GuardedOptions): Socket;
  /** Told when `connect` returned no socket; once, never synchronously. */
  done(error: Error | null, socket?: Socket): void;
  /** As in the target: as many connections to one address as there are. */
  readonly isTrustedOrigin: boolean;
  /** What is under way and has no socket yet. */
  readonly pending: Set<{ destroy(): void }>;
}

/** Why nothing is sent at all. */
export type Refusal = 'blocked' | 'egress_guard';

export interface EgressGuard {
  /** Before a request: whatever can be known without a connection. A promise only until the guard has been tested. */
  refusalOf(url: URL): Refusal | undefined | Promise<Refusal | undefined>;
  connect(connecting: Connecting): Socket | undefined;
  /** A socket waits for its next request, or has it. */
  idle(socket: Socket): void;
  used(socket: Socket): void;
  close(): void;
}

export interface EgressGuardOptions {
  readonly policy: EgressPolicy;
  /** Whether a guard holds in this runtime. Asked once, before the first request. */
  selfTest(): Promise<boolean>;
  /** It does not; nothing is sent to tenants. */
  onBroken(): void;
  /** For tests. */
  readonly servers?: readonly string[];
  readonly resolverBounds?: Partial<ResolverBounds>;
  readonly resolver?: Pick<Resolver, 'lookup' | 'close'> & Partial<Pick<Resolver, 'withdraw'>>;
}

export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const { policy } = options;
  const resolver =
    options.resolver ??
    createResolver({
      servers: options.servers,
      keep: keepOf(policy),
      ...(options.resolverBounds !== undefined && { bounds: options.resolverBounds }),
      ...(policy.isOpen && { elsewhere: createSystemLookup() }),
    });
  /** A policy that refuses nothing promises nothing that could be tested. */
  let holds: boolean | undefined = policy.isOpen ? true : undefined;
  let testing: Promise<boolean> | undefined;
  const test = async (): Promise<boolean> => {
    holds = await options.selfTest().catch(() => false);
    if (!holds) options.onBroken();
    return holds;
  };

  /** However it was configured: without the checks of that time, nothing else would be left of it for names. */
  const isRefused = (host: string): boolean =>
    policy.isSelf(host) || (isLiteral(host) && !policy.allowsAddress(host));
  const find: FindAddresses = (host, found) => {
    const answer: Answer = (addresses) => {
      if (addresses === undefined || addresses.length === 0) return found(new SendFailure('dns'));
      // One that is denied tells of an attempt to get in: then none of them is to be trusted.
      const isAllowed = addresses.every(({ address }) => policy.allowsAddress(address));
      found(isAllowed ? addresses : new SendFailure('blocked'));
    };
    resolver.lookup(host, answer);
    return () => resolver.withdraw?.(host, answer);
  };
  /** Under the open policy tenants are colleagues, whose collectors share a few addresses. */
  const sockets = createLimitedSockets(find);
  const limit = policy.isOpen ? undefined : createAddressLimit();
  const openChecked = (open: Connecting['open']): Connecting['open'] => {
    return (guarded) => {
      const socket = open(guarded);
      // First of all listeners: before the handshake begins, and before the request's bytes are handed over.
      socket.prependOnceListener('connect', () => {
        if (!policy.allowsAddress(socket.remoteAddress)) socket.destroy(new SendFailure('blocked'));
      });
      return socket;
    };
  };

  return {
    refusalOf(url) {
      if (isRefused(bare(url.hostname))) return 'blocked';
      if (holds === true) return undefined;
      if (holds === false) return 'egress_guard';
      return (testing ??= test()).then((isSound) => (isSound ? undefined : 'egress_guard'));
    },
    connect({ options: { host, port, socketPath }, open, done, isTrustedOrigin, pending }) {
      if (typeof host !== 'string' || (socketPath ?? '') !== '' || isRefused(bare(host))) {
        process.nextTick(done, new SendFailure('blocked'));
        return undefined;
      }
      if (policy.proxy !== undefined) {
        const tunnel = openTunnel(policy.proxy, `${bracketed(host)}:${port}`, (result) => {
          pending.delete(tunnel);
          if (result instanceof Error) return done(result);
          try {
            done(null, open({ socket: result }));
          } catch (error) {
            result.destroy();
            done(error as Error);
          }
        });
        pending.add(tunnel);
        return undefined;
      }
      const checked = openChecked(open);
      const limited = isTrustedOrigin ? undefined : limit;
      if (!isLiteral(host)) return sockets.openNamed(checked, limited);
      if (limited === undefined) return checked({});
      return sockets.openLiteral(bare(host), { open: checked, done, pending }, limited);
    },
    idle: sockets.idle,
    used: sockets.used,
    close: () => resolver.close(),
  };
}

function isLiteral(host: string): boolean {
  // Of what `URL` and Node's agents give, only addresses end in a number or hold a colon.
  return host.includes(':') || /(?:^|\.)\d+$/.test(host);
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host.replace(/\.+$/, '');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${bare(host)}]` : host;
}

/** A denied one is kept in place of all, so that however long the list is, it is seen. */
function keepOf(policy: EgressPolicy) {
  return (addresses: readonly LookupAddress[]): readonly LookupAddress[] => {
    const denied = addresses.find(({ address }) => !policy.allowsAddress(address));
    if (denied !== undefined) return [denied];
    const of = (family: number): readonly LookupAddress[] =>
      addresses.filter((item) => item.family === family).slice(0, MAX_ADDRESSES / 2);
    return [...of(4), ...of(6)];
  };
}
