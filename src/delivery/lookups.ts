/** Asks the host's lookup for tenants: with a deadline, few at once, again after a while, never throwing. */
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { ConfigurationError } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import {
  FIRST_LOOKUP_BACKOFF_MS,
  LOOKUP_TIMEOUT_MS,
  MAX_LOOKUP_BACKOFF_MS,
  NO_DESTINATION_TTL_MS,
  TTL_SPREAD,
} from './bounds.js';
import { LookupLines } from './lookup-lines.js';
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
  /** Told when there was none. */
  onFailure(tenant: Tenant): void;
}

export interface Lookups {
  /** As soon as it may, unless it is being asked. */
  ask(tenant: Tenant, byHand: boolean): void;
  /** Resolves when there is an answer, or a failure; at once where nothing is asked. */
  settled(tenant: Tenant): Promise<void>;
  /** The tenant is gone, and need not be asked for. */
  leave(tenant: Tenant): void;
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
  const { lookup, scheduler, ttlMs } = options;

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

  const answerFor = async (tenant: Tenant): Promise<readonly ResolvedDestination[] | undefined> => {
    try {
      return options.resolve(await withDeadline(tenant.id), tenant.configured);
    } catch (error) {
      const after = tenant.isKnown ? 'the last good answer stays' : 'records wait, and it is asked again';
      const message = `The lookup of tenant ${JSON.stringify(tenant.id)} ${whatFailed(error)}; ${after}`;
      options.report({ code: 'tenant_lookup_failed', message, tenantId: tenant.id });
      return undefined;
    }
  };

  const run = async (tenant: Tenant, byHand: boolean): Promise<void> => {
    const answer = await answerFor(tenant);
    if (tenant.isGone) return;
    const now = options.monotonicMs();
    if (answer === undefined) {
      const backoff = FIRST_LOOKUP_BACKOFF_MS * 2 ** Math.min(10, tenant.failedLookups++);
      tenant.askAgainAtMs = now + Math.min(MAX_LOOKUP_BACKOFF_MS, backoff);
      options.onFailure(tenant);
      return;
    }
    tenant.failedLookups = 0;
    const lifeMs = answer.length === 0 ? Math.min(NO_DESTINATION_TTL_MS, ttlMs) : ttlMs;
    // Spread, so that those who came together are not asked about together for ever.
    tenant.askAgainAtMs = now + lifeMs * (1 - Math.random() * TTL_SPREAD);
    // Code has spoken while the lookup was under way, and wins.
    if (tenant.overridden) return;
    tenant.set(answer, byHand);
    options.onAnswer(tenant);
  };

  const lines = new LookupLines((tenant, byHand) => scheduler.outside(() => run(tenant, byHand)));
  return {
    ask: (tenant, byHand) => lines.join(tenant, byHand),
    settled: (tenant) => lines.settled(tenant),
    leave: (tenant) => lines.leave(tenant),
  };
}
