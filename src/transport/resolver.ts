/**
 * Looks up tenants' host names. Not with `dns.lookup`: that holds one of four threads for as long as the name server is
 * silent, and with two such tenants the gateway's own look-ups wait for ten seconds (measured). c-ares holds none.
 */
import { Resolver as CaresResolver, type LookupAddress } from 'node:dns';
import {
  FAILED_NAME_TTL_MS,
  MAX_RECORDS,
  NAME_SERVERS_LIFE_MS,
  RESOLVER_BOUNDS,
  type ResolverBounds,
} from './bounds.js';

export interface ResolverOptions {
  readonly bounds?: Partial<ResolverBounds>;
  /** Instead of the system's. */
  readonly servers?: readonly string[] | undefined;
  /** What is kept of an answer: at most as many addresses as a cache should hold. */
  keep(addresses: readonly LookupAddress[]): readonly LookupAddress[];
  /** Asked where DNS knows no such name; `undefined` when it does not know one either. */
  readonly elsewhere?: ((host: string) => Promise<readonly LookupAddress[] | undefined>) | undefined;
}

export interface Resolver {
  /** Answers once, never synchronously. `undefined`: there is no address. */
  lookup(host: string, answer: Answer): void;
  /** Whoever asked so waits no more. A name that nobody waits for gets no turn. */
  withdraw(host: string, answer: Answer): void;
  /** What is asked is answered at once, and so is what is asked from then on. */
  close(): void;
  /** For tests. */
  readonly size: number;
}

interface Known {
  /** `undefined`: none was found. */
  readonly addresses: readonly LookupAddress[] | undefined;
  readonly untilMs: number;
}

export type Answer = (addresses: readonly LookupAddress[] | undefined) => void;

/** What became of a name when it was looked up last: `unknown` where nobody remembers. */
type Standing = 'sound' | 'unknown' | 'failed';

/** Of all that are looked up at a time. */
const MAX_SHARE_OF_FAILED = 0.5;
/** With those that nobody remembers. */
const MAX_SHARE_OF_UNSURE = 0.75;

interface Found {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

export function createResolver(options: ResolverOptions): Resolver {
  const bounds = { ...RESOLVER_BOUNDS, ...options.bounds };
  /** Least recently used first. What has expired still tells whether the name failed last time. */
  const known = new Map<string, Known>();
  /** One look-up per name, whoever waits for it. */
  const asked = new Map<string, Set<Answer>>();
  /** Names in line, by what became of them last time. */
  const waiting = { sound: new Set<string>(), unknown: new Set<string>(), failed: new Set<string>() };
  const running = { sound: 0, unknown: 0, failed: 0 };
  let isClosed = false;
  let channel: { readonly resolver: CaresResolver; readonly bornMs: number } | undefined;

  /** The system's list of name servers is read when one is made, so a new one notices a change. */
  const current = (): CaresResolver => {
    if (channel !== undefined && performance.now() - channel.bornMs < NAME_SERVERS_LIFE_MS)
      return channel.resolver;
    const resolver = new CaresResolver({ timeout: bounds.timeoutMs, tries: bounds.tries });
    if (options.servers !== undefined) resolver.setServers(options.servers);
    channel = { resolver, bornMs: performance.now() };
    return resolver;
  };

  const remember = (host: string, found: Found | undefined): readonly LookupAddress[] | undefined => {
    const ttlMs = found?.ttlMs ?? FAILED_NAME_TTL_MS;
    const addresses = found && options.keep(found.addresses);
    known.delete(host);
    known.set(host, { addresses, untilMs: performance.now() + ttlMs });
    if (known.size > bounds.maxNames) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    return addresses;
  };

  const find = async (host: string): Promise<Found | undefined> => {
    const { elsewhere } = options;
    // A name without a dot is no name of DNS.
    const isDnsName = elsewhere === undefined || host.includes('.');
    const found = isDnsName ? await ask(current(), host, bounds) : undefined;
    if (found !== undefined || elsewhere === undefined) return found;
    const addresses = await elsewhere(host);
    return addresses && { addresses, ttlMs: bounds.minTtlMs };
  };

  const run = async (host: string, standing: Standing): Promise<void> => {
    running[standing]++;
    const found = await find(host).catch(() => undefined);
    running[standing]--;
    if (isClosed) return;
    answerAll(host, remember(host, found));
    startNext();
  };

  const answerAll = (host: string, addresses: readonly LookupAddress[] | undefined): void => {
    const answers = asked.get(host) ?? [];
    asked.delete(host);
    for (const answer of answers) answer(addresses);
  };

  /**
   * A dead name holds its place for seconds, and whoever has a domain has as many of them as they like, each of them new. So
   * names that had an address are never kept waiting by those that had none, nor these two by those that are known to be dead.
   */
  const startNext = (): void => {
    for (;;) {
      const { sound, unknown, failed } = running;
      if (sound + unknown + failed >= bounds.maxLookups) return;
      const mayBeUnknown = unknown + failed < bounds.maxLookups * MAX_SHARE_OF_UNSURE;
      const mayHaveFailed = mayBeUnknown && failed < bounds.maxLookups * MAX_SHARE_OF_FAILED;
      const next =
        firstOf('sound') ??
        (mayBeUnknown ? firstOf('unknown') : undefined) ??
        (mayHaveFailed ? firstOf('failed') : undefined);
      if (next === undefined) return;
      const [host, standing] = next;
      waiting[standing].delete(host);
      void run(host, standing);
    }
  };
  const firstOf = (standing: Standing): readonly [string, Standing] | undefined => {
    const [host] = waiting[standing];
    return host === undefined ? undefined : [host, standing];
  };

  return {
    lookup(host, answer) {
      const name = host.toLowerCase();
      const last = known.get(name);
      if (last !== undefined) {
        known.delete(name);
        known.set(name, last);
      }
      if (isClosed) return process.nextTick(answer, undefined);
      if (last !== undefined && performance.now() < last.untilMs)
        return process.nextTick(answer, last.addresses);
      const others = asked.get(name);
      if (others !== undefined) return void others.add(answer);
      asked.set(name, new Set([answer]));
      const standing = last === undefined ? 'unknown' : last.addresses === undefined ? 'failed' : 'sound';
      waiting[standing].add(name);
      startNext();
    },
    withdraw(host, answer) {
      const name = host.toLowerCase();
      const answers = asked.get(name);
      answers?.delete(answer);
      // What runs goes on: its answer will serve the next one who asks.
      if (answers?.size === 0 && Object.values(waiting).some((line) => line.delete(name))) asked.delete(name);
    },
    close() {
      isClosed = true;
      channel?.resolver.cancel();
      channel = undefined;
      for (const name of [...asked.keys()]) process.nextTick(answerAll, name, undefined);
      for (const line of Object.values(waiting)) line.clear();
    },
    get size() {
      return known.size;
    },
  };
}

/** Both families at once; one of them is enough. */
async function ask(
  resolver: CaresResolver,
  host: string,
  bounds: ResolverBounds,
): Promise<Found | undefined> {
  const question = (
    type: 'resolve4' | 'resolve6',
    family: 4 | 6,
  ): Promise<readonly (LookupAddress & Ttl)[]> =>
    new Promise((resolve) => {
      resolver[type](host, { ttl: true }, (error, records) => {
        resolve(error === null ? records.map(({ address, ttl }) => ({ address, family, ttl })) : []);
      });
    });
  const both = await Promise.all([question('resolve4', 4), question('resolve6', 6)]);
  const records = both.flat();
  // Nobody has so many; judging 64 KiB of them would hold up the event loop.
  if (records.length === 0 || records.length > MAX_RECORDS) return undefined;
  const ttlMs = Math.min(...both.map((list) => 1_000 * Math.min(...list.map(({ ttl }) => ttl))));
  const addresses = records.map(({ address, family }) => ({ address, family }));
  return { addresses, ttlMs: Math.min(Math.max(ttlMs, bounds.minTtlMs), bounds.maxTtlMs) };
}

interface Ttl {
  readonly ttl: number;
}
