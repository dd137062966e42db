/**
 * The hosts file and search domains, for gateways whose tenants are colleagues. One name at a time: one thread of the pool
 * may be stuck, a second one would stop the gateway's own look-ups.
 */
import { promises, type LookupAddress } from 'node:dns';
import { SYSTEM_LOOKUP_WAIT_MS } from './bounds.js';

export type SystemLookup = (host: string) => Promise<readonly LookupAddress[] | undefined>;

const ask = (host: string): Promise<readonly LookupAddress[]> => promises.lookup(host, { all: true });

/** Answers `undefined` for a name that has none, and for one whose turn does not come in time. Never rejects. */
export function createSystemLookup(lookup: typeof ask = ask): SystemLookup {
  const waiting = new Set<() => void>();
  let isBusy = false;

  const turn = (): Promise<boolean> => {
    if (!isBusy) return Promise.resolve((isBusy = true));
    return new Promise((resolve) => {
      const settle = (isOurs: boolean): void => {
        clearTimeout(timer);
        waiting.delete(called);
        resolve(isOurs);
      };
      const called = (): void => settle(true);
      // Behind names that nobody knows, this one would keep its place among all names' for as long as they do.
      const timer = setTimeout(() => settle(false), SYSTEM_LOOKUP_WAIT_MS).unref();
      waiting.add(called);
    });
  };
  const next = (): void => {
    const [first] = waiting;
    isBusy = first !== undefined;
    first?.();
  };

  return async (host) => {
    if (!(await turn())) return undefined;
    const found = await lookup(host).catch(() => undefined);
    next();
    return found;
  };
}
