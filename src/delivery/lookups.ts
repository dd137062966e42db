/** Asks the host's lookup for tenants: with a deadline, few at once, again after a while, never throwing. */
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { ConfigurationError } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import {
  FIRST_LOOKUP_BACKOFF_MS,
  LOOKUP_TIMEOUT_MS,
  MAX_LOOKUP_BACKOFF_MS,
  MAX_LOOKUPS,
  NO_DESTINATION_TTL_MS,
} from './bounds.js';
import type { Scheduler } from './scheduler.js';
import type { Tenant } from './tenant.js';

export interface LookupOptions {
  readonly lookup: TenantLookup;
  readonly ttlMs: number;
  readonly scheduler: Scheduler;
  /** Checks an answer; throws when it is not a valid one. */
  resolve(
    answer: Destinations | undefined,
    before: readonly ResolvedDestination[],
  ): readonly ResolvedDestination[];
  monotonicMs(): number;
  report(diagnostic: Diagnostic): void;
  /** Told after each answer was put into force. */
  onAnswer(tenant: Tenant): void;
}

export interface Lookups {
  /** Asks now, unless it is being asked; resolves when there is an answer, or a failure. */
  ask(tenant: Tenant, byHand: boolean): Promise<void>;
}

/** A tenant's own field names are part of it. */
const MAX_OPTION_CHARS = 200;
const TIMED_OUT = Symbol('timed out');
const TOO_SLOW = new Error('too slow');

/** The host's own error may quote secrets, and an answer may hold one where it does not belong: neither is repeated. */
function whatFailed(error: unknown): string {
  if (error === TOO_SLOW) return `took more than ${LOOKUP_TIMEOUT_MS / 1000} s`;
  const option = optionAtFault(error);
  return option === undefined ? 'threw' : `gave an answer that is invalid at ${JSON.stringify(option)}`;
}

/** Whatever was thrown: looking at it may throw again. */
function optionAtFault(error: unknown): string | undefined {
  try {
    const { name, option } = error as ConfigurationError;
    return name === 'ConfigurationError' ? option.slice(0, MAX_OPTION_CHARS) : undefined;
  } catch {
    return undefined;
  }
}

export function createLookups(options: LookupOptions): Lookups {
  const { lookup, scheduler } = options;
  const underWay = new Map<Tenant, Promise<void>>();
  const queue: (() => void)[] = [];
  let running = 0;

  const takeSlot = async (): Promise<void> => {
    if (running >= MAX_LOOKUPS) await new Promise<void>((resolve) => queue.push(resolve));
    else running++;
  };
  /** A slot passes from hand to hand; only without a taker is it given back. */
  const giveSlot = (): void => {
    const next = queue.shift();
    if (next === undefined) running--;
    else next();
  };

  const withDeadline = async (tenantId: string): Promise<Destinations | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<typeof TIMED_OUT>((resolve) => {
      timer = setTimeout(() => resolve(TIMED_OUT), LOOKUP_TIMEOUT_MS).unref();
    });
    try {
      // Through a promise, so that a lookup that throws synchronously is a failed answer like any other.
      const answer = await Promise.race([Promise.resolve(tenantId).then(lookup), deadline]);
      if (answer === TIMED_OUT) throw TOO_SLOW;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  };

  const ask = async (tenant: Tenant, byHand: boolean): Promise<void> => {
    await takeSlot();
    // It may have waited for its turn for longer than the instance lived.
    if (tenant.isGone) return giveSlot();
    let answer: readonly ResolvedDestination[] | undefined;
    try {
      answer = options.resolve(await withDeadline(tenant.id), tenant.configured);
    } catch (error) {
      const after = tenant.isKnown ? 'the last good answer stays' : 'records wait, and it is asked again';
      const message = `The lookup of tenant ${JSON.stringify(tenant.id)} ${whatFailed(error)}; ${after}`;
      options.report({ code: 'tenant_lookup_failed', message, tenantId: tenant.id });
    } finally {
      giveSlot();
    }
    if (tenant.isGone) return;
    const now = options.monotonicMs();
    if (answer === undefined) {
      const backoff = Math.min(
        MAX_LOOKUP_BACKOFF_MS,
        FIRST_LOOKUP_BACKOFF_MS * 2 ** Math.min(10, tenant.failedLookups++),
      );
      tenant.askAgainAtMs = now + backoff;
      return;
    }
    tenant.failedLookups = 0;
    tenant.askAgainAtMs =
      now + (answer.length === 0 ? Math.min(NO_DESTINATION_TTL_MS, options.ttlMs) : options.ttlMs);
    // Code has spoken while the lookup was under way, and wins.
    if (tenant.overridden) return;
    tenant.set(answer, byHand);
    options.onAnswer(tenant);
  };

  return {
    ask(tenant, byHand) {
      const current = underWay.get(tenant);
      if (current !== undefined) return current;
      tenant.isAsking = true;
      const asking = scheduler
        .outside(() => ask(tenant, byHand))
        .finally(() => {
          tenant.isAsking = false;
          underWay.delete(tenant);
        });
      underWay.set(tenant, asking);
      return asking;
    },
  };
}
