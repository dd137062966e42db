/** Tenants' destinations as they change, and the judge of what arrives there: whose it is, and whether it came in time. */
import type { Arrival } from './collector.js';

/** What was replaced may still be on its way; after that it is stale. */
const MAX_STALE_MS = 1_000;
/** Of a clock that counts what this process had: on a busy machine a second may pass in which nothing could be sent. */
const TICK_MS = 10;
const RESOURCE = /resource<([^>]{1,128})>/g;
const MAX_COMPLAINTS = 20;

/** What one tenant's destination is now. */
export interface Current {
  readonly id: string;
  /** Counts its places; each has a path and a resource of its own. */
  readonly place: number;
  /** Counts its credentials, over all places. */
  readonly credential: number;
  readonly isRemoved: boolean;
}

export const resourceMark = ({ id, place }: Current): string => `resource<${id}.${place}>`;
export const credentialOf = ({ id, credential }: Current): string => `${id}.${credential}`;
export const pathOf = ({ id, place }: Current): string => `/${id}/${place}`;

export interface Canaries {
  /** What arrived where it does not belong. At most twenty; one is too many. */
  readonly foreign: readonly string[];
  /** What arrived where it did belong once, too late. */
  readonly stale: readonly string[];
  readonly arrivals: number;
  /** The longest that anything replaced was still used. */
  readonly longestMs: number;
  judge(arrival: Arrival): void;
  /** The library has this one now, in place of the other. */
  replaced(former: Current, current: Current): void;
  stop(): void;
}

interface Replaced {
  readonly tickMs: number;
  readonly epochMs: number;
}

/** `secret`: of the operator, which no tenant may see. Each record names its owner so many times. */
export function createCanaries(secret: string, marksPerRecord: number): Canaries {
  const foreign: string[] = [];
  const stale: string[] = [];
  /** By path, and by credential. */
  const replaced = new Map<string, Replaced>();
  let arrivals = 0;
  let longestMs = 0;
  let nowMs = 0;
  const clock = setInterval(() => (nowMs += TICK_MS), TICK_MS);
  const complain = (list: string[], text: string): void => {
    if (list.length < MAX_COMPLAINTS) list.push(text);
  };

  /** A reading may have the tenant's own losses alone, which name nobody. */
  const isOwn = (id: string, place: string, arrival: Arrival): boolean => {
    const { signal, owners, ownerMarks, marks, authorization, text } = arrival;
    const resources = new Set(Array.from(text.matchAll(RESOURCE), ([, resource]) => resource));
    return (
      owners.every((owner) => owner === id) &&
      (signal !== 'logs' || (marks.length > 0 && ownerMarks === marks.length * marksPerRecord)) &&
      authorization.startsWith(`${id}.`) &&
      resources.size === 1 &&
      resources.has(`${id}.${place}`) &&
      !text.includes(secret)
    );
  };

  return {
    foreign,
    stale,
    get arrivals() {
      return arrivals;
    },
    get longestMs() {
      return longestMs;
    },
    judge(arrival) {
      arrivals++;
      const { path, authorization, owners, atMs, delaysMs } = arrival;
      const [, id = '', place = ''] = path.split('/');
      if (!isOwn(id, place, arrival)) complain(foreign, `${path} ${authorization} ${owners.join(' ')}`);
      const formerPlace = replaced.get(`/${id}/${place}`);
      for (const former of [formerPlace, replaced.get(authorization)]) {
        if (former === undefined) continue;
        const usedForMs = nowMs - former.tickMs;
        longestMs = Math.max(longestMs, usedForMs);
        if (usedForMs > MAX_STALE_MS) complain(stale, `${path} ${authorization} after ${usedForMs} ms`);
      }
      if (formerPlace === undefined) return;
      const newest = delaysMs.reduce((last, delayMs) => Math.max(last, atMs - delayMs), 0);
      if (newest > formerPlace.epochMs) complain(stale, `${path} has a record of after its time`);
    },
    replaced(former, current) {
      const now = { tickMs: nowMs, epochMs: Date.now() };
      replaced.set(credentialOf(former), now);
      if (current.place !== former.place || current.isRemoved) replaced.set(pathOf(former), now);
    },
    stop: () => clearInterval(clock),
  };
}
