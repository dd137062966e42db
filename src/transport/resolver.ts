/**
 * Looks up tenants' host names. Not with `dns.lookup`: that holds one of four threads for as long as the name server is
 * silent, and with two such tenants the gateway's own look-ups wait for ten seconds (measured). c-ares holds none.
 */
import { Resolver as CaresResolver, type LookupAddress } from 'node:dns';
import { FAILED_NAME_TTL_MS, NAME_SERVERS_LIFE_MS, RESOLVER_BOUNDS, type ResolverBounds } from './bounds.js';

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
  lookup(host: string, answer: (addresses: readonly LookupAddress[] | undefined) => void): void;
  close(): void;
  /** For tests. */
  readonly size: number;
}

interface Known {
  /** `undefined`: none was found. */
  readonly addresses: readonly LookupAddress[] | undefined;
  readonly untilMs: number;
}

type Answer = (addresses: readonly LookupAddress[] | undefined) => void;

interface Found {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

export function createResolver(options: ResolverOptions): Resolver {
  const bounds = { ...RESOLVER_BOUNDS, ...options.bounds };
  /** Least recently used first. What has expired still tells whether the name failed last time. */
  const known = new Map<string, Known>();
  /** One look-up per name, whoever waits for it. */
  const asked = new Map<string, Answer[]>();
  const waiting: { readonly sound: string[]; readonly failed: string[] } = { sound: [], failed: [] };
  let running = 0;
  let runningFailed = 0;
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

  const run = async (host: string, hasFailed: boolean): Promise<void> => {
    running++;
    if (hasFailed) runningFailed++;
    const found = await find(host).catch(() => undefined);
    running--;
    if (hasFailed) runningFailed--;
    const addresses = remember(host, found);
    const answers = asked.get(host) ?? [];
    asked.delete(host);
    for (const answer of answers) answer(addresses);
    startNext();
  };

  const startNext = (): void => {
    while (running < bounds.maxLookups) {
      const mayFail = runningFailed < bounds.maxLookups / 2;
      const host = waiting.sound.shift();
      const failed = host === undefined && mayFail ? waiting.failed.shift() : undefined;
      const next = host ?? failed;
      if (next === undefined) return;
      void run(next, failed !== undefined);
    }
  };

  return {
    lookup(host, answer) {
      const name = host.toLowerCase();
      const last = known.get(name);
      if (last !== undefined) {
        known.delete(name);
        known.set(name, last);
        if (performance.now() < last.untilMs) return process.nextTick(answer, last.addresses);
      }
      const others = asked.get(name);
      if (others !== undefined) return void others.push(answer);
      asked.set(name, [answer]);
      // A dead name holds its place for seconds. Those that were dead last time have half of the places.
      const hasFailed = last !== undefined && last.addresses === undefined;
      (hasFailed ? waiting.failed : waiting.sound).push(name);
      startNext();
    },
    close() {
      channel?.resolver.cancel();
      channel = undefined;
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
  if (records.length === 0) return undefined;
  const ttlMs = Math.min(...both.map((list) => 1_000 * Math.min(...list.map(({ ttl }) => ttl))));
  const addresses = records.map(({ address, family }) => ({ address, family }));
  return { addresses, ttlMs: Math.min(Math.max(ttlMs, bounds.minTtlMs), bounds.maxTtlMs) };
}

interface Ttl {
  readonly ttl: number;
}
